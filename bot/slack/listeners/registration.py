"""Registration of all listeners."""

from slack_bolt import App

from bot.slack.context import ListenerContext
from bot.slack.listeners import actions, errors, shortcuts, views
from bot.slack.listeners.commands import papers


def register(app: App, context: ListenerContext) -> None:
    """Register every listener on the app."""
    for kind in (papers, actions, views, shortcuts):
        kind.register(app, context)
    errors.register(app)
