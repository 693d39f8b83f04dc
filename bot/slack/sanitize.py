"""Clean text and numbers that arrive from Slack, before a listener sees them.

Pasted text may hold NULs, which no database keeps, characters that hide or turn the text around
them, and lone surrogates, which cannot be sent again. They are removed from every field, in both
transports.
"""

from collections.abc import Callable
from typing import Any

from slack_bolt import BoltRequest, BoltResponse

from bot.text import visible

_MAX_DIGITS = 9  # every database keeps such a number


def clean_request(req: BoltRequest, next_: Callable[[], BoltResponse]) -> BoltResponse:
    """Bolt middleware that removes invisible characters from every text of a request."""
    for key, value in req.body.items():
        req.body[key] = _clean(value)
    return next_()


def number_in(value: object) -> int | None:
    """The number in a button's or form's value; None if the bot could not have put it there."""
    text = str(value or "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None


def _clean(value: Any) -> Any:
    match value:
        case str():
            return visible(value)
        case list():
            return [_clean(item) for item in value]
        case dict():
            return {key: _clean(item) for key, item in value.items()}
        case _:
            return value
