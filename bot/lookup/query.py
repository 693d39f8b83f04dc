"""Parser of lookup queries: words, quoted phrases, filters. Pure.

    kv cache "paged attention" venue:osdi year:2023..2025

It knows the syntax alone, not which venues or sections a list has (`filters.py` does).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

FILTERS = ("venue", "year", "org", "section")
LONGEST = 300  # characters of a query

_PART = re.compile(
    r"""(?P<key>[A-Za-z]{3,}):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]+))|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+)"""
)
QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_YEARS = re.compile(r"(?P<first>\d{4})?(?P<range>\.{2,3}|-|–|…)?(?P<last>\d{4})?")


@dataclass(frozen=True, slots=True)
class Years:
    """A span of years from first to last, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed lookup. Filters of one kind are alternatives; different kinds apply together."""

    text: str
    words: str = ""
    phrases: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    years: tuple[Years, ...] = ()

    @property
    def has_filters(self) -> bool:
        """Whether the query has any filter."""
        return bool(self.venues or self.orgs or self.sections or self.years)


@dataclass(frozen=True, slots=True)
class QueryMistake:
    """A query that cannot be answered: a message with the cause and the remedy."""

    message: str


def parse(text: str) -> Query | QueryMistake:
    """Parse a query; a QueryMistake if it is too long, or a filter or year is not valid."""
    text = " ".join(text.translate(QUOTES).split())
    if len(text) > LONGEST:
        return QueryMistake(
            f"That is {len(text):,} characters; a lookup takes up to {LONGEST}. Use fewer words."
        )
    words: list[str] = []
    phrases: list[str] = []
    filters: dict[str, list[str]] = {name: [] for name in FILTERS}
    years: list[Years] = []
    for key, value, word, phrase in _parts(text):
        if key is None:
            words += [word] if word else []
            phrases += [phrase] if phrase.strip() else []
        elif key not in filters:
            return _unknown_filter(key, value)
        elif key != "year":
            filters[key].append(value)
        elif span := _read_years(value):
            years.append(span)
        else:
            return QueryMistake(
                f"“{value}” is not a year. Write `year:2024`, `year:2023..2025` or `year:2023..`."
            )
    return Query(
        text,
        " ".join(words),
        tuple(phrases),
        venues=tuple(filters["venue"]),
        orgs=tuple(filters["org"]),
        sections=tuple(filters["section"]),
        years=tuple(years),
    )


def unfiltered(text: str) -> Query:
    """The query for a paper's title: colons and quotes are plain text."""
    text = " ".join(text.translate(QUOTES).split())
    return Query(text, text.replace('"', " "))


def _parts(text: str) -> Iterator[tuple[str | None, str, str, str]]:
    for match in _PART.finditer(text):
        value = match["quoted"] if match["quoted"] is not None else match["value"]
        if match["key"] and value and not value.startswith("//"):
            yield match["key"].lower(), value.strip(), "", ""
        elif match["phrase"] is not None:
            yield None, "", "", match["phrase"]
        else:
            yield None, "", match[0].strip('"'), ""


def _unknown_filter(key: str, value: str) -> QueryMistake:
    near = get_close_matches(key, FILTERS, n=1, cutoff=0.5)
    guess = f"Did you mean `{near[0]}:{value}`? " if near else ""
    names = ", ".join(f"`{name}:`" for name in FILTERS)
    return QueryMistake(
        f"There is no filter “{key}:”. {guess}The filters are {names}; "
        'put words with a colon in "quotes".'
    )


def _read_years(value: str) -> Years | None:
    match = _YEARS.fullmatch(value)
    if not match or not (match["first"] or match["last"]):
        return None
    if not match["range"]:
        return None if match["first"] and match["last"] else Years(int(value), int(value))
    first, last = int(match["first"] or 0), int(match["last"] or 9999)
    return Years(min(first, last), max(first, last))
