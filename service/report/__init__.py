"""Reports for people, rendered from what is sealed: PDF/A with a proof for every claim."""
