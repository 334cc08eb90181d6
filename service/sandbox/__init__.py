"""Local stand-ins of carriers: the documented shapes, written by us, and faults on demand."""
