"""The search index: tantivy over a catalog, in memory, with the ranking that people expect.

    typed words ──► slots: a word, or a term with its synonyms ──► one tantivy query
                      each slot may be met by any field, a compound, or, if the list does not have
                      the word at all, by a longer or a misspelled form of it

An exact name comes first, then a match in the name before one in the title, then section, venue,
organisation, note and link. Whoever meets every slot comes before who meets some.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import tantivy
from tantivy import Occur, Query

from bot.catalog.model import Catalog, compact
from bot.lookup.documents import Documents, index_schema
from bot.lookup.words import is_stopword, spelling, stemming

_WEIGHTS = {"name": 8.0, "title": 3.0, "compound": 2.5, "about": 1.2, "link": 0.4}
_EXACT = 10_000.0
_PHRASE = 4.0
_PREFIX, _SLIP, _TWO_SLIPS = 0.8, 0.7, 0.5
# The fewest letters of a word, and of a whole name, in which one or two slips are forgiven.
_LEAST_PREFIX = 4
_WORD_SLIPS = (4, 8)
_NAME_SLIPS = (3, 6)
_TELLING_NAME = 8
_HEAP = 512_000_000  # bytes at most, while building; a larger part is searched faster than several


@dataclass(frozen=True, slots=True)
class Terms:
    """What to search: slots in any order, phrases word by word, and what must hold besides."""

    text: str
    slots: tuple["Slot", ...]
    phrases: tuple[str, ...] = ()
    filters: tuple["Filter", ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing asked for: words that belong together, and what else means the same."""

    words: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Filter:
    """One of these values in a field (`venue`, `org`, `section`), or a span of years."""

    field: str
    values: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """Positions of entries, best first: the part that was asked for, and how many there are."""

    positions: tuple[int, ...]
    total: int
    complete: int


