"""How fast and how big, measured here: `make bench`."""
