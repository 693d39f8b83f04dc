"""arXiv: its RSS feeds, its API and its announcement calendar."""
