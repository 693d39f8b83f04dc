"""What a person typed, answered as a good librarian would.

text ──► an id, DOI or URL?   that paper
     ──► a section's name?    that section, in the list's order
     ──► else                 a search, best first
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal

from rapidfuzz import fuzz, process

from bot.catalog.identity import link_of
from bot.catalog.links import Link, read_reference
from bot.catalog.model import Catalog, Entry, Place, compact, fold
from bot.catalog.names import KnownNames
from bot.lookup.index import Filter, Hits, Index, Slot, Terms
from bot.lookup.query import LONGEST, Query, QueryMistake, parse, unfiltered
from bot.lookup.sections import SectionNames
from bot.lookup.synonyms import Synonyms, thesaurus
from bot.lookup.words import spelling
from bot.text import pluralize

Kind = Literal["paper", "section", "search", "empty", "error"]

_NAMES_AFTER_COLON = re.compile(
    r"\b(?P<key>venue|org|section):(?P<words>[^\s\":]+(?:\s+[^\s\":]+(?!\S*:)){1,4})",
    re.IGNORECASE,
)
_UNDER = " › "
_NEAREST = 3
_LONGEST_NAME = 8  # words
_NEAR_ENOUGH = 58.0


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """The answer to a lookup: a sentence and a part of the results.

    `results` begins at `offset` of `total`; of a search, the first `complete` meet every word.
    """

    query: str
    kind: Kind
    message: str
    results: tuple[Entry, ...] = ()
    total: int = 0
    offset: int = 0
    complete: int = 0
    place: Place | None = None
    unlisted: Link | None = None
    """The paper that was asked for by its id or address, where the list does not have it."""


class Lookup:
    """A catalog made ready to be asked. Immutable: a changed catalog is another Lookup."""

    def __init__(self, catalog: Catalog, shipped: KnownNames) -> None:
        """Index a catalog; `shipped` are the names known besides those of its list."""
        self.catalog = catalog
        self._names = KnownNames.of(catalog.info).merged(shipped)
        self._index = Index(catalog)
        self._sections = SectionNames(catalog.places.values())
        self._synonyms = Synonyms([*catalog.info.synonyms, *thesaurus()])

    def answer(self, text: str, *, offset: int = 0, limit: int | None = None) -> LookupAnswer:
        """Answer what was typed; `limit` results from `offset` on, or all of them."""
        limit = max(1, len(self.catalog.entries)) if limit is None else limit
        text = " ".join(text.split())
        if not text:
            return LookupAnswer(text, "empty", self.overview())
        if link := _reference(text):
            return self._paper(text, link)
        is_name = len(text) <= LONGEST and self._index.has_name(text)
        query = unfiltered(text) if is_name else parse(self._with_quotes(text))
        if isinstance(query, QueryMistake):
            return LookupAnswer(text, "error", query.message)
        filters = self._filters(query)
        if isinstance(filters, QueryMistake):
            return LookupAnswer(text, "error", filters.message)
        if query.words and not query.phrases and (place := self._section(query.words)):
            return self._listed(query, place, filters, offset, limit)
        return self._search(query, filters, offset, limit)

    def overview(self) -> str:
        """The sections with their counts, in a sentence a line."""
        lines = [
            f"{'   ' * (place.depth - 1)}{place.section.title}: {len(self.catalog.within(path))}"
            for path, place in self.catalog.places.items()
        ]
        return (
            f"{self.catalog.info.title} holds {len(self.catalog.entries)} papers:\n"
            + "\n".join(lines)
        )

    def recent(self, *, offset: int = 0, limit: int = 10) -> LookupAnswer:
        """What was added last; then, of entries from before the bot, what appeared last."""
        entries = self._by_age
        message = "The latest additions first, then the latest papers."
        return LookupAnswer(
            "recent",
            "search",
            message,
            entries[offset : offset + limit],
            len(entries),
            offset,
            len(entries),
        )

    def random(self, text: str, chance: Random) -> LookupAnswer:
        """One entry by chance, of the whole list or of a section."""
        if not text.strip():
            entries: Sequence[Entry] = self.catalog.entries
            where = self.catalog.info.title
        elif place := self._sections.find(text) or self._misspelled_section(text):
            entries, where = self.catalog.within(place.path), place.section.title
        else:
            return LookupAnswer(text, "error", self._no_section(text).message)
        if not entries:
            return LookupAnswer(text, "empty", f"{where} has no papers yet.")
        return LookupAnswer(
            text, "paper", f"By chance, from {where}:", (chance.choice(entries),), 1
        )

    def listed(self, key: str, title: str) -> Entry | None:
        """The entry that is the paper of a link's key or, failing that, of a title."""
        if entries := self._by_key.get(key):
            return entries[0]
        return self._by_title.get(compact(title))

    def section_at_start(self, text: str) -> tuple[Place | None, str]:
        """The section that the first words name, with the words after; the longest name wins."""
        words = text.split()
        for count in range(min(len(words), _LONGEST_NAME), 0, -1):
            name = " ".join(words[:count])
            if place := self._sections.find(name) or self._sections.at(name):
                return place, " ".join(words[count:])
        return None, text.strip()

    @cached_property
    def _by_title(self) -> Mapping[str, Entry]:
        return {compact(entry.title): entry for entry in self.catalog.entries}

    @cached_property
    def _by_age(self) -> tuple[Entry, ...]:
        return tuple(sorted(self.catalog.entries, key=_age, reverse=True))

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[Entry, ...]]:
        found: dict[str, tuple[Entry, ...]] = {}
        for entry in self.catalog.entries:
            link = link_of(entry)
            keys = (
                {link.key, f"doi:{(entry.doi or '').lower()}", f"arxiv:{entry.arxiv}"}
                if link
                else set()
            )
            for key in keys - {"doi:", "arxiv:None"}:
                found[key] = (*found.get(key, ()), entry)
        return found

    def _paper(self, text: str, link: Link) -> LookupAnswer:
        entries = self._by_key.get(link.key, ())
        if entries:
            message = f"{len(entries)} papers on the list share this link."
            if len(entries) == 1:
                where = "; ".join(
                    self.catalog.section_titles(path, _UNDER) for path in entries[0].sections
                )
                message = f"On the list, in {where}."
            return LookupAnswer(text, "paper", message, entries, len(entries), 0, len(entries))
        name = f"arXiv {link.arxiv}" if link.arxiv else f"DOI {link.doi}" if link.doi else link.url
        message = f"{name} is not on the list."
        return LookupAnswer(text, "empty", message, unlisted=link)

    def _section(self, words: str) -> Place | None:
        """The section that the words name; a derived name gives way to a paper's own."""
        if place := self._sections.named(words):
            return place
        if self._index.has_name(words):
            return None
        return self._sections.find(words) or self._misspelled_section(words)

    def _misspelled_section(self, words: str) -> Place | None:
        if any(self._index.is_word(word) for word in spelling().analyze(words)):
            return None
        return self._sections.alike(words)

    def _listed(
        self, query: Query, place: Place, filters: tuple[Filter, ...], offset: int, limit: int
    ) -> LookupAnswer:
        """A whole section, its own entries before those of its subsections."""
        entries = self.catalog.within(place.path)
        if filters:
            entries = tuple(entry for entry in entries if _passes(entry, filters))
        title = self.catalog.section_titles(place.path, _UNDER)
        if not entries:
            return LookupAnswer(
                query.text, "empty", f"Nothing in {title} passes these filters.", place=place
            )
        narrowed = " with these filters" if filters else ""
        message = f"{pluralize(len(entries), 'paper')} in {title}{narrowed}."
        shown = entries[offset : offset + limit]
        return LookupAnswer(
            query.text, "section", message, shown, len(entries), offset, len(entries), place
        )

    def _search(
        self, query: Query, filters: tuple[Filter, ...], offset: int, limit: int
    ) -> LookupAnswer:
        terms = Terms(query.words, self._slots(query.words), query.phrases, filters)
        hits = self._index.search(terms, offset, limit)
        if not hits.total:
            return LookupAnswer(query.text, "empty", self._nothing(query))
        results = tuple(self.catalog.entries[position] for position in hits.positions)
        message = _search_message(query, hits)
        return LookupAnswer(
            query.text, "search", message, results, hits.total, offset, hits.complete
        )

    def _slots(self, words: str) -> tuple[Slot, ...]:
        """The words as slots, terms of the thesaurus together, without words that tell nothing."""
        return tuple(self._synonyms.slots(spelling().analyze(words)))

    def _with_quotes(self, text: str) -> str:
        """The text with quotes around names of several words: `section:fault tolerance`."""

        def quoted(match: re.Match[str]) -> str:
            key, words = match["key"].lower(), match["words"].split()
            for count in range(len(words), 1, -1):
                if not self._is_value(key, words[0]) and self._is_value(
                    key, " ".join(words[:count])
                ):
                    return " ".join([f'{key}:"{" ".join(words[:count])}"', *words[count:]])
            return match[0]

        return _NAMES_AFTER_COLON.sub(quoted, text)

    def _is_value(self, key: str, value: str) -> bool:
        if key == "section":
            return bool(self._sections.find(value) or self._sections.at(value))
        names, used = (
            (self._names.venues, self._venues)
            if key == "venue"
            else (self._names.orgs, self._orgs)
        )
        return compact(names.canonical(value) or value) in used

    def _filters(self, query: Query) -> tuple[Filter, ...] | QueryMistake:
        found: list[Filter] = []
        for field, values, names, used in (
            ("venue", query.venues, self._names.venues, self._venues),
            ("org", query.orgs, self._names.orgs, self._orgs),
        ):
            keys = []
            for value in values:
                name = names.canonical(value) or value
                if compact(name) not in used:
                    return _unknown_value(field, value, used.values())
                keys.append(compact(name))
            found += [Filter(field, tuple(keys))] if keys else []
        paths = []
        for value in query.sections:
            place = self._sections.find(value) or self._sections.at(value)
            if not place:
                return self._no_section(value)
            paths.append(place.path)
        found += [Filter("section", tuple(paths))] if paths else []
        if query.years:
            found.append(
                Filter("year", spans=tuple((span.first, span.last) for span in query.years))
            )
        return tuple(found)

    @cached_property
    def _venues(self) -> Mapping[str, str]:
        return {compact(entry.venue): entry.venue for entry in self.catalog.entries if entry.venue}

    @cached_property
    def _orgs(self) -> Mapping[str, str]:
        return {compact(org): org for entry in self.catalog.entries for org in entry.orgs}

    @cached_property
    def _title_names(self) -> Mapping[str, str]:
        return _folded(entry.name or entry.title for entry in self.catalog.entries)

    def _no_section(self, text: str) -> QueryMistake:
        near = _nearest(
            text, _folded(place.section.title for place in self.catalog.places.values())
        )
        guess = f"Did you mean {_either(near)}? " if near else ""
        tops = ", ".join(section.title for section in self.catalog.info.sections)
        return QueryMistake(f"There is no section “{text}”. {guess}The top sections are: {tops}.")

    def _nothing(self, query: Query) -> str:
        near = _nearest(query.words or " ".join(query.phrases), self._title_names)
        guess = f" Nearest names: {', '.join(near)}." if near else ""
        hint = " Fewer filters may find more." if query.has_filters else ""
        tops = ", ".join(section.title for section in self.catalog.info.sections)
        return (
            f"Nothing found for “{query.text}”.{hint}{guess} "
            f"The sections are: {tops}. If you know a paper on it, /papers suggest LINK."
        )


