"""An accepted paper becomes a diff: YAML, Markdown, git, GitHub."""
