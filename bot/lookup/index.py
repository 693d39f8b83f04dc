"""Full-text index of a catalog: tantivy, in memory, built once and then read-only.

A result that matches every group of the search terms comes before one that matches some.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from bot.catalog.links import read_link
from bot.catalog.model import Catalog, Entry, compact
from bot.lookup.analysis import compounds, spelling, stemming
from bot.lookup.ranking import QueryBuilder, SearchTerms, all_of, any_of

_LONGEST_NAME = 6  # words; a longer title is not also a name
_HEAP = 512_000_000  # bytes at most, while building; one large segment is searched fastest


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

    def __init__(self, catalog: Catalog) -> None:
        """Index every entry; a document's `position` is the entry's in the catalog."""
        schema = _schema()
        index = tantivy.Index(schema)
        index.register_tokenizer("stems", stemming())
        index.register_tokenizer("spelled", spelling())
        writer = index.writer(_HEAP, 1)
        documents = _Documents(catalog)
        for position, entry in enumerate(catalog.entries):
            writer.add_document(documents.document(position, entry))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()
        self._size = len(catalog.entries)
        self._queries = QueryBuilder(schema, self._searcher)

    def has_name(self, text: str) -> bool:
        """Tell whether a text is the name or title of an entry, without case and punctuation."""
        return self._queries.has_name(text)

    def has_word(self, word: str) -> bool:
        """Tell whether the list has the word, in any form and field."""
        return bool(stemming().analyze(word)) and self._queries.has_word(word)

    def search(self, terms: SearchTerms, offset: int, limit: int) -> Hits:
        """Find the entries for the terms, the complete matches first, each part best first.

        `offset` and `limit` may be any numbers: tantivy ends the process for some of them.
        """
        offset = min(max(offset, 0), self._size)
        limit = min(max(limit, 0), self._size - offset)
        build = self._queries
        required = [(Occur.Must, query) for query in build.required(terms)]
        if not terms.groups:
            return self._search_phrases(terms, required, offset, limit)
        has_all_words = all(build.has_word(word) for word in terms.words)
        names = build.names(terms.text, guess=not has_all_words)
        groups = build.groups(terms)
        bonus = [(Occur.Should, query) for query in (*names, *build.in_order(terms))]
        last = offset + limit
        whole = (Occur.Must, any_of([all_of(groups), *names]))
        best, complete = self._run([*required, whole, *bonus], 0, last)
        if len(groups) == 1:
            return Hits(best[offset:], complete, complete)
        some = (Occur.Must, any_of([self._half_of(terms, groups), *names]))
        if complete >= last:
            return Hits(best[offset:], self._count([*required, some]), complete)
        # Complete matches are among these too: a query that excludes them is much slower.
        ranked, total = self._run([*required, some, *bonus], 0, last)
        first = set(best)
        partial = (position for position in ranked if position not in first)
        return Hits((*best, *partial)[offset:last], total, complete)

    def _half_of(self, terms: SearchTerms, queries: Sequence[Query]) -> Query:
        """A match of at least half of the groups that any entry matches."""
        matched = [
            query
            for group, query in zip(terms.groups, queries, strict=True)
            if (len(group.words) == 1 and self._queries.has_word(group.words[0]))
            or self._queries.has_match(query)
        ]
        least = (len(matched) + 1) // 2
        return Query.boolean_query([(Occur.Should, query) for query in matched], least)

    def _search_phrases(
        self, terms: SearchTerms, required: list[tuple[Occur, Query]], offset: int, limit: int
    ) -> Hits:
        """Results for phrases and filters alone; for filters alone in the list's order."""
        if not terms.phrases:
            result = self._searcher.search(
                Query.boolean_query(required),
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

    def _count(self, parts: Sequence[tuple[Occur, Query]]) -> int:
        """The number of matching entries, without ranking them."""
        count = {"entries": {"value_count": {"field": "position"}}}
        result = self._searcher.aggregate(Query.boolean_query(parts), count)
        return int(result["entries"]["value"])


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
    for name in ("spelled_name", "spelled"):
        builder.add_text_field(name, tokenizer_name="spelled", index_option="basic")
    for name in ("key", "venue", "org", "section"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


class _Documents:
    """Index documents for the entries of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._names = {**catalog.info.venues, **catalog.info.orgs}
        self._section_texts = {
            path: " ".join((*place.titles, *place.section.aliases))
            for path, place in catalog.places.items()
        }

    def document(self, position: int, entry: Entry) -> tantivy.Document:
        """The document of the entry at this position of the list."""
        names = (*((entry.venue,) if entry.venue else ()), *entry.orgs)
        spellings = [spelling for name in names for spelling in (name, *self._names.get(name, ()))]
        sections = [self._section_texts[path] for path in entry.sections]
        about = " ".join([*sections, *spellings, *_edition(entry), entry.note or ""])
        name = entry.name or entry.title
        if len(name.split()) > _LONGEST_NAME:
            name = ""
        title_compounds = compounds(entry.title)
        return tantivy.Document(
            position=position,
            key=list({compact(text) for text in (entry.name, entry.title) if text}),
            name=f"{name} {compounds(name)}",
            title=entry.title,
            compound=title_compounds,
            about=about,
            link=_link_words(entry.url),
            spelled_name=f"{name} {compounds(name)}",
            spelled=f"{entry.title} {about} {title_compounds}",
            venue=[compact(entry.venue)] if entry.venue else [],
            org=[compact(org) for org in entry.orgs],
            section=[path for section in entry.sections for path in _path_and_parents(section)],
            year=[entry.year] if entry.year is not None else [],
        )


def _path_and_parents(path: str) -> list[str]:
    """A section's id path and those of the sections around it, the top one first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]


def _edition(entry: Entry) -> Iterator[str]:
    """The usual ways to write an edition: `OSDI 2024`, `OSDI '24`, `osdi24`."""
    if entry.year is not None:
        yield from (str(entry.year), f"{entry.year % 100:02d}")
        if entry.venue:
            yield f"{entry.venue}{entry.year % 100:02d}"


def _link_words(url: str | None) -> str:
    link = read_link(url) if url else None
    return link.url.removeprefix("https://") if link else ""
