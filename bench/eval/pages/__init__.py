"""Pages: a story in, HTML out. One file a family; every fact a page prints is noted by its View."""
