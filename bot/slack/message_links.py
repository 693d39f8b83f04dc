"""The web addresses in a message of anybody's: in its text, its blocks and what is attached."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence

from bot.catalog.links import Link, read_link

_DEEPEST = 12  # deeper than any message of Slack's
_ADDRESS_KEYS = frozenset({"url", "title_link", "from_url", "original_url"})
_TEXT_KEYS = frozenset({"text", "fallback", "value"})
_FOREIGN = frozenset({"user_profile", "icons", "files"})
_IN_TEXT = re.compile(r"https?://[^\s<>|\"“”]+[^\s<>|\"“”.,;:!?)\]]")


def links_in(message: Mapping[str, object]) -> Iterator[Link]:
    """Every web address in a message, as often as it stands there."""
    for address in _addresses(message, 0):
        if link := read_link(html.unescape(address)):
            yield link


def _addresses(part: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(part, Mapping):
        for key, value in part.items():
            yield from _of_field(str(key), value, depth)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for value in part:
            yield from _addresses(value, depth + 1)


def _of_field(key: str, value: object, depth: int) -> Iterator[str]:
    if not isinstance(value, str):
        if key not in _FOREIGN:
            yield from _addresses(value, depth + 1)
    elif key in _ADDRESS_KEYS:
        yield value
    elif key in _TEXT_KEYS:
        yield from (match[0] for match in _IN_TEXT.finditer(value))
