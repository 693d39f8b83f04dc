"""Verbs that look papers up: a search, `recent`, `random`."""

from bot.slack.blocks.text import SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.lookup_answers import lookup_message
from bot.slack.lookup_request import LookupRequest
from bot.slack.payloads import Command


def search(context: ListenerContext, _command: Command, words: str) -> SlackMessage:
    """Search the list."""
    return lookup_message(context, LookupRequest("search", words))


def recent(context: ListenerContext, _command: Command, words: str) -> SlackMessage:
    """`/papers recent [SECTION OR FILTERS]`: the latest additions."""
    return lookup_message(context, LookupRequest("recent", words))


def random(context: ListenerContext, _command: Command, words: str) -> SlackMessage:
    """`/papers random [SECTION]`: a random paper."""
    return lookup_message(context, LookupRequest("random", words))
