"""Years in the words of a query: `2024`, `up to 2022`, `this year`, `the most recent`. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from bot.catalog.model import compact
from bot.lookup.query import Years

_YEAR = r"(?:19|20)\d\d"
_IN = r"(?:(?:in|from|early|mid|late|end\s+of|during)[\s-]+)*"
_LAST, _FIRST = 9999, 0
_NEWEST = re.compile(
    r"\b(?:(?:the\s+)?(?:most\s+recent|recent|newest|latest)(?:\s+(?:first|ones?))?|sorted\s+by\s+date"
    r"|what(?:['’]s|\s+is)\s+new|new\s+(?:papers|ones|additions|entries|arrivals))\b|^new$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class YearWords:
    """Years named in a text, the text without them, and whether it asks for the newest."""

    text: str
    spans: tuple[Years, ...] = ()
    newest_first: bool = False


_Span = Callable[[list[int], int], Years]
_PHRASES: Mapping[str, _Span] = {
    rf"\b(?:between|from)\s+({_YEAR})\s+(?:and|to|until|till|through)\s+({_YEAR})\b": (
        lambda years, _now: Years(min(years), max(years))
    ),
    rf"\b({_YEAR})\s*(?:-|–|\.\.|to)\s*({_YEAR})\b": (
        lambda years, _now: Years(min(years), max(years))
    ),
    rf"\bnot\s+(?:after|later\s+than)\s+({_YEAR})\b": (
        lambda years, _now: Years(_FIRST, years[0])
    ),
    rf"\bnot\s+(?:before|earlier\s+than)\s+({_YEAR})\b": (
        lambda years, _now: Years(years[0], _LAST)
    ),
    rf"\b(?:up\s+to|until|till|through|no\s+later\s+than|by\s+the\s+end\s+of)\s+({_YEAR})\b": (
        lambda years, _now: Years(_FIRST, years[0])
    ),
    rf"\b({_YEAR})\s+(?:or|and)\s+(?:earlier|before|older)\b": (
        lambda years, _now: Years(_FIRST, years[0])
    ),
    rf"\b(?:before|earlier\s+than|older\s+than|prior\s+to|pre-?)\s*({_YEAR})\b": (
        lambda years, _now: Years(_FIRST, years[0] - 1)
    ),
    rf"\b(?:after|later\s+than|newer\s+than)\s+({_YEAR})\b": (
        lambda years, _now: Years(years[0] + 1, _LAST)
    ),
    rf"\b({_YEAR})\s+(?:or|and)\s+(?:later|after|newer)\b|\b({_YEAR})\s+onwards?\b": (
        lambda years, _now: Years(years[0], _LAST)
    ),
    rf"\b(?:since|starting\s+(?:in|from))\s+({_YEAR})\b|\bfrom\s+({_YEAR})\s+on(?:wards?)?\b": (
        lambda years, _now: Years(years[0], _LAST)
    ),
    r"\bthis\s+year(?:'s|’s)?\b": lambda _years, now: Years(now, now),
    r"\b(?:last|previous)\s+year(?:'s|’s)?\b": lambda _years, now: Years(now - 1, now - 1),
    r"\b(?:in\s+)?(?:the\s+)?(?:last|past)\s+(\d|two|three|four|five)\s+years\b": (
        lambda years, now: Years(now - years[0], now)
    ),
    rf"(?<![\w.:/-]){_IN}\(?({_YEAR})\)?(?![\w/-]|\.\d|,\d)": (
        lambda years, _now: Years(years[0], years[0])
    ),
}
_EDITION = re.compile(
    r"(?<![\w&-])(?P<venue>[A-Za-z&]{2,20})\s*['’]?(?P<year>[0-3]\d)(?![\w-]|\.\d)"
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5}
_SIGNS = re.compile(
    r"\d\d|\byear|\blast\b|\bpast\b|recent|newest|latest|sorted|\bnew\b", re.IGNORECASE
)


def read_years(text: str, today: dt.date, venues: Container[str] = ()) -> YearWords:
    """Take the years and the wish for the newest papers out of a text.

    Two digits are a year after one of the `venues`, which are `compact` names: `OSDI '24`.
    """
    if not _SIGNS.search(text):
        return YearWords(text)
    spans: list[Years] = []

    def take_edition(match: re.Match[str]) -> str:
        if compact(match["venue"]) not in venues:
            return match[0]
        year = 2000 + int(match["year"])
        spans.append(Years(year, year))
        return match["venue"]

    text = _EDITION.sub(take_edition, text)
    for pattern, span in _PHRASES.items():
        for match in re.finditer(pattern, text, flags=re.IGNORECASE):
            named = [group.lower() for group in match.groups() if group]
            numbers = [_COUNTS.get(group) or int(group) for group in named]
            spans.append(span(numbers, today.year))
        text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    without, count = _NEWEST.subn(" ", text)
    return YearWords(" ".join(without.split()), tuple(spans), bool(count))
