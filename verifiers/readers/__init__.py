"""Documents, pages and pictures to facts, each with the place it stood."""
