"""Buttons of subscriptions: *Edit*, *Unsubscribe*, *Let me in*."""

import structlog
from slack_bolt import App
from slack_sdk.errors import SlackApiError

from bot.slack.api_errors import error_code
from bot.slack.blocks.subscriptions import (
    EDIT,
    END,
    JOIN,
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
    context.check_writer(click.user)
    return subscription_form(context.subscription(click.number, click.channel))


def end(context: ListenerContext, click: Click) -> Reply:
    """*Unsubscribe*."""
    context.check_writer(click.user)
    channel = click.channel
    number = context.subscription(click.number, channel).id
    return text_message(context.subscriptions.end(number, channel, click.user, context.now()))


def join(context: ListenerContext, click: Click) -> Reply:
    """*Let me in*: join the public channel in which the button was pressed."""
    context.check_writer(click.user)
    try:
        context.clients.repeatable.conversations_join(channel=click.channel)
    except SlackApiError as error:
        _log.warning("could not join", channel=click.channel, reason=error_code(error))
        return text_message(_CANNOT_JOIN)
    return text_message("I am in. Editions come here as promised.")
