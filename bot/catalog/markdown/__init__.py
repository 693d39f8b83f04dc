"""Awesome-list Markdown: parsed into entries, exported, and edited one line at a time."""
