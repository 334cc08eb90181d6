"""Copies of items, made or taken, each tied to its original."""
