"""Ranking of search results: tantivy queries with a weight for each kind of match.

    search terms ──► groups: a word, or a term with its synonyms ──► one query a group
                       a group may match in any field, as a compound, or, if the list lacks the
                       word, by a longer or a misspelled form of it

An exact name comes first, then a match in the name before one in the title, then author, section,
venue, organisation, note and link. A result with all words is scored by BM25; one with some words
by its evidence: the rarity (inverse document frequency) of each word that it has.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import tantivy
from tantivy import Occur, Query

from bot.catalog.model import compact
from bot.lookup.analysis import is_stopword, stemming
from bot.lookup.filters import Filter
from bot.lookup.search_terms import SearchTerms, TermGroup

_WEIGHTS = {"name": 8.0, "title": 3.0, "compound": 2.5, "about": 1.2, "link": 0.4}
_AUTHOR = 4.0
_SYNONYM = 0.35  # a synonym in a name counts less than the word itself in a title
_EXACT_NAME = 10_000.0
_MISSPELLED_NAME = _EXACT_NAME / 10
_WORDS_IN_ORDER = 4.0
_PREFIX, _ONE_SLIP, _TWO_SLIPS = 0.8, 0.7, 0.5
# The least letters of a word, and of a whole name, for which one and two slips are forgiven.
_LEAST_PREFIX = 4
_LEAST_SLIPPED_PREFIX = 7
_WORD_SLIPS = (4, 8)
_NAME_SLIPS = (3, 6)
_KEPT_WORDS = 4096
_LONG_NAME = 8  # letters; a slip in it is forgiven even where the list has all of its words


class QueryBuilder:
    """tantivy queries over one index; which ones depends on the words that the index has."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema, self._searcher = schema, searcher
        # The index does not change, and a search asks for its words more than once.
        self.guess = lru_cache(_KEPT_WORDS)(self._guess)
        self.forms = lru_cache(_KEPT_WORDS)(self._forms)
        self.fields_with = lru_cache(_KEPT_WORDS)(self._fields_with)

    def has_name(self, text: str) -> bool:
        """Tell whether a text is the name or title of an entry, without case and punctuation."""
        return self.has_key(compact(text))

    def has_key(self, key: str) -> bool:
        """Tell whether a `compact` text is the name or title of an entry."""
        return bool(key) and self._searcher.doc_freq("key", key) > 0

    def has_word(self, word: str) -> bool:
        """Tell whether any entry has the word or a form of it. It must have a letter or digit."""
        return bool(self.forms(word)) or self._searcher.doc_freq("author", word) > 0

    def has_match(self, query: Query) -> bool:
        """Tell whether any entry matches a query."""
        return bool(self._searcher.search(query, 1, count=False).hits)

    def required(self, terms: SearchTerms) -> Iterator[tuple[Occur, Query]]:
        """Queries that every result must match or not: filters, exclusions and phrases."""
        for condition in terms.filters:
            ways = any_of([*self._values(condition), *self._spans(condition)])
            if condition.excludes:
                yield Occur.MustNot, ways
            else:
                yield Occur.Must, Query.const_score_query(ways, 0.0)
        for phrase in terms.excluded:
            if stems := stemming().analyze(phrase):
                yield Occur.MustNot, self._in_sequence("title", stems)
        for phrase in terms.phrases:
            if stems := stemming().analyze(phrase):
                yield (
                    Occur.Must,
                    Query.disjunction_max_query(
                        [
                            Query.boost_query(self._in_sequence(name, stems), _WEIGHTS[name])
                            for name in ("name", "title", "about")
                        ]
                    ),
                )

    def _values(self, condition: Filter) -> Iterator[Query]:
        for value in condition.values:
            is_whole_name = condition.field == "author" and " " in value
            name = "person" if is_whole_name else condition.field
            yield Query.term_query(self._schema, name, value)

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

    def title_words(self, stems: Sequence[str]) -> Query:
        """A match of every stem in the title."""
        return all_of([Query.term_query(self._schema, "title", stem) for stem in stems])

    def named(self, keys: Sequence[str]) -> list[Query]:
        """The entries with these names or titles, above all else."""
        exact = [Query.term_query(self._schema, "key", key) for key in keys]
        return [Query.const_score_query(any_of(exact), _EXACT_NAME)] if exact else []

    def groups(self, terms: SearchTerms) -> list[Query]:
        """A query a group; neighbouring words also match as one (`flash attention`)."""
        queries = []
        for group, neighbours in self.with_neighbours(terms):
            if group.person:
                author = Query.term_query(self._schema, "person", group.person)
                queries.append(Query.boost_query(author, _AUTHOR))
                continue
            together = [
                best_of([self._word(word), *map(self.in_fields, stems)])
                for word, stems in zip(group.words, neighbours, strict=True)
            ]
            synonyms = (
                Query.boost_query(query, _SYNONYM * share) for share, query in self.synonyms(group)
            )
            queries.append(best_of([all_of(together), *synonyms]))
        return queries

    def with_neighbours(
        self, terms: SearchTerms
    ) -> Iterator[tuple[TermGroup, Sequence[Sequence[str]]]]:
        """The groups with, for each of their words, its compounds with the words beside it."""
        words = terms.words
        stems = [_stem("".join(pair)) for pair in pairwise(words)]
        joined = [[stem] if self.fields_with(stem) else [] for stem in stems]
        around = [
            [*left, *right] for left, right in zip([[], *joined], [*joined, []], strict=True)
        ]
        first = 0
        for group in terms.groups:
            last = first + len(group.words)
            yield group, around[first:last]
            first = last

    def synonyms(self, group: TermGroup) -> Iterator[tuple[float, Query]]:
        """The synonyms whose words the list has, each worth less than the one before it."""
        for rank, synonym in enumerate(group.synonyms):
            words = (word for word in synonym if not is_stopword(word))
            stems = [stem for word in words for stem in stemming().analyze(word)]
            if stems and all(self.fields_with(stem) for stem in stems):
                whole = all_of([self.in_fields(stem) for stem in stems])
                yield max(0.3, 0.9 - rank / 10), whole

    def _word(self, word: str) -> Query:
        """A word in any field; if the list lacks it, a longer or a misspelled form of it."""
        if not self.has_word(word):
            guess = self.guess(word)
            return self._guessed(word, guess) if guess else Query.empty_query()
        ways = [self.in_fields(form) for form in self.forms(word)]
        if self._searcher.doc_freq("author", word):
            author = Query.term_query(self._schema, "author", word)
            ways.append(Query.boost_query(author, _AUTHOR))
        return best_of(ways)

    def _forms(self, word: str) -> list[str]:
        """The stems of a word that the list has; of an abbreviation its plural too (`LLMs`)."""
        stem = _stem(word)
        other = stem[:-1] if stem.endswith("s") else f"{stem}s"
        forms = (stem, other) if stem == word else (stem,)
        return [form for form in forms if self.fields_with(form)]

    def _guess(self, word: str) -> "Guess | None":
        """The least change of a word that makes it one of the list's; None if there is none."""
        # `spelled` has every word of `spelled_name`, so searching it is enough.
        return next(
            (each for each in _guesses(word) if self.has_match(self.similar(word, each))), None
        )

    def _guessed(self, word: str, guess: "Guess") -> Query:
        return Query.disjunction_max_query(
            [
                Query.const_score_query(self.similar(word, guess, name), guess.weight * boost)
                for name, boost in (("spelled_name", 20.0), ("spelled", 6.0))
            ]
        )

    def similar(self, word: str, guess: "Guess", name: str = "spelled") -> Query:
        """The words of a field into which a guess changes a word."""
        return Query.fuzzy_term_query(
            self._schema, name, word, guess.slips, prefix=guess.is_prefix
        )

    def _fields_with(self, stem: str) -> list[str]:
        """The fields in which any entry has the stem."""
        return [name for name in _WEIGHTS if self._searcher.doc_freq(name, stem)]

    def in_fields(self, stem: str) -> Query:
        """A stem in any field, the best one first."""
        ways = [
            Query.boost_query(Query.term_query(self._schema, name, stem), _WEIGHTS[name])
            for name in self.fields_with(stem)
        ]
        return best_of(ways, others=0.05) if ways else Query.empty_query()


@dataclass(frozen=True, slots=True)
class Guess:
    """A way in which a word that the list lacks may differ from the intended one."""

    weight: float
    slips: int
    is_prefix: bool = False


def _guesses(word: str) -> Iterator[Guess]:
    if len(word) >= _LEAST_PREFIX:
        yield Guess(_PREFIX, 0, is_prefix=True)
    if len(word) >= _WORD_SLIPS[0]:
        yield Guess(_ONE_SLIP, 1)
    if len(word) >= _LEAST_SLIPPED_PREFIX:
        yield Guess(_TWO_SLIPS, 1, is_prefix=True)
    if len(word) >= _WORD_SLIPS[1]:
        yield Guess(_TWO_SLIPS, 2)


def _stem(word: str) -> str:
    return stemming().analyze(word)[0]


# A single query is passed on as it is: each layer of tantivy's queries costs time.


def best_of(queries: Sequence[Query], others: float = 0.0) -> Query:
    """The best score of the queries, with a share of the other scores."""
    if not queries:
        return Query.empty_query()
    return queries[0] if len(queries) == 1 else Query.disjunction_max_query(list(queries), others)


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
