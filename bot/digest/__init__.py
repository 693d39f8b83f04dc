"""Subscriptions of channels: which edition is due, what it says, and that it is said once."""
