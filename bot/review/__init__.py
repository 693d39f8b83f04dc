"""Suggestions: their states, who may decide, what was decided, and what the list is to become."""
