"""Publishing targets: files, git commits, GitHub pull requests."""
