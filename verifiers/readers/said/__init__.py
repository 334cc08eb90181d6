"""What lines of text say: moments and what happened at them, numbers, marks, places."""

# Raised when lines say more, or otherwise, to any reader.
VERSION = 46
