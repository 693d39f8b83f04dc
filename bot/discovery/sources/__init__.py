"""Sources of papers, a folder each."""
