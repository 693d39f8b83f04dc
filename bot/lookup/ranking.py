"""Ranking of search results, as tantivy queries: what matches, and how much each match counts.

    search terms ──► groups: a word, or a term with its synonyms ──► one query a group
                       a group may match in any field, as a compound, or, if the list lacks the
                       word, by a longer or a misspelled form of it

An exact name comes first, then a match in the name before one in the title, then section, venue,
organisation, note and link.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import tantivy
from tantivy import Occur, Query

from bot.catalog.model import compact
from bot.lookup.analysis import is_stopword, stemming
from bot.lookup.filters import Filter

_WEIGHTS = {"name": 8.0, "title": 3.0, "compound": 2.5, "about": 1.2, "link": 0.4}
_EXACT_NAME = 10_000.0
_MISSPELLED_NAME = _EXACT_NAME / 10
_WORDS_IN_ORDER = 4.0
_PREFIX, _ONE_SLIP, _TWO_SLIPS = 0.8, 0.7, 0.5
# The least letters of a word, and of a whole name, for which one and two slips are forgiven.
_LEAST_PREFIX = 4
_WORD_SLIPS = (4, 8)
_NAME_SLIPS = (3, 6)
_LONG_NAME = 8  # letters; a slip in it is forgiven even where the list has all of its words


@dataclass(frozen=True, slots=True)
class TermGroup:
    """One term of a search: words that belong together, and the term's synonyms."""

    words: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """A search: groups in any order, phrases word by word, and filters."""

    text: str
    groups: tuple[TermGroup, ...]
    phrases: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def words(self) -> list[str]:
        """The words of all groups, as typed."""
        return [word for group in self.groups for word in group.words]


