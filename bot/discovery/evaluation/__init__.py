"""Relevance figures on a recording of past announcements."""
