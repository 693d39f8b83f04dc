"""Performance figures, printed and never asserted: `python -m tests.bench [lookups|http|…]`."""
