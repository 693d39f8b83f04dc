"""Ranking of papers: their relevance to the list, their sections, and the reasons for both."""
