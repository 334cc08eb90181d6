"""Trusted time: RFC 3161 tokens over checkpoints, and our own clock held against them."""
