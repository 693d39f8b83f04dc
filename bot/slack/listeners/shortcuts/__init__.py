"""Shortcuts in the menus of messages."""

from slack_bolt import App

from bot.slack.context import ListenerContext
from bot.slack.listeners.shortcuts import suggest


def register(app: App, context: ListenerContext) -> None:
    """Register the listeners."""
    suggest.register(app, context)
