"""Items are read, and shown, in processes with limits."""