def _reference(text: str) -> Link | None:
    """The paper that the text names, also where a person wrote something around its address."""
    if link := read_reference(text):
        return link
    addresses = [
        word
        for word in text.split()
        if word.lower().lstrip("<").startswith(("http://", "https://"))
    ]
    return read_reference(addresses[0]) if addresses else None


def _passes(entry: Entry, filters: Iterable[Filter]) -> bool:
    return all(_passes_one(entry, one) for one in filters)


def _passes_one(entry: Entry, one: Filter) -> bool:
    match one.field:
        case "venue":
            return entry.venue is not None and compact(entry.venue) in one.values
        case "org":
            return any(compact(org) in one.values for org in entry.orgs)
        case "section":
            return any(
                path == value or path.startswith(f"{value}/")
                for path in entry.sections
                for value in one.values
            )
        case _:
            return entry.year is not None and any(
                first <= entry.year <= last for first, last in one.spans
            )


def _age(entry: Entry) -> tuple[str, str]:
    """When an entry came: the day of its addition, then the month in its arXiv id or its year."""
    added = entry.added.isoformat() if entry.added else ""
    appeared = (
        f"20{entry.arxiv[:2]}-{entry.arxiv[2:4]}"
        if entry.arxiv and entry.arxiv[:4].isdecimal()
        else ""
    )
    return added, appeared or str(entry.year or "")


