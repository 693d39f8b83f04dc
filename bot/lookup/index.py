"""Full-text index of a catalog: tantivy, in memory, built once and then read-only.

A result that matches every group of the search terms comes before one that matches some.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from bot.catalog.identity import facts_of, year_of
from bot.catalog.links import read_link
from bot.catalog.model import Catalog, Entry, compact, name_of
from bot.catalog.names import KnownNames
from bot.lookup.analysis import compounds, spelling, stemming
from bot.lookup.evidence import EvidenceBuilder, least_evidence, necessary
from bot.lookup.people import name_words, person_keys
from bot.lookup.ranking import QueryBuilder, all_of, any_of
from bot.lookup.search_terms import SearchTerms

_LONGEST_NAME = 2  # words; a longer title is not also a name
_LONGEST_MENTION = 12  # words of a name or title that is looked for within a text
_LEAST_TITLE = 4  # words of a whole title beside which nothing else is a result
_SAME_NAME = 20  # entries of one name at most
_ENOUGH = 25  # complete matches; with as many, nobody needs those with some of the words
_MOST_PARTIAL = 300  # results with some of the words
_HEAP = 512_000_000  # bytes at most, while building; one large segment is searched fastest


@dataclass(frozen=True, slots=True)
class Mention:
    """A listed name or title among the words of a text, from word `start` to before `end`."""

    key: str
    start: int
    end: int
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """Positions of entries in the catalog, best first: a page of `total` results.

    The first `complete` results match every group of the search terms.
    """

    positions: tuple[int, ...]
    total: int
    complete: int


class SearchIndex:
    """The entries of one catalog, searchable. Building takes about 0.1 ms an entry."""

    def __init__(self, catalog: Catalog, names: KnownNames) -> None:
        """Index every entry; a document's `position` is the entry's in the catalog."""
        schema = _schema()
        index = tantivy.Index(schema)
        index.register_tokenizer("stems", stemming())
        index.register_tokenizer("spelled", spelling())
        writer = index.writer(_HEAP, 1)
        documents = _Documents(catalog, names)
        for position, entry in enumerate(catalog.entries):
            writer.add_document(documents.document(position, entry))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._size = len(catalog.entries)
        self._queries = QueryBuilder(schema, self._searcher)
        self._evidence = EvidenceBuilder(schema, self._searcher, self._queries)

    def has_name(self, text: str) -> bool:
        """Tell whether a text is the name or title of an entry, without case and punctuation."""
        return self._queries.has_name(text)

    def has_word(self, word: str) -> bool:
        """Tell whether the list has the word, in any form and field."""
        return bool(stemming().analyze(word)) and self._queries.has_word(word)

    def names_in(self, words: Sequence[str]) -> list[Mention]:
        """The names and titles among the words of a text, the longest first, none overlapping."""
        mentions: list[Mention] = []
        parts = [compact(word) for word in words]
        at = 0
        while at < len(words):
            sizes = range(min(_LONGEST_MENTION, len(words) - at), 0, -1)
            keys = (("".join(parts[at : at + size]), size) for size in sizes)
            has_key = self._queries.has_key
            key, size = next(((key, size) for key, size in keys if has_key(key)), ("", 1))
            if key:
                mentions.append(Mention(key, at, at + size, self.entries_of(key)))
            at += size
        return mentions

    def entries_of(self, key: str) -> tuple[int, ...]:
        """The positions of the entries with a name or title of this key."""
        named = self._queries.named([key])
        return self._run([(Occur.Must, query) for query in named], 0, _SAME_NAME)[0]

    def has_person(self, key: str) -> bool:
        """Tell whether the list has an author with a key of `people.py`."""
        return self._searcher.doc_freq("person" if " " in key else "author", key) > 0

    def with_title_words(self, stems: Sequence[str]) -> tuple[int, ...]:
        """The entries that have all of these stems in their titles, best first."""
        query = self._queries.title_words(stems)
        return self._run([(Occur.Must, query)], 0, _MOST_PARTIAL)[0]

    def nearest(self, terms: SearchTerms, limit: int) -> tuple[int, ...]:
        """The entries with the most evidence for the terms, however little."""
        evidence = [
            (Occur.Should, group.query) for group in self._evidence.groups(terms, guess=False)
        ]
        return self._run(evidence, 0, limit)[0] if evidence else ()

    def search(self, terms: SearchTerms, offset: int, limit: int) -> Hits:
        """Find the entries for the terms, the complete matches first, each part best first.

        `offset` and `limit` may be any numbers: tantivy ends the process for some of them.
        """
        offset = min(max(offset, 0), self._size)
        limit = min(max(limit, 0), self._size - offset)
        build = self._queries
        required = list(build.required(terms))
        if not terms.groups and not terms.named:
            return self._search_phrases(terms, required, offset, limit)
        if len(terms.words) >= _LEAST_TITLE and self.has_name(terms.text):
            exact = [(Occur.Must, query) for query in build.named([compact(terms.text)])]
            positions, total = self._run([*required, *exact], offset, limit)
            if total:
                return Hits(positions, total, total)
        has_all_words = all(build.has_word(word) for word in terms.words)
        names = build.named(terms.named) or build.names(terms.text, guess=not has_all_words)
        if not names and len(terms.words) == 1 and self._evidence.is_guess(terms):
            return Hits((), 0, 0)
        groups = build.groups(terms)
        bonus = [(Occur.Should, query) for query in (*names, *build.in_order(terms))]
        last = offset + limit
        all_words = [all_of(groups)] if groups else []
        whole = (Occur.Must, any_of([*all_words, *names]))
        best, complete = self._run([*required, whole, *bonus], 0, last)
        names_venue = not terms.named and any(group.weight < 1 for group in terms.groups)
        if len(terms.words) <= 1 or complete >= _ENOUGH or (complete and names_venue):
            return Hits(best[offset:], complete, complete)
        partial = self._partial(required, terms)
        if complete > last:
            best, _ = self._run([*required, whole, *bonus], 0, complete)
        first = set(best)
        others = [position for position in partial if position not in first]
        return Hits((*best, *others)[offset:last], complete + len(others), complete)

    def _partial(self, required: list[tuple[Occur, Query]], terms: SearchTerms) -> list[int]:
        """The entries with enough evidence, the most first: complete matches among them."""
        groups = self._evidence.groups(terms)
        least = least_evidence(groups)
        parts = [
            *required,
            (Occur.Must, Query.const_score_query(any_of(necessary(groups, least)), 0.0)),
            *((Occur.Should, group.query) for group in groups),
        ]
        result = self._searcher.search(Query.boolean_query(parts), _MOST_PARTIAL, count=False)
        addresses = [address for score, address in result.hits if float(score) >= least]
        positions = self._searcher.fast_field_values("position", addresses)
        return [int(position or 0) for position in positions]

    def _search_phrases(
        self, terms: SearchTerms, required: list[tuple[Occur, Query]], offset: int, limit: int
    ) -> Hits:
        """Results for phrases and filters alone; for filters alone in the list's order."""
        if not terms.phrases:
            everything = (Occur.Must, Query.const_score_query(Query.all_query(), 0.0))
            result = self._searcher.search(
                Query.boolean_query([everything, *required]),
                max(limit, 1),
                order_by_field="position",
                order=tantivy.Order.Asc,
                offset=offset,
            )
            positions = tuple(int(position) for position, _ in result.hits)[:limit]
            return Hits(positions, _total(result), _total(result))
        names = self._queries.names(" ".join(terms.phrases), guess=False)
        bonus = [(Occur.Should, name) for name in names]
        positions, total = self._run([*required, *bonus], offset, limit)
        return Hits(positions, total, total)

    def _run(
        self, parts: Sequence[tuple[Occur, Query]], offset: int, limit: int
    ) -> tuple[tuple[int, ...], int]:
        result = self._searcher.search(Query.boolean_query(parts), max(limit, 1), offset=offset)
        addresses = [address for _, address in result.hits][: max(limit, 0)]
        positions = self._searcher.fast_field_values("position", addresses)
        return tuple(int(position or 0) for position in positions), _total(result)


