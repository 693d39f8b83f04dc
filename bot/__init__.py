"""papers: a Slack bot that keeps a curated list of research papers alive."""
