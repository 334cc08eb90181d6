"""Local stand-ins of carriers: the documented shapes, written by us, and faults on demand."""

# Where it plays unless told otherwise.
PORT = 8322
