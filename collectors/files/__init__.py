"""Folders of files, and the only door into them."""
