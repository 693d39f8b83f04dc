"""Buttons of subscriptions: *Edit*, *Unsubscribe*, *Let me in*."""

import structlog

from bot.slack.api_errors import CALL_FAILURES, TRANSIENT, UNREACHABLE, count, failure_code
from bot.slack.blocks.subscriptions import (
    EDIT,
    END,
    JOIN,
    subscription_form,
)
from bot.slack.blocks.text import text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.payloads import Click

_CANNOT_JOIN = "Slack does not let me join by myself. Type `/invite @papers` here to invite me."
_NOT_YET_JOINED = "Slack did not let me in in time. Please press the button again in a minute."

_log = structlog.get_logger()


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
        context.clients.interactive.conversations_join(channel=click.channel)
    except CALL_FAILURES as error:
        count(error)
        code = failure_code(error)
        _log.warning("could not join", channel=click.channel, reason=code)
        is_slow = code in {UNREACHABLE, *TRANSIENT}
        return text_message(_NOT_YET_JOINED if is_slow else _CANNOT_JOIN)
    return text_message("I am in. Editions come here as promised.")


LISTENERS = (
    ClickListener(action_id=EDIT, handler=open_edit, timing=Timing.LATER),
    ClickListener(action_id=END, handler=end, timing=Timing.AT_ONCE),
    ClickListener(action_id=JOIN, handler=join, timing=Timing.LATER),
)
