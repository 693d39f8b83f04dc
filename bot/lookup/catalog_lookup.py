"""Answers to lookups in one catalog.

text ──► an id, DOI or URL    that paper
     ──► a section's name     that section, in the list's order
     ──► anything else        a search, best results first
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain
from random import Random

from bot.catalog.identity import link_of, year_of
from bot.catalog.model import Catalog, Entry, Place
from bot.catalog.names import KnownNames
from bot.lookup.analysis import folded, is_stopword, nearest_names, spelling, stemming
from bot.lookup.answers import LookupAnswer, Page, search_message, unlisted
from bot.lookup.citations import cited_title
from bot.lookup.filters import Filter, FilterResolver
from bot.lookup.index import SearchIndex
from bot.lookup.paper_finder import PaperFinder, age_key
from bot.lookup.query import LONGEST, Query, QueryMistake, misspelled_filter, parse, unfiltered
from bot.lookup.references import find_references
from bot.lookup.sections import SectionIndex
from bot.lookup.synonyms import Synonyms, shipped_nicknames, shipped_synonyms
from bot.lookup.terms import TermReader
from bot.lookup.years import YearWords, read_years
from bot.text import pluralize

_UNDER = " › "
_LONGEST_SECTION_NAME = 8  # words
_NO_YEAR = 2000  # of a list without years


class CatalogLookup:
    """Answers queries over one catalog. Immutable: a changed catalog needs a new one."""

    def __init__(self, catalog: Catalog, shipped: KnownNames) -> None:
        """Index a catalog; `shipped` are venue and organisation names beyond the list's own."""
        self.catalog = catalog
        names = KnownNames.of(catalog.info).merged(shipped_nicknames()).merged(shipped)
        self._index = SearchIndex(catalog, names)
        self._sections = SectionIndex(catalog.places.values())
        nicknames = shipped_nicknames().orgs.spellings
        labs = [[name, *others] for name, others in nicknames.items()]
        synonyms = Synonyms([*catalog.info.synonyms, *shipped_synonyms(), *labs])
        self._terms = TermReader(catalog, self._index, synonyms, names)
        self._papers = PaperFinder(catalog, self._index)
        self._filters = FilterResolver(catalog, names, self._sections)

    def answer(
        self,
        text: str,
        *,
        offset: int = 0,
        limit: int | None = None,
        today: dt.date | None = None,
    ) -> LookupAnswer:
        """Answer a query with `limit` results from `offset` on, or with all of them.

        Both may be any numbers, also negative ones, which count as 0. `today` is the day of
        `this year`; without it, the year of the newest entry is.
        """
        limit = len(self.catalog.entries) if limit is None else max(limit, 0)
        page = Page(max(offset, 0), limit)
        text = " ".join(text.split())
        if not text:
            return LookupAnswer(text, "empty", self.overview())
        if len(text) <= LONGEST and self._index.has_name(text):
            return self._parsed(unfiltered(text), page, today)
        if answer := self._cited(text, today):
            return answer
        query = parse(self._filters.quote_names(text))
        if isinstance(query, QueryMistake):
            return LookupAnswer(text, "error", query.message)
        return self._parsed(query, page, today)

    def command(self, text: str, chance: Random, today: dt.date | None = None) -> LookupAnswer:
        """Answer what a person types after `/papers`, with the verbs that only look up."""
        verb, _, words = " ".join(text.split()).partition(" ")
        match verb.lower():
            case "recent":
                return self.recent(words, limit=len(self.catalog.entries), today=today)
            case "random":
                return self.random(words, chance)
            case _:
                return self.answer(text, today=today)

    def _cited(self, text: str, today: dt.date | None) -> LookupAnswer | None:
        """The papers that a text refers to or cites; None for a text that does neither."""
        references, rest = find_references(text)
        title = cited_title(text) or ""
        if entries := self._papers.cited(references, title, text, rest):
            return self._paper_answer(text, entries)
        if references:
            named = self.answer(rest, today=today) if rest and len(rest) <= LONGEST else None
            is_named = named and any(self._papers.is_named(rest, e) for e in named.results[:1])
            return named if is_named else unlisted(text, references[0].link)
        message = f"“{title[:LONGEST]}” is not on the list."
        return LookupAnswer(text, "empty", message) if title else None

    def _parsed(self, query: Query, page: Page, today: dt.date | None) -> LookupAnswer:
        """The answer to a parsed query; years among its words narrow it where they can."""
        filters = self._filters.resolve(query)
        if isinstance(filters, QueryMistake):
            return LookupAnswer(query.text, "error", filters.message)
        years = read_years(query.words, today or self._newest_day, self._terms.venue_names)
        if self._index.has_name(query.words):
            years = YearWords(query.words)
        plain = replace(
            query, words=years.text, newest_first=query.newest_first or years.newest_first
        )
        telling = [plain.words, *self._terms.shorter(plain.words)][-1]
        if telling and (venue := self._filters.venue_filter(telling)):
            plain, filters = replace(plain, words=""), (*filters, venue)
        if not years.spans:
            return self._answer(plain, filters, page)
        spans = tuple((span.first, span.last) for span in years.spans)
        narrowed = (*filters, Filter("year", spans=spans))
        named = self._terms.read(plain, narrowed).named
        answer = self._answer(plain, filters if named else narrowed, page)
        if answer.total or not (plain.words or filters):
            return answer
        wider = self._answer(replace(plain, newest_first=True), filters, page)
        message = f"Nothing of these years. {wider.message}"
        return replace(wider, message=message, complete=0) if wider.total else answer

    def _answer(self, query: Query, filters: tuple[Filter, ...], page: Page) -> LookupAnswer:
        if query.words and not query.phrases:
            for words in chain((query.words,), self._terms.shorter(query.words)):
                if place := self._section(words):
                    return self._section_answer(query, words, place, filters, page)
        return self._search(query, filters, page)

    def overview(self) -> str:
        """The sections with their numbers of papers, a line each."""
        lines = [
            f"{'   ' * (place.depth - 1)}{place.section.title}: {len(self.catalog.within(path))}"
            for path, place in self.catalog.places.items()
        ]
        papers = pluralize(len(self.catalog.entries), "paper")
        return f"{self.catalog.info.title} holds {papers}:\n" + "\n".join(lines)

    def recent(
        self, text: str = "", *, offset: int = 0, limit: int = 10, today: dt.date | None = None
    ) -> LookupAnswer:
        """The entries added last, then those without a date of addition, newest paper first.

        A text narrows them to a section or by filters, as in `answer`.
        """
        if text.strip():
            return self.answer(f"{text} sort:new", offset=offset, limit=limit, today=today)
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
        return self._papers.listed(key, title)

    def paper(self, entry: Entry) -> LookupAnswer:
        """The answer that is one entry, with its sections."""
        return self._paper_answer(entry.title, (entry,))

    def similar(self, entry: Entry, limit: int = 3) -> tuple[Entry, ...]:
        """The listed papers whose titles have most in common with that of an entry."""
        return self._papers.similar(entry, limit)

    def section_at_start(self, text: str) -> tuple[Place | None, str]:
        """The section that the first words name, and the other words; the longest name wins."""
        words = text.split()
        for count in range(min(len(words), _LONGEST_SECTION_NAME), 0, -1):
            if place := self._sections.find_or_at(" ".join(words[:count])):
                return place, " ".join(words[count:])
        return None, text.strip()

    @cached_property
    def _folded_names(self) -> Mapping[str, str]:
        return folded(entry.name or entry.title for entry in self.catalog.entries)

    @cached_property
    def _by_age(self) -> tuple[Entry, ...]:
        return tuple(sorted(self.catalog.entries, key=age_key, reverse=True))

    @cached_property
    def _newest_day(self) -> dt.date:
        years = (year_of(self.catalog, entry) for entry in self.catalog.entries)
        return dt.date(max((year for year in years if year), default=_NO_YEAR), 12, 31)

    def _paper_answer(self, text: str, entries: tuple[Entry, ...]) -> LookupAnswer:
        message = f"{len(entries)} papers on the list share this link."
        if len(entries) == 1:
            where = [self.catalog.section_titles(path, _UNDER) for path in entries[0].sections]
            message = f"On the list, in {'; '.join(where)}."
        elif len({link.key for entry in entries if (link := link_of(entry))}) > 1:
            message = f"{len(entries)} papers on the list."
        query = text if len(text) <= LONGEST else entries[0].title
        return LookupAnswer(query, "paper", message, entries, len(entries), 0, len(entries))

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
        self, query: Query, words: str, place: Place, filters: tuple[Filter, ...], page: Page
    ) -> LookupAnswer:
        """A whole section, its own entries before those of its subsections.

        If the words are not its title, papers elsewhere with the words in their titles follow.
        """
        own = self._passing(self.catalog.within(place.path), query, filters)
        others: tuple[Entry, ...] = ()
        if not self._sections.is_titled(place, words):
            others = self._elsewhere(query, words, filters, own)
        title = self.catalog.section_titles(place.path, _UNDER)
        narrowed = " with these filters" if filters or query.excluded else ""
        if not own and not others:
            message = f"Nothing in {title} passes these filters."
            return LookupAnswer(query.text, "empty", message, place=place)
        message = f"{pluralize(len(own), 'paper')} in {title}{narrowed}"
        if others:
            message += f", then {len(others)} with these words in the title"
        ordered = self._ordered(own, query) + self._ordered(others, query)
        return LookupAnswer(
            query.text, "section", f"{message}.", page.of(ordered), len(ordered), page.offset,
            len(ordered), place,
        )  # fmt: skip

    def _passing(
        self, entries: tuple[Entry, ...], query: Query, filters: tuple[Filter, ...]
    ) -> tuple[Entry, ...]:
        if not filters and not query.excluded:
            return entries
        unwanted = [set(stemming().analyze(phrase)) for phrase in query.excluded]
        return tuple(
            entry
            for entry in entries
            if all(each.passes(self.catalog, entry) for each in filters)
            and not any(words <= set(stemming().analyze(entry.title)) for words in unwanted)
        )

    def _elsewhere(
        self, query: Query, words: str, filters: tuple[Filter, ...], own: tuple[Entry, ...]
    ) -> tuple[Entry, ...]:
        """The papers outside a section that have all the words in their titles."""
        stems = [stem for stem in stemming().analyze(words) if not is_stopword(stem)]
        positions = self._index.with_title_words(stems) if stems else ()
        listed = {id(entry) for entry in own}
        entries = (self.catalog.entries[position] for position in positions)
        others = tuple(entry for entry in entries if id(entry) not in listed)
        return self._passing(others, query, filters)

    def _ordered(self, entries: tuple[Entry, ...], query: Query) -> tuple[Entry, ...]:
        return tuple(sorted(entries, key=age_key, reverse=True)) if query.newest_first else entries

    def _search(self, query: Query, filters: tuple[Filter, ...], page: Page) -> LookupAnswer:
        terms = self._terms.read(query, filters)
        asks = terms.groups or terms.named or terms.phrases or terms.filters or terms.excluded
        if not asks and not query.newest_first:
            return LookupAnswer(query.text, "empty", self._no_result_message(query))
        if query.newest_first:
            hits = self._index.search(terms, 0, max(1, len(self.catalog.entries)))
            found = tuple(self.catalog.entries[position] for position in hits.positions)
            kept = self._ordered(found[: hits.complete] or found, query)
            results, hits = page.of(kept), replace(hits, total=len(kept), complete=len(kept))
        else:
            hits = self._index.search(terms, page.offset, page.limit)
            results = tuple(self.catalog.entries[position] for position in hits.positions)
        if not hits.total:
            if uncited := self._terms.without_citation(query.words):
                return self._search(replace(query, words=uncited), filters, page)
            return LookupAnswer(query.text, "empty", self._no_result_message(query))
        message = search_message(query, hits)
        return LookupAnswer(
            query.text, "search", message, results, hits.total, page.offset, hits.complete
        )

    def _no_result_message(self, query: Query) -> str:
        near = nearest_names(query.words or " ".join(query.phrases), self._folded_names)
        guess = f" Nearest names: {', '.join(near)}." if near else ""
        hint = " Fewer filters may find more." if query.has_filters else ""
        if intended := misspelled_filter(query.text):
            hint += f" Did you mean `{intended}`?"
        tops = ", ".join(section.title for section in self.catalog.info.sections)
        return (
            f"Nothing found for “{query.text}”.{hint}{guess} "
            f"The sections are: {tops}. If you know a paper on it, /papers suggest LINK."
        )
