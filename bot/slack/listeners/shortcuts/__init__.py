"""Shortcuts in the menus of messages."""

from bot.slack.listeners.shortcuts import suggest

LISTENERS = suggest.LISTENERS