def _total(result: tantivy.SearchResult) -> int:
    return int(result.count or 0)  # type: ignore[attr-defined]  # tantivy's stub leaves it out


def _schema() -> tantivy.Schema:
    """The fields of the index, each with its tokenizer."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("position", fast=True)
    builder.add_integer_field("year", indexed=True, fast=True)
    for name in ("name", "title", "about"):
        builder.add_text_field(name, tokenizer_name="stems")
    for name in ("compound", "link"):
        builder.add_text_field(name, tokenizer_name="stems", index_option="freq")
    for name in ("spelled_name", "spelled", "author"):
        builder.add_text_field(name, tokenizer_name="spelled", index_option="basic")
    for name in ("key", "venue", "org", "section", "person"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


class _Documents:
    """Index documents for the entries of one catalog."""

    def __init__(self, catalog: Catalog, names: KnownNames) -> None:
        self._catalog = catalog
        self._names = {**names.venues.spellings, **names.orgs.spellings}
        self._section_texts = {
            path: " ".join((*place.titles, *place.section.aliases))
            for path, place in catalog.places.items()
        }

    def document(self, position: int, entry: Entry) -> tantivy.Document:
        """The document of the entry at this position of the list."""
        names = (*((entry.venue,) if entry.venue else ()), *entry.orgs)
        spellings = [spelling for name in names for spelling in (name, *self._names.get(name, ()))]
        sections = [self._section_texts[path] for path in entry.sections]
        facts = facts_of(self._catalog, entry)
        year = year_of(self._catalog, entry)
        about = " ".join([*sections, *spellings, *_edition(entry, year), entry.note or ""])
        alias = facts.title or ""
        is_name = len(entry.title.split()) <= _LONGEST_NAME
        name = entry.name or (entry.title if is_name else "")
        title_compounds = " ".join(compounds(title) for title in (entry.title, alias) if title)
        own_names = (entry.name, entry.title, alias, name_of(alias))
        return tantivy.Document(
            position=position,
            key=list({compact(text) for text in own_names if text}),
            name=f"{name} {compounds(name)}",
            title=[entry.title, alias] if alias else entry.title,
            compound=title_compounds,
            about=about,
            link=_link_words(entry.url),
            spelled_name=f"{name} {compounds(name)}",
            spelled=f"{entry.title} {alias} {about} {title_compounds}",
            author=[" ".join(name_words(name)) for name in facts.authors],
            person=list({key for name in facts.authors for key in person_keys(name)}),
            venue=[compact(entry.venue)] if entry.venue else [],
            org=[compact(org) for org in entry.orgs],
            section=[path for section in entry.sections for path in _path_and_parents(section)],
            year=[year] if year is not None else [],
        )


def _path_and_parents(path: str) -> list[str]:
    """A section's id path and those of the sections around it, the top one first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _edition(entry: Entry, year: int | None) -> Iterator[str]:
    """The usual ways to write an edition: `OSDI 2024`, `OSDI '24`, `osdi24`."""
    if year is not None:
        yield str(year)
    if entry.year is not None:
        yield f"{entry.year % 100:02d}"
        if entry.venue:
            yield f"{entry.venue}{entry.year % 100:02d}"


def _link_words(url: str | None) -> str:
    link = read_link(url) if url else None
    return link.url.removeprefix("https://") if link else ""
