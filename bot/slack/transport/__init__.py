"""Transports for requests from Slack: signed HTTP and Socket Mode."""
