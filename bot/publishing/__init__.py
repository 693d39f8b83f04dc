"""Publishing: decisions become changes of YAML and Markdown, git commits, pull requests."""
