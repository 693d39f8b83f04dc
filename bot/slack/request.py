"""What a person asks of `/papers`, as typed or as carried by a button.

A button holds its whole request in its value, so it works after a restart and in every process.
"""

import html
import json
import re
from dataclasses import dataclass
from typing import Literal

Verb = Literal["search", "help", "recent", "random"]

VERBS: dict[str, str] = {
    "help": "what you can ask",
    "recent": "the latest additions",
    "random": "a paper by chance, of a section if you name one",
    "suggest": "a paper for the list: its link, then its section and why, if you like",
    "pending": "what waits for review",
    "history": "what happened to a suggestion, by its number",
    "subscribe": "what is new for this channel: `subscribe serving daily at 9:00`, `subscribe`",
    "subscriptions": "what this channel is subscribed to; `unsubscribe` ends it",
    "pause": "no proposals of my own: `pause 3 days`, `pause until 2026-12-24`, `pause off`",
}
ORDERS = frozenset(
    {"suggest", "pending", "history", "pause", "subscribe", "unsubscribe", "subscriptions"}
)
LATER = ("cite", "stats")

_LINK = re.compile(r"<(?P<address>(?:https?|mailto)[^|>\s]*)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class PapersRequest:
    """One thing asked, with the page of the answer."""

    verb: Verb
    text: str = ""
    page: int = 0

    def to_value(self) -> str:
        """The request as a button's value; a query always fits Slack's 2,000 characters."""
        return json.dumps({"v": self.verb, "q": self.text, "p": self.page}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class UnknownVerb:
    """A verb that is kept for something the bot does not do yet."""

    verb: str


@dataclass(frozen=True, slots=True)
class VerbRequest:
    """A verb that does something, with the words after it."""

    verb: str
    text: str


def read_command(text: str) -> PapersRequest | VerbRequest | UnknownVerb:
    """The request in a slash command's text."""
    text = unescape(text)
    verb, _, rest = text.partition(" ")
    match verb.lower():
        case "" | "help":
            return PapersRequest("help")
        case "recent":
            return PapersRequest("recent")
        case "random":
            return PapersRequest("random", rest.strip())
        case order if order in ORDERS:
            return VerbRequest(order, rest.strip())
        case later if later in LATER:
            return UnknownVerb(later)
        case _:
            return PapersRequest("search", text)


def read_value(value: str) -> PapersRequest | None:
    """The request in a button's value; None if it is not one of ours."""
    try:
        match json.loads(value):
            case {"v": ("search" | "recent" | "random") as verb, "q": str(text), "p": int(page)}:
                return PapersRequest(verb, text, max(0, page))
            case _:
                return None
    except ValueError:
        return None


def unescape(text: str) -> str:
    """Text as it was typed: Slack escapes `&`, `<`, `>` and wraps addresses."""
    return html.unescape(_LINK.sub(lambda link: link["address"], text)).strip()
