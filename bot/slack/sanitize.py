"""What arrives from Slack, made fit to be kept and shown, before any listener sees it.

People paste what they do not see: NULs, which no database keeps; characters that turn the text
around them or hide in it; halves of characters, which cannot be sent again. All of them go here,
once for every field, in both transports.
"""

from collections.abc import Callable
from typing import Any

from slack_bolt import BoltRequest, BoltResponse

from bot.text import visible

_DIGITS = 9  # the most that every database takes for a number


def clean_request(req: BoltRequest, next_: Callable[[], BoltResponse]) -> BoltResponse:
    """The middleware: whatever text is in a request is text that can be seen."""
    for key, value in req.body.items():
        req.body[key] = _cleaned(value)
    return next_()


def number_in(value: object) -> int | None:
    """The number that a button or form carries, if it is one that the bot could have put there."""
    text = str(value or "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_number else None


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return visible(value)
        case list():
            return [_cleaned(one) for one in value]
        case dict():
            return {key: _cleaned(one) for key, one in value.items()}
        case _:
            return value
