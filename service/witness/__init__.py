"""Witnesses: running one (server.py), and asking others (client.py)."""
