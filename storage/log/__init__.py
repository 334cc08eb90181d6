"""A tenant's receipts as a Merkle log, published as static files."""
