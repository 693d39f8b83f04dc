"""`/papers`: routes the words to a verb, and answers at once or later."""

import time
from collections.abc import Callable
from functools import partial

import structlog

from bot.counters import COMMAND_SECONDS, COMMANDS
from bot.errors import PapersError
from bot.slack.blocks.text import Replacement, SlackMessage, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import Adapters
from bot.slack.listeners.declaration import Reply
from bot.slack.payloads import Command
from bot.slack.verbs import Verb, route

COMMAND = "/papers"

_log = structlog.get_logger()


def register(adapters: Adapters, context: ListenerContext) -> None:
    """Register the command."""
    adapters.on_command(COMMAND, partial(answer_command, context))


def answer_command(
    context: ListenerContext, command: Command
) -> SlackMessage | Callable[[], Reply]:
    """Answer a command at once, or return the work that makes its reply."""
    verb, words = route(command.text)
    COMMANDS.labels(verb.name).inc()
    _log.info("command", verb=verb.name)
    if not verb.is_answered_at_once(words):
        return partial(_timed_reply, time.monotonic(), context, command, verb, words)
    with COMMAND_SECONDS.labels(verb.name).time():
        return answer(context, command, verb, words)


def answer(context: ListenerContext, command: Command, verb: Verb, words: str) -> SlackMessage:
    """Answer a command whose verb is answered at once."""
    try:
        reply = reply_to(context, command, verb, words)
    except PapersError as error:
        return text_message(str(error))
    if isinstance(reply, Replacement):
        return reply.message
    if isinstance(reply, SlackMessage):
        return reply
    raise TypeError(f"{verb.name} opens a form, so it has to be answered later")


def _timed_reply(
    began: float, context: ListenerContext, command: Command, verb: Verb, words: str
) -> Reply:
    try:
        return reply_to(context, command, verb, words)
    finally:
        COMMAND_SECONDS.labels(verb.name).observe(time.monotonic() - began)


def reply_to(context: ListenerContext, command: Command, verb: Verb, words: str) -> Reply:
    """Make the reply to a command that was routed to a verb."""
    if verb.handler is None:
        return text_message(
            f"“{verb.name}” is not there yet. `/papers help` shows what is; "
            f'to look the word up, put it in quotes: /papers "{verb.name}".'
        )
    if verb.needs_words and not words:
        return mrkdwn_message(verb.usage)
    return verb.handler(context, command, words) or mrkdwn_message(verb.usage)
