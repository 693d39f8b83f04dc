"""Buttons of subscriptions: *Edit*, *Unsubscribe*, *Let me in*."""

import structlog
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from bot.digest.model import Subscription
from bot.slack.api_errors import error_code
from bot.slack.blocks.subscriptions import (
    EDIT,
    ELSEWHERE,
    END,
    JOIN,
    ended_message,
    subscription_form,
)
from bot.slack.blocks.text import text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import Reply, on_click
from bot.slack.payloads import Click

_CANNOT_JOIN = "Slack does not let me join by myself. Type `/invite @papers` here to invite me."

_log = structlog.get_logger()


def register(app: App, context: ListenerContext) -> None:
    """Register the buttons."""
    on_click(app, context, EDIT, open_edit)
    on_click(app, context, END, end)
    on_click(app, context, JOIN, join)


def open_edit(context: ListenerContext, click: Click) -> Reply:
    """*Edit*: open the form of a subscription."""
    subscription = _subscription(context, click)
    return subscription_form(subscription) if subscription else text_message(ELSEWHERE)


def end(context: ListenerContext, click: Click) -> Reply:
    """*Unsubscribe*."""
    subscription = _subscription(context, click)
    if subscription is None:
        return text_message(ELSEWHERE)
    return ended_message(
        context.subscriptions.end(subscription.id, click.channel, click.user, context.now())
    )


def join(context: ListenerContext, click: Click) -> Reply:
    """*Let me in*: join the public channel in which the button was pressed."""
    try:
        context.clients.repeatable.conversations_join(channel=click.channel)
    except SlackApiError as error:
        _log.warning("could not join", channel=click.channel, reason=error_code(error))
        return text_message(_CANNOT_JOIN)
    return text_message("I am in. Editions come here as promised.")


def _subscription(context: ListenerContext, click: Click) -> Subscription | None:
    """The subscription of a button, if it belongs to the channel of the click."""
    subscription = None if click.number is None else context.subscriptions.get(click.number)
    is_here = subscription is not None and subscription.channel == click.channel
    return subscription if is_here else None
