"""The agenda: what is fetched before it expires, and who is told before a deadline."""
