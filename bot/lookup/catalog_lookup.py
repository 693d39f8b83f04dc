"""Answers to lookups in one catalog.

text ──► an id, DOI or URL    that paper
     ──► a section's name     that section, in the list's order
     ──► anything else        a search, best results first
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Literal

from bot.catalog.identity import link_of
from bot.catalog.links import Link, read_reference
from bot.catalog.model import Catalog, Entry, Place, compact
from bot.catalog.names import KnownNames
from bot.lookup.analysis import folded, nearest_names, spelling
from bot.lookup.filters import Filter, FilterResolver
from bot.lookup.index import Hits, SearchIndex
from bot.lookup.query import LONGEST, Query, QueryMistake, parse, unfiltered
from bot.lookup.ranking import SearchTerms
from bot.lookup.sections import SectionIndex
from bot.lookup.synonyms import Synonyms, shipped_synonyms
from bot.text import pluralize

AnswerKind = Literal["paper", "section", "search", "empty", "error"]

_UNDER = " › "
_LONGEST_SECTION_NAME = 8  # words


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """A message and a page of results.

    `results` begins at `offset` of `total`; of a search, the first `complete` match every word.
    """

    query: str
    kind: AnswerKind
    message: str
    results: tuple[Entry, ...] = ()
    total: int = 0
    offset: int = 0
    complete: int = 0
    place: Place | None = None
    unlisted: Link | None = None
    """The paper with the id or address of the query, if the list does not have it."""


class CatalogLookup:
    """Answers queries over one catalog. Immutable: a changed catalog needs a new one."""

    def __init__(self, catalog: Catalog, shipped: KnownNames) -> None:
        """Index a catalog; `shipped` are venue and organisation names beyond the list's own."""
        self.catalog = catalog
        self._index = SearchIndex(catalog)
        self._sections = SectionIndex(catalog.places.values())
        self._synonyms = Synonyms([*catalog.info.synonyms, *shipped_synonyms()])
        names = KnownNames.of(catalog.info).merged(shipped)
        self._filters = FilterResolver(catalog, names, self._sections)

    def answer(self, text: str, *, offset: int = 0, limit: int | None = None) -> LookupAnswer:
        """Answer a query with `limit` results from `offset` on, or with all of them.

        Both may be any numbers, also negative ones, which count as 0.
        """
        limit = len(self.catalog.entries) if limit is None else max(limit, 0)
        offset = max(offset, 0)
        text = " ".join(text.split())
        if not text:
            return LookupAnswer(text, "empty", self.overview())
        if link := _reference(text):
            return self._paper(text, link)
        is_name = len(text) <= LONGEST and self._index.has_name(text)
        query = unfiltered(text) if is_name else parse(self._filters.quote_names(text))
        if isinstance(query, QueryMistake):
            return LookupAnswer(text, "error", query.message)
        filters = self._filters.resolve(query)
        if isinstance(filters, QueryMistake):
            return LookupAnswer(text, "error", filters.message)
        if query.words and not query.phrases and (place := self._section(query.words)):
            return self._section_answer(query, place, filters, offset, limit)
        return self._search(query, filters, offset, limit)

    def overview(self) -> str:
        """The sections with their numbers of papers, a line each."""
        lines = [
            f"{'   ' * (place.depth - 1)}{place.section.title}: {len(self.catalog.within(path))}"
            for path, place in self.catalog.places.items()
        ]
        papers = pluralize(len(self.catalog.entries), "paper")
        return f"{self.catalog.info.title} holds {papers}:\n" + "\n".join(lines)

    def recent(self, *, offset: int = 0, limit: int = 10) -> LookupAnswer:
        """The entries added last, then those without a date of addition, newest paper first."""
        entries, offset, limit = self._by_age, max(offset, 0), max(limit, 0)
        message = "The latest additions first, then the latest papers."
        page = entries[offset : offset + limit]
        return LookupAnswer("recent", "search", message, page, len(entries), offset, len(entries))

    def random(self, text: str, chance: Random) -> LookupAnswer:
        """A random entry of the whole list or of the named section."""
        if not text.strip():
            entries: Sequence[Entry] = self.catalog.entries
            where = self.catalog.info.title
        elif place := self._sections.find(text) or self._misspelled_section(text):
            entries, where = self.catalog.within(place.path), place.section.title
        else:
            return LookupAnswer(text, "error", self._filters.unknown_section(text).message)
        if not entries:
            return LookupAnswer(text, "empty", f"{where} has no papers yet.")
        return LookupAnswer(
            text, "paper", f"By chance, from {where}:", (chance.choice(entries),), 1
        )

    def listed(self, key: str, title: str) -> Entry | None:
        """The entry with the link of a key or, failing that, with the title."""
        if entries := self._by_key.get(key):
            return entries[0]
        return self._by_title.get(compact(title))

    def section_at_start(self, text: str) -> tuple[Place | None, str]:
        """The section that the first words name, and the other words; the longest name wins."""
        words = text.split()
        for count in range(min(len(words), _LONGEST_SECTION_NAME), 0, -1):
            if place := self._sections.find_or_at(" ".join(words[:count])):
                return place, " ".join(words[count:])
        return None, text.strip()

    @cached_property
    def _by_title(self) -> Mapping[str, Entry]:
        return {compact(entry.title): entry for entry in self.catalog.entries}

    @cached_property
    def _folded_names(self) -> Mapping[str, str]:
        return folded(entry.name or entry.title for entry in self.catalog.entries)

    @cached_property
    def _by_age(self) -> tuple[Entry, ...]:
        return tuple(sorted(self.catalog.entries, key=_age, reverse=True))

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[Entry, ...]]:
        entries: dict[str, tuple[Entry, ...]] = {}
        for entry in self.catalog.entries:
            if link := link_of(entry):
                keys = {link.key, f"doi:{(entry.doi or '').lower()}", f"arxiv:{entry.arxiv}"}
                for key in keys - {"doi:", "arxiv:None"}:
                    entries[key] = (*entries.get(key, ()), entry)
        return entries

    def _paper(self, text: str, link: Link) -> LookupAnswer:
        entries = self._by_key.get(link.key, ())
        if not entries:
            ids = (("arXiv", link.arxiv), ("DOI", link.doi))
            name = next((f"{kind} {value}" for kind, value in ids if value), link.url)
            return LookupAnswer(text, "empty", f"{name} is not on the list.", unlisted=link)
        message = f"{len(entries)} papers on the list share this link."
        if len(entries) == 1:
            where = [self.catalog.section_titles(path, _UNDER) for path in entries[0].sections]
            message = f"On the list, in {'; '.join(where)}."
        return LookupAnswer(text, "paper", message, entries, len(entries), 0, len(entries))

    def _section(self, words: str) -> Place | None:
        """The section that the words name; a paper's name wins over a derived name."""
        if place := self._sections.named(words):
            return place
        if self._index.has_name(words):
            return None
        return self._sections.find(words) or self._misspelled_section(words)

    def _misspelled_section(self, words: str) -> Place | None:
        if any(self._index.has_word(word) for word in spelling().analyze(words)):
            return None
        return self._sections.misspelled(words)

    def _section_answer(
        self, query: Query, place: Place, filters: tuple[Filter, ...], offset: int, limit: int
    ) -> LookupAnswer:
        """A whole section, its own entries before those of its subsections."""
        entries = self.catalog.within(place.path)
        if filters:
            entries = tuple(
                entry for entry in entries if all(each.passes(entry) for each in filters)
            )
        title = self.catalog.section_titles(place.path, _UNDER)
        if not entries:
            message = f"Nothing in {title} passes these filters."
            return LookupAnswer(query.text, "empty", message, place=place)
        narrowed = " with these filters" if filters else ""
        message = f"{pluralize(len(entries), 'paper')} in {title}{narrowed}."
        page = entries[offset : offset + limit]
        return LookupAnswer(
            query.text, "section", message, page, len(entries), offset, len(entries), place
        )

    def _search(
        self, query: Query, filters: tuple[Filter, ...], offset: int, limit: int
    ) -> LookupAnswer:
        groups = tuple(self._synonyms.groups(spelling().analyze(query.words)))
        terms = SearchTerms(query.words, groups, query.phrases, filters)
        hits = self._index.search(terms, offset, limit)
        if not hits.total:
            return LookupAnswer(query.text, "empty", self._no_result_message(query))
        results = tuple(self.catalog.entries[position] for position in hits.positions)
        message = _search_message(query, hits)
        return LookupAnswer(
            query.text, "search", message, results, hits.total, offset, hits.complete
        )

    def _no_result_message(self, query: Query) -> str:
        near = nearest_names(query.words or " ".join(query.phrases), self._folded_names)
        guess = f" Nearest names: {', '.join(near)}." if near else ""
        hint = " Fewer filters may find more." if query.has_filters else ""
        tops = ", ".join(section.title for section in self.catalog.info.sections)
        return (
            f"Nothing found for “{query.text}”.{hint}{guess} "
            f"The sections are: {tops}. If you know a paper on it, /papers suggest LINK."
        )


def _reference(text: str) -> Link | None:
    """The paper that the text refers to, also by an address with words around it."""
    if link := read_reference(text):
        return link
    addresses = [
        word
        for word in text.split()
        if word.lower().lstrip("<").startswith(("http://", "https://"))
    ]
    return read_reference(addresses[0]) if addresses else None


def _age(entry: Entry) -> tuple[str, str]:
    """The sort key of `recent`: the day of addition, then the arXiv id's month or the year."""
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
