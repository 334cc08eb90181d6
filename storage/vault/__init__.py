"""Keys: what signs, what wraps other keys, and what look-ups are hashed with."""
