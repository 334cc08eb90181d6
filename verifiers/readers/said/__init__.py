"""What lines of text say: moments and what happened at them, numbers, marks, places."""
