"""Forms that people send."""

from bot.slack.listeners.views import review, subscriptions, suggest

LISTENERS = (*review.LISTENERS, *suggest.LISTENERS, *subscriptions.LISTENERS)
