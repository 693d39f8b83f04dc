"""Values to Block Kit. Pure."""
