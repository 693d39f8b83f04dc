"""An accepted paper becomes a change of files: in data/, in git, on GitHub."""
