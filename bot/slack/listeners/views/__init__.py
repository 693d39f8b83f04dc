"""Forms that people send."""

from slack_bolt import App

from bot.slack.context import ListenerContext
from bot.slack.listeners.views import review, subscriptions, suggest


def register(app: App, context: ListenerContext) -> None:
    """Register the listeners."""
    review.register(app, context)
    suggest.register(app, context)
    subscriptions.register(app, context)
