"""Digests: subscriptions of channels, the editions that are due, and their messages."""
