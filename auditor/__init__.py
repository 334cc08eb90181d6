"""Checks a bundle offline, trusting nobody."""