def _search_message(query: Query, hits: Hits) -> str:
    papers = pluralize(hits.total, "paper")
    if hits.complete == hits.total:
        return f"{papers} for “{query.text}”."
    if not hits.complete:
        return f"No paper has all of “{query.text}”; {papers} with some of it."
    more = hits.total - hits.complete
    return (
        f"{pluralize(hits.complete, 'paper')} for “{query.text}”, then {more:,} with some of it."
    )


def _unknown_value(field: str, value: str, used: Iterable[str]) -> QueryMistake:
    near = _nearest(value, _folded(used))
    word = "venue" if field == "venue" else "organisation"
    guess = (
        f"Did you mean {_either([f'`{field}:{_quoted(name)}`' for name in near])}?" if near else ""
    )
    known = ", ".join(sorted(used, key=str.casefold)[:12])
    return QueryMistake(
        f"The list has no {word} “{value}”. {guess or f'Some that it has: {known}.'}"
    )


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)


def _folded(names: Iterable[str]) -> dict[str, str]:
    return {name: fold(name) for name in names}


def _nearest(text: str, names: Mapping[str, str]) -> list[str]:
    """The names most like the text; given with their folded forms."""
    found = process.extract(
        fold(text), names, scorer=fuzz.QRatio, limit=_NEAREST, score_cutoff=_NEAR_ENOUGH
    )
    return [name for _, _, name in found]
