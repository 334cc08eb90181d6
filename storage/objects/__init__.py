"""Bytes as received: encrypted while they stream, written once, kept under their digest."""
