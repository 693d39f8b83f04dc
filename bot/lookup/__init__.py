"""What a person typed becomes ranked entries of the list."""
