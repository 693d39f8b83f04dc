"""Outbox: every message that the bot posts on its own, as a row with a unique key."""
