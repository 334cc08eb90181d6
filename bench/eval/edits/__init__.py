"""Alterations, one file a class: each says how it was made and where, so that it can be scored."""
