"""Buttons below the answer to a lookup: *Previous*, *Next*, *Another*, *Share*."""

from http import HTTPStatus

import structlog
from slack_bolt import App
from slack_sdk.webhook import WebhookClient

from bot.slack.blocks.lookup import AGAIN, NEXT, PREVIOUS, SHARE, shared_results
from bot.slack.blocks.text import Replacement, SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.actions.unknown import OLD_BUTTON
from bot.slack.listeners.adapters import Reply, on_click
from bot.slack.lookup_answers import lookup_answer, lookup_message
from bot.slack.lookup_request import read_value
from bot.slack.payloads import Click

_NOT_SHARED = "Slack did not take the message. Ask again with `/papers`, then share that."

_log = structlog.get_logger()


def register(app: App, context: ListenerContext) -> None:
    """Register the buttons."""
    for action in (PREVIOUS, NEXT, AGAIN):
        on_click(app, context, action, turn_page)
    on_click(app, context, SHARE, share)


def turn_page(context: ListenerContext, click: Click) -> Reply:
    """*Previous*, *Next*, *Another*: the private message changes in place."""
    request = read_value(click.value)
    return Replacement(lookup_message(context, request) if request else text_message(OLD_BUTTON))


def share(context: ListenerContext, click: Click) -> Reply:
    """*Share*: post the shown page for everybody in the channel."""
    request, lookup = read_value(click.value), context.lookup.current()
    answer = lookup_answer(lookup, request, context.rng) if request else None
    if answer is None or not answer.results:
        return text_message(OLD_BUTTON)
    context.activity.spend("share", click.user, context.now())
    problem = _post(click, shared_results(lookup.catalog, answer, click.user))
    if problem is None:
        return None
    _log.warning("not shared", reason=problem)
    return text_message(_NOT_SHARED)


def _post(click: Click, message: SlackMessage) -> str | None:
    """Post a message by `response_url`, for which the bot need not be a member; the problem.

    It is sent once: repeated after a lost connection, it could be posted twice.
    """
    try:
        response = WebhookClient(click.response_url, retry_handlers=[]).send(
            text=message.text,
            blocks=message.blocks,
            response_type="in_channel",
            replace_original=False,
        )
    except OSError as error:
        return str(error)
    if response.status_code == HTTPStatus.OK:
        return None
    return f"{response.status_code} {response.body[:100]}"
