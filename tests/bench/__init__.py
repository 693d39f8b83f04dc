"""Figures, never asserted: `python -m tests.bench [lookups|http|start …]` prints them."""
