"""Discovery of papers: sources, freshness of feeds, relevance and section of each paper."""
