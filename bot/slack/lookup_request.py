"""A page of a lookup, as the value of the button that asks for it."""

import json
from dataclasses import dataclass
from typing import Literal

_LAST_PAGE = 100_000  # beyond the end of any list
LookupVerb = Literal["search", "recent", "random"]


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A lookup and the page to show, counted from 0.

    A button's value holds all of it, so the button works after a restart and in every process.
    """

    verb: LookupVerb
    text: str = ""
    page: int = 0

    def to_value(self) -> str:
        """The request as a button's value; every query fits in Slack's 2,000 characters."""
        return json.dumps({"v": self.verb, "q": self.text, "p": self.page}, ensure_ascii=False)


def read_value(value: str) -> LookupRequest | None:
    """Read a button's value; None if the bot did not make it."""
    try:
        match json.loads(value):
            case {"v": ("search" | "recent" | "random") as verb, "q": str(text), "p": int(page)}:
                return LookupRequest(verb, text, min(max(0, page), _LAST_PAGE))
            case _:
                return None
    except (ValueError, RecursionError):
        return None
