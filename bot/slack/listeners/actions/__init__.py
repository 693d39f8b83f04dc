"""Clicks on buttons."""

from slack_bolt import App

from bot.slack.context import ListenerContext
from bot.slack.listeners.actions import lookup, review, subscriptions, suggest, unknown


def register(app: App, context: ListenerContext) -> None:
    """Register the listeners."""
    review.register(app, context)
    suggest.register(app, context)
    subscriptions.register(app, context)
    lookup.register(app, context)
    unknown.register(app, context)  # the last one: it takes every click
