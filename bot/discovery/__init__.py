"""Finding papers: arXiv's feeds and API, how fresh they are, which papers belong, and where."""
