"""How long evidence stays, what holds it, and how it is erased."""
