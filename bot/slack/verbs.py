"""The verbs of `/papers`: one row each, read by routing, `/papers help` and the tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from bot.slack.blocks.lookup import help_message
from bot.slack.blocks.text import SlackMessage
from bot.slack.context import ListenerContext
from bot.slack.listeners.commands import lookup, review, subscriptions, suggest
from bot.slack.listeners.declaration import Reply, Timing
from bot.slack.payloads import Command

Handler: TypeAlias = Callable[[ListenerContext, Command, str], Reply]
"""Answers a command, given the words after its verb; None if it cannot make sense of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A verb of `/papers`, and how it is answered and explained."""

    name: str
    timing: Timing
    handler: Handler | None = None
    """None: the name is reserved for a later version."""
    help: str | None = None
    """Its line in `/papers help`, if it has one."""
    usage: str = ""
    """Its usage, in mrkdwn; the answer when the handler cannot make sense of the words."""
    needs_words: bool = False
    """Whether the verb alone is answered with its usage."""

    def is_answered_at_once(self, words: str) -> bool:
        """Tell whether the verb with these words is answered without asking anybody."""
        return self.timing is Timing.AT_ONCE or (self.needs_words and not words)


def answer_help(context: ListenerContext, _command: Command, _words: str) -> SlackMessage:
    """`/papers help`."""
    lines = ((verb.name, verb.help) for verb in VERBS.values() if verb.help)
    return help_message(context.catalog, lines)


SEARCH = Verb(name="search", timing=Timing.AT_ONCE, handler=lookup.search)
"""The verb of texts that begin with none."""

_HELP = Verb(name="help", timing=Timing.AT_ONCE, handler=answer_help, help="what you can ask")
VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        _HELP,
        Verb(
            name="recent",
            timing=Timing.AT_ONCE,
            handler=lookup.recent,
            help="the latest additions, of a section if you name one",
        ),
        Verb(
            name="random",
            timing=Timing.AT_ONCE,
            handler=lookup.random,
            help="a paper by chance, of a section if you name one",
        ),
        Verb(
            name="cite",
            timing=Timing.AT_ONCE,
            handler=lookup.cite,
            help="BibTeX of a paper: `cite vllm`",
            usage="Name a paper: `/papers cite vllm`.",
        ),
        Verb(
            name="suggest",
            timing=Timing.LATER,
            handler=suggest.suggest,
            help="a paper for the list: its link, then its section and why, if you like",
            usage=suggest.USAGE,
            needs_words=True,
        ),
        Verb(
            name="pending",
            timing=Timing.AT_ONCE,
            handler=review.pending,
            help="what waits for review",
        ),
        Verb(
            name="history",
            timing=Timing.AT_ONCE,
            handler=review.history,
            help="what happened to a suggestion, by its number",
            usage="Name a suggestion by its number: `/papers history 12`. "
            "`/papers pending` shows them.",
            needs_words=True,
        ),
        Verb(
            name="subscribe",
            timing=Timing.LATER,
            handler=subscriptions.subscribe,
            help="what is new for this channel: `subscribe serving daily at 9:00`, `subscribe`",
        ),
        Verb(name="unsubscribe", timing=Timing.LATER, handler=subscriptions.unsubscribe),
        Verb(
            name="subscriptions",
            timing=Timing.AT_ONCE,
            handler=subscriptions.subscriptions,
            help="what this channel is subscribed to; `unsubscribe` ends it",
        ),
        Verb(
            name="pause",
            timing=Timing.LATER,
            handler=review.pause,
            help="no proposals of my own: `pause 3 days`, `pause until 2026-12-24`, `pause off`",
            usage=review.PAUSE_USAGE,
        ),
        Verb(name="stats", timing=Timing.AT_ONCE),
    )
}


def route(text: str) -> tuple[Verb, str]:
    """The verb of a command's text and the words after it; without a verb it is a search."""
    if not text:
        return _HELP, ""
    name, _, words = text.partition(" ")
    if verb := VERBS.get(name.lower()):
        return verb, words.strip()
    return SEARCH, text
