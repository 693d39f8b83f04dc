"""Finding papers: feeds, freshness, relevance, placement; what comes out are candidates."""
