"""Buttons of the answer to a lookup: *Previous*, *Next*, *Another*, *Open*, *Back*, *Share*."""

import structlog

from bot.slack.blocks.lookup import (
    AGAIN,
    BACK,
    NEXT,
    OPEN,
    PREVIOUS,
    SHARE,
    shared_results,
)
from bot.slack.blocks.text import Replacement, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.actions.unknown import OLD_BUTTON
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.lookup_answers import details_of, lookup_answer, lookup_message
from bot.slack.lookup_request import read_value
from bot.slack.payloads import Click
from bot.slack.response_url import post_response

_NOT_SHARED = "Slack did not take the message. Ask again with `/papers`, then share that."

_log = structlog.get_logger()


def turn_page(context: ListenerContext, click: Click) -> Reply:
    """*Previous*, *Next*, *Another*, *Open*, *Back*: the private message changes in place."""
    request = read_value(click.value)
    return Replacement(lookup_message(context, request) if request else text_message(OLD_BUTTON))


def share(context: ListenerContext, click: Click) -> Reply:
    """*Share*: post the shown page for everybody in the channel."""
    request, lookup = read_value(click.value), context.lookup.current()
    answer = lookup_answer(lookup, request, context.rng, context.now().date()) if request else None
    if answer is None or not answer.results:
        return text_message(OLD_BUTTON)
    context.activity.spend("share", click.user, context.now())
    message = shared_results(lookup.catalog, answer, click.user, details_of(lookup, answer))
    problem = post_response(click.response_url, message, in_channel=True)
    if problem is None:
        return None
    _log.warning("not shared", reason=problem)
    return text_message(_NOT_SHARED)


LISTENERS = (
    *(
        ClickListener(action_id=action, handler=turn_page, timing=Timing.AT_ONCE)
        for action in (PREVIOUS, NEXT, AGAIN, OPEN, BACK)
    ),
    ClickListener(action_id=SHARE, handler=share, timing=Timing.LATER),
)
