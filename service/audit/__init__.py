"""Looking again: over this service's own storage, and at what a bundle says."""
