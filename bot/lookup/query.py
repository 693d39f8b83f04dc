"""Parser of lookup queries: words, quoted phrases, filters, exclusions. Pure.

    kv cache "paged attention" venue:osdi,sosp year:2023..2025 author:"tri dao" -survey sort:new

It knows the syntax alone, not which venues or sections a list has (`filters.py` does). A word with
a colon that is no filter is text.
"""

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

FilterField = Literal["venue", "year", "org", "section", "author"]
FILTERS: tuple[FilterField, ...] = ("venue", "year", "org", "section", "author")
LONGEST = 300  # characters of a query; a citation may be longer

_PART = re.compile(
    r"""(?P<minus>(?<!\S)[-\N{MINUS SIGN}](?=[\w"]))?"""
    r"""(?:(?P<key>[A-Za-z]{3,}):(?P<value>(?:"[^"]*"|[^\s",]+)(?:,(?:"[^"]*"|[^\s",]+))*,?)"""
    r"""|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))"""
)
_VALUE = re.compile(r'"([^"]*)"|([^",]+)')
QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_YEARS = re.compile(r"(?P<first>\d{4})?(?P<range>\.{2,3}|-|–|…)?(?P<last>\d{4})?")


@dataclass(frozen=True, slots=True)
class Years:
    """A span of years from first to last, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """Alternative values of a field (`venue:osdi,sosp`), which results have or, excluded, lack."""

    field: FilterField
    values: tuple[str, ...] = ()
    years: tuple[Years, ...] = ()
    excludes: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed lookup. Filters of one field are alternatives; different fields apply together."""

    text: str
    words: str = ""
    phrases: tuple[str, ...] = ()
    filters: tuple[FieldFilter, ...] = ()
    excluded: tuple[str, ...] = ()
    """Words and phrases that no result may have in its title."""
    newest_first: bool = False

    @property
    def has_filters(self) -> bool:
        """True if the query has any filter or exclusion."""
        return bool(self.filters or self.excluded)


@dataclass(frozen=True, slots=True)
class QueryMistake:
    """A query that cannot be answered: a message with the cause and the remedy."""

    message: str


@dataclass(slots=True)
class _Parts:
    """The parts of a query while it is read."""

    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    filters: dict[tuple[FilterField, bool], FieldFilter] = field(default_factory=dict)
    newest_first: bool = False

    def add_filter(self, new: FieldFilter) -> None:
        """Add a filter; one with the same field and sign gets its values too."""
        key = (new.field, new.excludes)
        old = self.filters.get(key, FieldFilter(new.field, excludes=new.excludes))
        self.filters[key] = FieldFilter(
            new.field, (*old.values, *new.values), (*old.years, *new.years), new.excludes
        )


def parse(text: str) -> Query | QueryMistake:
    """Parse a query; a QueryMistake if it is too long, or a year is not valid."""
    text = " ".join(text.translate(QUOTES).split())
    if len(text) > LONGEST:
        return QueryMistake(
            f"That is {len(text):,} characters; a lookup takes up to {LONGEST}. Use fewer words."
        )
    parts = _Parts()
    for match in _PART.finditer(text):
        if mistake := _read_part(match, parts):
            return mistake
    return Query(
        text,
        " ".join(parts.words),
        tuple(parts.phrases),
        tuple(parts.filters.values()),
        tuple(parts.excluded),
        parts.newest_first,
    )


def misspelled_filter(text: str) -> str | None:
    """A part of a text that is nearly a filter, put right: `venue:osdi` for `venu:osdi`."""
    for match in _PART.finditer(text):
        key = (match["key"] or "").lower()
        near = [] if key in FILTERS else get_close_matches(key, FILTERS, n=1, cutoff=0.7)
        if near:
            return f"{near[0]}:{match['value']}"
    return None


def unfiltered(text: str) -> Query:
    """The query for a paper's title: colons and quotes are plain text."""
    text = " ".join(text.translate(QUOTES).split())
    return Query(text, text.replace('"', " "))


def _read_part(match: re.Match[str], parts: _Parts) -> QueryMistake | None:
    key, excludes = (match["key"] or "").lower(), bool(match["minus"])
    if name := next((each for each in FILTERS if each == key), None):
        values = [(quoted or bare).strip() for quoted, bare in _VALUE.findall(match["value"])]
        return _read_filter(
            name, [value for value in values if value], excludes=excludes, parts=parts
        )
    if key == "sort" and match["value"].lower() in {"new", "newest", "date"}:
        parts.newest_first = True
    elif match["phrase"] is not None:
        phrases = parts.excluded if excludes else parts.phrases
        phrases += [match["phrase"]] if match["phrase"].strip() else []
    else:
        word = match[0].lstrip("-") if excludes else match[0]
        (parts.excluded if excludes else parts.words).append(word.replace('"', " "))
    return None


def _read_filter(
    name: FilterField, values: list[str], *, excludes: bool, parts: _Parts
) -> QueryMistake | None:
    if name != "year":
        parts.add_filter(FieldFilter(name, tuple(values), excludes=excludes))
        return None
    for value in values:
        if (span := _read_years(value)) is None:
            return QueryMistake(
                f"“{value}” is not a year. Write `year:2024`, `year:2023..2025` or `year:2023..`."
            )
        parts.add_filter(FieldFilter("year", years=(span,), excludes=excludes))
    return None


def _read_years(value: str) -> Years | None:
    match = _YEARS.fullmatch(value)
    if not match or not (match["first"] or match["last"]):
        return None
    if not match["range"]:
        return None if match["first"] and match["last"] else Years(int(value), int(value))
    first, last = int(match["first"] or 0), int(match["last"] or 9999)
    return Years(min(first, last), max(first, last))
