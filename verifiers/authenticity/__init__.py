"""Was an item altered? Traces in its bytes, and contradictions in what it says."""
