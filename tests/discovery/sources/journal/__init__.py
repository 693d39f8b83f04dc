"""A second source, in one folder: a journal's RSS feed, recorded, without arXiv ids."""
