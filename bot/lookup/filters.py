"""Filters of a query (`venue:osdi section:edge`), checked against what one list has."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from bot.catalog.identity import facts_of, year_of
from bot.catalog.model import Catalog, Entry, compact, fold
from bot.catalog.names import KnownNames
from bot.lookup.analysis import folded, nearest_names
from bot.lookup.people import author_keys, name_words, person_key
from bot.lookup.query import FilterField, Query, QueryMistake
from bot.lookup.sections import SectionIndex

_WORDS_AFTER_COLON = re.compile(
    r"\b(?P<key>venue|org|section|author):(?P<words>[^\s\":]+(?:\s+[^\s\":]+(?!\S*:)){1,4})",
    re.IGNORECASE,
)
_EXAMPLES = 12
_FIELD_WORDS = {"venue": "venue", "org": "organisation", "author": "author"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Alternative values of a field, or spans of years (`year`); `excludes` turns it round.

    Venues and organisations are in their `compact` form, sections are id paths, authors are the
    keys of `people.py`.
    """

    field: FilterField
    values: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    excludes: bool = False

    def passes(self, catalog: Catalog, entry: Entry) -> bool:
        """Tell whether an entry of a catalog has one of the values or, excluded, none."""
        return self._has_value(catalog, entry) != self.excludes

    def _has_value(self, catalog: Catalog, entry: Entry) -> bool:
        match self.field:
            case "venue":
                return entry.venue is not None and compact(entry.venue) in self.values
            case "org":
                return any(compact(org) in self.values for org in entry.orgs)
            case "section":
                return any(
                    path == value or path.startswith(f"{value}/")
                    for path in entry.sections
                    for value in self.values
                )
            case "author":
                authors = facts_of(catalog, entry).authors
                return any(set(self.values) & author_keys(name) for name in authors)
            case _:
                year = year_of(catalog, entry)
                return year is not None and any(
                    first <= year <= last for first, last in self.spans
                )


class FilterResolver:
    """The filters that one list supports: its venues, organisations and sections."""

    def __init__(self, catalog: Catalog, names: KnownNames, sections: SectionIndex) -> None:
        self._catalog, self._sections = catalog, sections
        self._names = {"venue": names.venues, "org": names.orgs}

    @cached_property
    def _used(self) -> Mapping[str, Mapping[str, str]]:
        """The venues and organisations of the entries, by field and compact form."""
        entries = self._catalog.entries
        return {
            "venue": {compact(entry.venue): entry.venue for entry in entries if entry.venue},
            "org": {compact(org): org for entry in entries for org in entry.orgs},
        }

    @cached_property
    def _authors(self) -> Mapping[str, str]:
        """The authors of the entries by each of their keys."""
        facts = (facts_of(self._catalog, entry) for entry in self._catalog.entries)
        return {key: name for each in facts for name in each.authors for key in author_keys(name)}

    def resolve(self, query: Query) -> tuple[Filter, ...] | QueryMistake:
        """The filters of a query; a QueryMistake for the first value that the list lacks."""
        filters = []
        for each in query.filters:
            keys: list[str] = []
            for value in each.values:
                if (key := self._find(each.field, value)) is None:
                    if each.excludes and self._is_name(each.field, value):
                        continue
                    return self._unknown_value(each.field, value)
                keys.append(key)
            spans = tuple((span.first, span.last) for span in each.years)
            if keys or spans:
                filters.append(Filter(each.field, tuple(keys), spans, each.excludes))
        return tuple(filters)

    def venue_filter(self, text: str) -> Filter | None:
        """The filter for a text that is a venue of the list, its workshops included."""
        key = self._find("venue", text)
        if key is None:
            return None
        name = self._used["venue"][key]
        own = (k for k, each in self._used["venue"].items() if each.startswith(f"{name} "))
        return Filter("venue", (key, *own))

    def _is_name(self, field: str, value: str) -> bool:
        """Tell whether a value is a venue or organisation that other lists have."""
        return field in self._names and self._names[field].canonical(value) is not None

    def quote_names(self, text: str) -> str:
        """The text with quotes around names of several words: `section:fault tolerance`."""
        return _WORDS_AFTER_COLON.sub(self._quoted_name, text)

    def _quoted_name(self, match: re.Match[str]) -> str:
        field, words = match["key"].lower(), match["words"].split()
        if self._find(field, words[0]) is not None:
            return match[0]
        for count in range(len(words), 1, -1):
            name = " ".join(words[:count])
            if self._find(field, name) is not None:
                return " ".join([f'{field}:"{name}"', *words[count:]])
        return match[0]

    def _find(self, field: str, value: str) -> str | None:
        """The value as a Filter holds it; None if the list lacks it."""
        if field == "section":
            place = self._sections.find_or_at(value)
            return place.path if place else None
        if field == "author":
            key = person_key(name_words(value))
            return key if key in self._authors else None
        key = compact(self._names[field].canonical(value) or value)
        return key if key in self._used[field] else None

    def unknown_section(self, text: str) -> QueryMistake:
        """The message that the list has no section of this name, with the nearest names."""
        titles = folded(place.section.title for place in self._catalog.places.values())
        near = nearest_names(text, titles)
        guess = f"Did you mean {' or '.join(near)}? " if near else ""
        tops = ", ".join(section.title for section in self._catalog.info.sections)
        return QueryMistake(f"There is no section “{text}”. {guess}The top sections are: {tops}.")

    def _unknown_value(self, field: str, value: str) -> QueryMistake:
        if field == "section":
            return self.unknown_section(value)
        used = self._authors if field == "author" else dict(_by_folded(self._used[field]))
        if near := [used[key] for key in nearest_names(value, {key: key for key in used})]:
            filters = [f"`{field}:{_in_quotes(name)}`" for name in dict.fromkeys(near)]
            hint = f"Did you mean {' or '.join(filters)}?"
        else:
            names = sorted(set(used.values()), key=str.casefold)
            examples = ", ".join(names[:_EXAMPLES])
            hint = f"Some that it has: {examples}."
        return QueryMistake(f"The list has no {_FIELD_WORDS[field]} “{value}”. {hint}")


def _by_folded(names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names by the folded form that `nearest_names` compares."""
    yield from ((fold(name), name) for name in names.values())


def _in_quotes(name: str) -> str:
    return f'"{name}"' if " " in name else name
