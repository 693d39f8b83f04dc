"""A page of a lookup, as the value of the button that asks for it."""

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from bot.catalog.identity import title_key
from bot.catalog.model import Entry

_LAST_PAGE = 100_000  # beyond the end of any list
_KEY_LENGTH = 16
LookupVerb = Literal["search", "recent", "random"]


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A lookup and the page to show, counted from 0.

    A button's value holds all of it, so the button works after a restart and in every process.
    """

    verb: LookupVerb
    text: str = ""
    page: int = 0
    paper: str = ""
    """The key of a result to show in full instead of the page (`paper_key`)."""

    def to_value(self) -> str:
        """The request as a button's value; every query fits in Slack's 2,000 characters."""
        value = {"v": self.verb, "q": self.text, "p": self.page}
        if self.paper:
            value["k"] = self.paper
        return json.dumps(value, ensure_ascii=False)


def paper_key(entry: Entry) -> str:
    """A short key of an entry by its title and link, for buttons."""
    identity = f"{title_key(entry)} {entry.url or ''}"
    return hashlib.sha256(identity.encode()).hexdigest()[:_KEY_LENGTH]


def read_value(value: str) -> LookupRequest | None:
    """Read a button's value; None if the bot did not make it."""
    try:
        match json.loads(value):
            case {
                "v": ("search" | "recent" | "random") as verb, "q": str(text), "p": int(page),
                **others,
            }:  # fmt: skip
                key = str(others.get("k", ""))[:_KEY_LENGTH]
                return LookupRequest(verb, text, min(max(0, page), _LAST_PAGE), key)
            case _:
                return None
    except (ValueError, RecursionError):
        return None