class Index:
    """A searchable catalog. Building takes about 0.1 ms an entry; it is read-only afterwards."""

    def __init__(self, catalog: Catalog) -> None:
        """Index every entry; a document's `position` is the entry's in the catalog."""
        self._schema = index_schema()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("stems", stemming())
        index.register_tokenizer("spelled", spelling())
        writer = index.writer(_HEAP, 1)
        context = Documents(catalog)
        for position, entry in enumerate(catalog.entries):
            writer.add_document(context.document(position, entry))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def has_name(self, text: str) -> bool:
        """Whether the text is the name or the title of an entry, written in any way."""
        key = compact(text)
        return bool(key) and self._searcher.doc_freq("key", key) > 0

    def is_word(self, word: str) -> bool:
        """Whether the list has the word, in any form and field."""
        return bool(stemming().analyze(word)) and self._knows(word)

    def search(self, terms: Terms, offset: int, limit: int) -> Hits:
        """The entries for the terms, best first; those that meet every slot before the others."""
        must = [(Occur.Must, query) for query in self._required(terms)]
        if not terms.slots:
            return self._without_slots(terms, must, offset, limit)
        known = [self._knows(word) for slot in terms.slots for word in slot.words]
        names = self._names(terms.text, guess=not all(known))
        slots = self._slots(terms.slots)
        every = [_all(slots), *names]
        bonus = [(Occur.Should, query) for query in (*names, *self._in_order(terms))]
        last = offset + limit
        whole, complete = self._run([*must, (Occur.Must, _any(every)), *bonus], 0, last)
        if len(slots) == 1:
            return Hits(whole[offset:], complete, complete)
        met = [
            query
            for slot, query in zip(terms.slots, slots, strict=True)
            if self._is_met(slot, query)
        ]
        some = Query.boolean_query([(Occur.Should, slot) for slot in met], (len(met) + 1) // 2)
        either = [*must, (Occur.Must, _any([some, *names]))]
        if complete >= last:
            return Hits(whole[offset:], self._number(either), complete)
        # These hold whoever meets every slot too: a query that excludes them is much slower.
        ranked, total = self._run([*either, *bonus], 0, last)
        first = set(whole)
        partly = (position for position in ranked if position not in first)
        return Hits((*whole, *partly)[offset:last], total, complete)

    def _without_slots(
        self, terms: Terms, must: list[tuple[Occur, Query]], offset: int, limit: int
    ) -> Hits:
        if not terms.phrases:
            return self._in_list_order(must, offset, limit)
        names = self._names(" ".join(terms.phrases), guess=False)
        positions, total = self._run(
            [*must, *((Occur.Should, name) for name in names)], offset, limit
        )
        return Hits(positions, total, total)

    def _run(
        self, parts: Sequence[tuple[Occur, Query]], offset: int, limit: int
    ) -> tuple[tuple[int, ...], int]:
        found = self._searcher.search(Query.boolean_query(parts), max(limit, 1), offset=offset)
        addresses = [address for _, address in found.hits][: max(limit, 0)]
        positions = self._searcher.fast_field_values("position", addresses)
        return tuple(int(position or 0) for position in positions), _count(found)

    def _number(self, parts: Sequence[tuple[Occur, Query]]) -> int:
        """How many entries there are, without ranking them."""
        count = {"entries": {"value_count": {"field": "position"}}}
        found = self._searcher.aggregate(Query.boolean_query(parts), count)
        return int(found["entries"]["value"])

    def _is_met(self, slot: "Slot", query: Query) -> bool:
        return (len(slot.words) == 1 and self._knows(slot.words[0])) or self._finds(query)

    def _finds(self, query: Query) -> bool:
        return bool(self._searcher.search(query, 1, count=False).hits)

    def _knows(self, word: str) -> bool:
        stem = stemming().analyze(word)[0]
        return any(self._searcher.doc_freq(name, stem) for name in _WEIGHTS)

    def _in_list_order(self, must: Sequence[tuple[Occur, Query]], offset: int, limit: int) -> Hits:
        found = self._searcher.search(
            Query.boolean_query(must),
            limit,
            order_by_field="position",
            order=tantivy.Order.Asc,
            offset=offset,
        )
        positions = tuple(int(position) for position, _ in found.hits)
        return Hits(positions, _count(found), _count(found))

    def _required(self, terms: Terms) -> Iterator[Query]:
        for one in terms.filters:
            yield Query.const_score_query(_any([*self._values(one), *self._spans(one)]), 0.0)
        for phrase in terms.phrases:
            if phrase_query := self._phrase(phrase):
                yield phrase_query

    def _values(self, one: Filter) -> Iterator[Query]:
        return (Query.term_query(self._schema, one.field, value) for value in one.values)

    def _spans(self, one: Filter) -> Iterator[Query]:
        kind = tantivy.FieldType.Integer
        return (
            Query.range_query(self._schema, one.field, kind, first, last)
            for first, last in one.spans
        )

    def _phrase(self, phrase: str) -> Query | None:
        stems = stemming().analyze(phrase)
        if not stems:
            return None
        return Query.disjunction_max_query(
            [
                Query.boost_query(self._words_in_order(name, stems), _WEIGHTS[name])
                for name in ("name", "title", "about")
            ]
        )

    def _words_in_order(self, name: str, stems: list[str]) -> Query:
        if len(stems) == 1:
            return Query.term_query(self._schema, name, stems[0])
        return Query.phrase_query(self._schema, name, list(stems))

    def _names(self, text: str, *, guess: bool) -> list[Query]:
        """An exact name or title above all; a misspelled one where the words are not known."""
        key = compact(text)
        if not key:
            return []
        exact = Query.term_query(self._schema, "key", key)
        if self.has_name(text):
            return [Query.const_score_query(exact, _EXACT)]
        slips = (
            sum(len(key) >= least for least in _NAME_SLIPS) if guess else len(key) >= _TELLING_NAME
        )
        for distance in range(1, slips + 1):
            alike = Query.fuzzy_term_query(self._schema, "key", key, distance)
            if self._finds(alike):
                return [Query.const_score_query(alike, _EXACT / 10)]
        return []

    def _in_order(self, terms: Terms) -> Iterator[Query]:
        """Words that stand together as they were typed."""
        typed = [stemming().analyze(word)[0] for slot in terms.slots for word in slot.words]
        if len(typed) > 1:
            yield Query.boost_query(
                Query.phrase_query(self._schema, "title", list(typed)), _PHRASE
            )

    def _slots(self, slots: Sequence[Slot]) -> list[Query]:
        """A query a slot; neighbouring words may also stand as one (`flash attention`)."""
        words = [word for slot in slots for word in slot.words]
        joined = {
            pair: self._fields(stem)
            for pair in pairwise(words)
            if self._with(stem := stemming().analyze("".join(pair))[0])
        }
        queries = []
        at = 0
        for slot in slots:
            last = at + len(slot.words)
            together = [
                _best([self._word(words[here]), *_near(words, here, joined)])
                for here in range(at, last)
            ]
            ways = [_all(together), *self._meaning(slot)]
            queries.append(_best(ways))
            at = last
        return queries

    def _meaning(self, slot: Slot) -> Iterator[Query]:
        """The slot's synonyms, as far as the list has all of their words."""
        for rank, synonym in enumerate(slot.synonyms):
            words = (word for word in synonym if not is_stopword(word))
            stems = [stem for word in words for stem in stemming().analyze(word)]
            if stems and all(self._with(stem) for stem in stems):
                exactly = _all([self._fields(stem) for stem in stems])
                yield Query.boost_query(exactly, max(0.3, 0.9 - rank / 10))

    def _word(self, word: str) -> Query:
        """A word in any field; if the list lacks it, what begins with it or is spelled alike."""
        if not self._knows(word):
            for guess in _guesses(word):
                # `spelled` holds every word of `spelled_name`: one look is enough.
                if self._finds(self._alike("spelled", word, guess)):
                    return self._guessed(word, guess)
        return self._fields(stemming().analyze(word)[0])

    def _guessed(self, word: str, guess: "_Guess") -> Query:
        return Query.disjunction_max_query(
            [
                Query.const_score_query(self._alike(name, word, guess), guess.weight * boost)
                for name, boost in (("spelled_name", 20.0), ("spelled", 6.0))
            ]
        )

    def _alike(self, name: str, word: str, guess: "_Guess") -> Query:
        return Query.fuzzy_term_query(
            self._schema, name, word, guess.slips, prefix=guess.is_beginning
        )

    def _with(self, stem: str) -> list[str]:
        """The fields in which any entry has the stem."""
        return [name for name in _WEIGHTS if self._searcher.doc_freq(name, stem)]

    def _fields(self, stem: str) -> Query:
        ways = [
            Query.boost_query(Query.term_query(self._schema, name, stem), _WEIGHTS[name])
            for name in self._with(stem)
        ]
        return _best(ways, 0.05) if ways else Query.empty_query()


@dataclass(frozen=True, slots=True)
class _Guess:
    """A way in which a word that the list lacks may be meant."""

    weight: float
    slips: int
    is_beginning: bool = False


def _guesses(word: str) -> Iterator[_Guess]:
    if len(word) >= _LEAST_PREFIX:
        yield _Guess(_PREFIX, 0, is_beginning=True)
    if len(word) >= _WORD_SLIPS[0]:
        yield _Guess(_SLIP, 1)
    if len(word) >= _WORD_SLIPS[1]:
        yield _Guess(_TWO_SLIPS, 2)


def _count(found: tantivy.SearchResult) -> int:
    return int(found.count or 0)  # type: ignore[attr-defined]  # tantivy's stub leaves it out


def _best(queries: Sequence[Query], others: float = 0.0) -> Query:
    """Whichever scores best, with a share of the others; a single one costs no layer more."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, others)


def _all(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _near(
    words: Sequence[str], at: int, joined: Mapping[tuple[str, str], Query]
) -> Iterator[Query]:
    """The compounds that a word makes with its neighbours."""
    for first in (at - 1, at):
        if 0 <= first < len(words) - 1 and (words[first], words[first + 1]) in joined:
            yield joined[words[first], words[first + 1]]


def _any(queries: Iterable[Query]) -> Query:
    queries = list(queries)
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])
