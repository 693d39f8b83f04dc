"""Evidence that an entry is meant by a search whose words it has only in part.

A word is as much evidence as it is rare in the list (inverse document frequency). A word that the
list lacks counts as the rarest, so an entry with one everyday word of several is no result. A
guess at a misspelled word is less evidence than the word, and a guess at a short one little.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Query

from bot.lookup.ranking import QueryBuilder, any_of, best_of
from bot.lookup.search_terms import SearchTerms, TermGroup

# Of the rarity of a word, what a match of it in the field counts.
_FIELDS = {"name": 1.2, "title": 1.0, "compound": 1.0, "about": 0.55, "link": 0.3}
MOST = 1.2
"""The most evidence of a word, as a share of its rarity."""
_GUESS_ALONE = 7  # letters; a shorter guess is too little evidence for a result by itself
_GUESS, _SHORT_GUESS = 0.8, 0.4
_AUTHOR = 1.2
_SHARE = 0.51  # more than a rare word beside one that the list lacks
_SEVERAL = 3  # known words, of which some are enough beside unknown ones
_KNOWN_SHARE, _SMALL_SHARE = 0.55, 0.25


@dataclass(frozen=True, slots=True)
class Evidence:
    """A query whose score is the evidence of one group, of at most `MOST` of its weight."""

    query: Query
    weight: float
    is_known: bool
    """Whether the list has the group's words as they are written."""


def least_evidence(groups: Sequence[Evidence]) -> float:
    """The evidence that makes an entry a result.

    More than half of the whole, or a smaller share of it that is more than half of that of
    several known words: questions hold words that no title has.
    """
    whole = sum(group.weight for group in groups)
    known = [group.weight for group in groups if group.is_known]
    if len(known) < _SEVERAL:
        return _SHARE * whole
    return min(_SHARE * whole, max(_SMALL_SHARE * whole, _KNOWN_SHARE * sum(known)))


def necessary(groups: Sequence[Evidence], least: float) -> list[Query]:
    """The groups of which an entry must match one to have the least evidence."""
    rest = MOST * sum(group.weight for group in groups)
    queries = []
    for group in sorted(groups, key=lambda group: -group.weight):
        if rest < least:
            break
        queries.append(group.query)
        rest -= MOST * group.weight
    return queries


class EvidenceBuilder:
    """Evidence queries over one index."""

    def __init__(
        self, schema: tantivy.Schema, searcher: tantivy.Searcher, queries: QueryBuilder
    ) -> None:
        self._schema, self._searcher, self._queries = schema, searcher, queries

    def is_guess(self, terms: SearchTerms) -> bool:
        """Tell whether a text of several words has nothing but guesses at short words."""
        words = terms.words
        return len(terms.text.split()) > 1 and not any(
            len(word) >= _GUESS_ALONE or self._queries.has_word(word) for word in words
        )

    def groups(self, terms: SearchTerms, *, guess: bool = True) -> list[Evidence]:
        """The evidence of each group of a search; with `guess` also of misspelled words."""
        return [
            self._group(group, neighbours, guess=guess)
            for group, neighbours in self._queries.with_neighbours(terms)
        ]

    def _group(
        self, group: TermGroup, neighbours: Sequence[Sequence[str]], *, guess: bool
    ) -> Evidence:
        if group.person:
            weight = self._rarity(self._searcher.doc_freq("person", group.person))
            author = Query.term_query(self._schema, "person", group.person)
            return Evidence(Query.const_score_query(author, weight), weight, is_known=True)
        parts = [
            self._word(word, stems, share=group.weight, guess=guess)
            for word, stems in zip(group.words, neighbours, strict=True)
        ]
        weight = sum(part.weight for part in parts)
        synonyms = [
            Query.const_score_query(query, share * weight)
            for share, query in self._queries.synonyms(group)
        ]
        words = any_of([part.query for part in parts])
        is_known = bool(synonyms) or all(part.is_known for part in parts)
        return Evidence(best_of([words, *synonyms]), weight, is_known)

    def _word(
        self, word: str, neighbours: Sequence[str], *, share: float, guess: bool
    ) -> Evidence:
        """The evidence of a word, also where it is joined with the word before or after it."""
        forms = self._queries.forms(word)
        authors = self._searcher.doc_freq("author", word)
        weight = share * self._weight(forms, authors)
        ways = [*self._in_fields(forms, weight), *self._in_fields(neighbours, weight)]
        if authors:
            author = Query.term_query(self._schema, "author", word)
            ways.append(Query.const_score_query(author, _AUTHOR * weight))
        is_known = bool(ways)
        if guess and not is_known and (change := self._queries.guess(word)):
            certainty = _GUESS if len(word) >= _GUESS_ALONE else _SHORT_GUESS
            similar = self._queries.similar(word, change)
            ways.append(Query.const_score_query(similar, certainty * weight))
        return Evidence(best_of(ways), weight, is_known)

    def _in_fields(self, stems: Sequence[str], weight: float) -> Iterator[Query]:
        for stem in stems:
            for name in self._queries.fields_with(stem):
                term = Query.term_query(self._schema, name, stem)
                yield Query.const_score_query(term, _FIELDS[name] * weight)

    def _weight(self, forms: Sequence[str], authors: int) -> float:
        """The rarity of a word; one that the list lacks is as rare as the rarest that it has."""
        names = ("title", "about", "compound")
        counts = (self._searcher.doc_freq(name, form) for form in forms for name in names)
        return self._rarity(max(1, authors, *counts))

    def _rarity(self, count: int) -> float:
        """The inverse document frequency of a word that `count` entries have."""
        entries = self._searcher.num_docs
        return math.log(1 + (entries - count + 0.5) / (count + 0.5))
