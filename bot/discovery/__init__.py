"""Finding papers: feeds, which papers belong (relevance), and in which section (placement)."""
