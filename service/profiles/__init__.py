"""Bundles in the form that a platform takes, or a list of why there is none."""
