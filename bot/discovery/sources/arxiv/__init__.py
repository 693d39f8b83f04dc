"""arXiv as a source: its RSS feeds, its API and its announcement calendar."""
