"""Verbs that look papers up: a search, `recent`, `random`, `cite`."""

from bot.slack.blocks.citation_message import citation_message
from bot.slack.blocks.text import SlackMessage, text_message
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


def cite(context: ListenerContext, _command: Command, words: str) -> SlackMessage | None:
    """`/papers cite QUERY`: BibTeX of the papers that a lookup finds."""
    if not words:
        return None
    lookup = context.lookup.current()
    answer = lookup.command(words, context.rng, context.now().date())
    if not answer.results:
        return text_message(answer.message)
    return citation_message(lookup.catalog, answer)
