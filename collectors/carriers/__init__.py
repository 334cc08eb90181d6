"""One file a carrier."""