class QueryBuilder:
    """tantivy queries over one index; which ones depends on the words that the index has."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema, self._searcher = schema, searcher

    def has_name(self, text: str) -> bool:
        """Whether the text is the name or title of an entry, apart from case and punctuation."""
        key = compact(text)
        return bool(key) and self._searcher.doc_freq("key", key) > 0

    def has_word(self, word: str) -> bool:
        """Whether any entry has the word or a form of it. It must have a letter or digit."""
        return bool(self._fields_with(_stem(word)))

    def has_match(self, query: Query) -> bool:
        """Whether any entry matches a query."""
        return bool(self._searcher.search(query, 1, count=False).hits)

    def required(self, terms: SearchTerms) -> Iterator[Query]:
        """What every result must match: the filters, without a score, and the phrases."""
        for condition in terms.filters:
            ways = [*self._values(condition), *self._spans(condition)]
            yield Query.const_score_query(any_of(ways), 0.0)
        for phrase in terms.phrases:
            if stems := stemming().analyze(phrase):
                yield Query.disjunction_max_query(
                    [
                        Query.boost_query(self._in_sequence(name, stems), _WEIGHTS[name])
                        for name in ("name", "title", "about")
                    ]
                )

    def _values(self, condition: Filter) -> Iterator[Query]:
        for value in condition.values:
            yield Query.term_query(self._schema, condition.field, value)

    def _spans(self, condition: Filter) -> Iterator[Query]:
        kind = tantivy.FieldType.Integer
        for first, last in condition.spans:
            yield Query.range_query(self._schema, condition.field, kind, first, last)

    def _in_sequence(self, name: str, stems: list[str]) -> Query:
        if len(stems) == 1:
            return Query.term_query(self._schema, name, stems[0])
        return Query.phrase_query(self._schema, name, list(stems))

    def names(self, text: str, *, guess: bool) -> list[Query]:
        """The exact name or title, above all else; with `guess` also a misspelled one."""
        key = compact(text)
        if not key:
            return []
        if self.has_name(text):
            exact = Query.term_query(self._schema, "key", key)
            return [Query.const_score_query(exact, _EXACT_NAME)]
        slips = (
            sum(len(key) >= least for least in _NAME_SLIPS) if guess else len(key) >= _LONG_NAME
        )
        for distance in range(1, slips + 1):
            similar = Query.fuzzy_term_query(self._schema, "key", key, distance)
            if self.has_match(similar):
                return [Query.const_score_query(similar, _MISSPELLED_NAME)]
        return []

    def in_order(self, terms: SearchTerms) -> list[Query]:
        """A bonus for titles with the words next to each other and in the order typed."""
        stems = [_stem(word) for word in terms.words]
        if len(stems) <= 1:
            return []
        phrase = Query.phrase_query(self._schema, "title", list(stems))
        return [Query.boost_query(phrase, _WORDS_IN_ORDER)]

    def groups(self, terms: SearchTerms) -> list[Query]:
        """A query a group; neighbouring words also match as one (`flash attention`)."""
        words = terms.words
        joined = {
            pair: self._in_fields(stem)
            for pair in pairwise(words)
            if self._fields_with(stem := _stem("".join(pair)))
        }
        queries = []
        first = 0
        for group in terms.groups:
            last = first + len(group.words)
            together = [
                _best_of([self._word(words[at]), *_with_neighbours(words, at, joined)])
                for at in range(first, last)
            ]
            queries.append(_best_of([all_of(together), *self._synonyms(group)]))
            first = last
        return queries

    def _synonyms(self, group: TermGroup) -> Iterator[Query]:
        """The synonyms whose words the list has, each worth less than the one before it."""
        for rank, synonym in enumerate(group.synonyms):
            words = (word for word in synonym if not is_stopword(word))
            stems = [stem for word in words for stem in stemming().analyze(word)]
            if stems and all(self._fields_with(stem) for stem in stems):
                whole = all_of([self._in_fields(stem) for stem in stems])
                yield Query.boost_query(whole, max(0.3, 0.9 - rank / 10))

    def _word(self, word: str) -> Query:
        """A word in any field; if the list lacks it, a longer or a misspelled form of it."""
        if not self.has_word(word):
            for guess in _guesses(word):
                # `spelled` has every word of `spelled_name`, so searching it is enough.
                if self.has_match(self._similar("spelled", word, guess)):
                    return self._guessed(word, guess)
        return self._in_fields(_stem(word))

    def _guessed(self, word: str, guess: "_Guess") -> Query:
        return Query.disjunction_max_query(
            [
                Query.const_score_query(self._similar(name, word, guess), guess.weight * boost)
                for name, boost in (("spelled_name", 20.0), ("spelled", 6.0))
            ]
        )

    def _similar(self, name: str, word: str, guess: "_Guess") -> Query:
        return Query.fuzzy_term_query(
            self._schema, name, word, guess.slips, prefix=guess.is_prefix
        )

    def _fields_with(self, stem: str) -> list[str]:
        """The fields in which any entry has the stem."""
        return [name for name in _WEIGHTS if self._searcher.doc_freq(name, stem)]

    def _in_fields(self, stem: str) -> Query:
        ways = [
            Query.boost_query(Query.term_query(self._schema, name, stem), _WEIGHTS[name])
            for name in self._fields_with(stem)
        ]
        return _best_of(ways, others=0.05) if ways else Query.empty_query()


@dataclass(frozen=True, slots=True)
class _Guess:
    """How a word that the list lacks may differ from the intended one."""

    weight: float
    slips: int
    is_prefix: bool = False


def _guesses(word: str) -> Iterator[_Guess]:
    if len(word) >= _LEAST_PREFIX:
        yield _Guess(_PREFIX, 0, is_prefix=True)
    if len(word) >= _WORD_SLIPS[0]:
        yield _Guess(_ONE_SLIP, 1)
    if len(word) >= _WORD_SLIPS[1]:
        yield _Guess(_TWO_SLIPS, 2)


def _stem(word: str) -> str:
    return stemming().analyze(word)[0]


def _with_neighbours(
    words: Sequence[str], at: int, joined: Mapping[tuple[str, str], Query]
) -> Iterator[Query]:
    """The compounds of a word with its neighbours."""
    for first in (at - 1, at):
        if 0 <= first < len(words) - 1 and (words[first], words[first + 1]) in joined:
            yield joined[words[first], words[first + 1]]


# A single query is passed on as it is: each layer of tantivy's queries costs time.


def _best_of(queries: Sequence[Query], others: float = 0.0) -> Query:
    """The best score of the queries, with a share of the other scores."""
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, others)


def all_of(queries: Sequence[Query]) -> Query:
    """A match of every query."""
    return _combined(Occur.Must, queries)


def any_of(queries: Iterable[Query]) -> Query:
    """A match of at least one query."""
    return _combined(Occur.Should, list(queries))


def _combined(occur: Occur, queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(occur, query) for query in queries])
