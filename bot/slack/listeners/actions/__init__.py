"""Clicks on buttons."""

from bot.slack.listeners.actions import (
    form_offer,
    lookup,
    review,
    subscriptions,
    suggest,
    unknown,
)

LISTENERS = (
    *review.LISTENERS,
    *suggest.LISTENERS,
    *subscriptions.LISTENERS,
    *lookup.LISTENERS,
    *form_offer.LISTENERS,
    *unknown.LISTENERS,  # the last one: it takes every click
)
