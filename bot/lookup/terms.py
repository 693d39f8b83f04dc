"""Search terms of a query: the names, people and words in it that tell papers apart.

how does vLLM manage memory ──► named: vllm · groups: vllm, manage, memory
anything by Beidi Chen      ──► groups: the author
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import chain

from bot.catalog.identity import facts_of
from bot.catalog.model import Catalog, Entry, compact
from bot.catalog.names import KnownNames
from bot.lookup.analysis import is_common, is_stopword, spelling, stemming
from bot.lookup.filters import Filter
from bot.lookup.index import Mention, SearchIndex
from bot.lookup.people import MOST_WORDS, name_words, person_key
from bot.lookup.query import Query
from bot.lookup.search_terms import SearchTerms, TermGroup
from bot.lookup.synonyms import Synonyms

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*[+#]*")
_ET_AL = re.compile(
    r"\b([^\W\d_][\w'’-]*)(?:\s+and\s+[\w'’-]+)?,?\s+et\.?\s+al\b\.?", re.IGNORECASE
)
_VENUE = 0.4  # of the evidence of other words: lists often lack a paper's venue
_POSSESSIVE = re.compile(r"(?<=[^\W\d_])['’]s\b")
_AFTER_NAME = re.compile(r"\s*(?:[:\[(@,–—-]|$)")
_DISTINCT = re.compile(r"\d|[+#]|[a-z][A-Z]|[A-Z]{2}[a-z]|\w-\w")


class TermReader:
    """Reads search terms against one list."""

    def __init__(
        self, catalog: Catalog, index: SearchIndex, synonyms: Synonyms, names: KnownNames
    ) -> None:
        self._catalog, self._index, self._synonyms = catalog, index, synonyms
        venues = names.venues.spellings
        spellings = chain(venues, chain.from_iterable(venues.values()))
        self.venue_names = frozenset(map(compact, chain(venues, *venues.values())))
        own = catalog.info.venues
        self._own_venues = frozenset(map(compact, chain(own, *own.values())))
        self._edition_words = frozenset(word for text in spellings for word in _stems(text))

    def read(self, query: Query, filters: tuple[Filter, ...]) -> SearchTerms:
        """The search terms of a query with its filters."""
        text = _POSSESSIVE.sub("", query.words)
        named = self._named(text)
        cited = None if named else _ET_AL.search(text)
        if cited and self._index.has_person(person := person_key(name_words(cited[1]))):
            text = f"{text[: cited.start()]} {text[cited.end() :]}"
            filters = (*filters, Filter("author", (person,)))
        return SearchTerms(
            text, tuple(self._groups(text)), query.phrases, filters, query.excluded, named
        )

    def without_citation(self, text: str) -> str | None:
        """A text without its `Chen et al.`; None if it has none."""
        shorter = _ET_AL.sub(" ", text)
        return shorter if shorter != text else None

    def shorter(self, text: str) -> Iterator[str]:
        """A text without the words around it that tell no paper from another, then without any."""
        words = [(word, all(map(is_stopword, spelling().analyze(word)))) for word in text.split()]
        telling = [at for at, (_, is_stop) in enumerate(words) if not is_stop]
        if not telling or len(telling) == len(words):
            return
        inner = [word for word, _ in words[telling[0] : telling[-1] + 1]]
        if len(inner) < len(words):
            yield " ".join(inner)
        if len(telling) < len(inner):
            yield " ".join(words[at][0] for at in telling)

    def _groups(self, text: str) -> Iterator[TermGroup]:
        """The groups of a text: people, terms with synonyms, and words."""
        words = spelling().analyze(text)
        capitals = {word.lower() for word in _TOKEN.findall(text) if word.isupper()}
        start = at = 0
        while at < len(words):
            if size := self._person_at(words, at):
                yield from self._terms(words[start:at], capitals)
                key = person_key(name_words(" ".join(words[at : at + size])))
                yield TermGroup(tuple(words[at : at + size]), person=key)
                at = start = at + size
            else:
                at += 1
        yield from self._terms(words[start:], capitals)

    def _terms(self, words: Sequence[str], typed: Set[str]) -> Iterator[TermGroup]:
        """The groups of words, without letters and common words that the list lacks.

        A venue, by the list's names or `typed` in capitals, counts less than other words.
        """
        for group in self._synonyms.groups(words):
            word = group.words[0] if len(group.words) == 1 and not group.synonyms else ""
            is_empty = len(word) == 1 or is_common(word)
            if is_empty and not self._index.has_word(word):
                continue
            is_venue = word in self._own_venues or (word in self.venue_names and word in typed)
            yield replace(group, weight=_VENUE) if is_venue else group

    def _person_at(self, words: Sequence[str], at: int) -> int:
        """The number of words from `at` on that are an author's name; 0 if there is none."""
        if at + 1 == len(words) or not (len(words[at]) == 1 or self._index.has_person(words[at])):
            return 0
        for size in range(min(MOST_WORDS, len(words) - at), 1, -1):
            name = name_words(" ".join(words[at : at + size]))
            if len(name) > 1 and self._index.has_person(person_key(name)):
                return size
        return 0

    def _named(self, text: str) -> tuple[str, ...]:
        """The keys of the names that the text is about."""
        for whole in (text, text.partition(":")[0]):
            if self._index.has_name(whole):
                return (compact(whole),)
        tokens = list(_TOKEN.finditer(text))
        words = [token[0] for token in tokens]
        keys = []
        for mention in self._index.names_in(words):
            entries = [self._catalog.entries[position] for position in mention.positions]
            after = text[tokens[mention.end - 1].end() :]
            is_label = mention.start == 0 and bool(_AFTER_NAME.match(after))
            typed = words[mention.start : mention.end]
            rest = [*words[: mention.start], *words[mention.end :]]
            if (
                is_label
                or any(_is_distinct(entry, mention, typed) for entry in entries)
                or any(self._is_about(entry, rest) for entry in entries)
            ):
                keys.append(mention.key)
        return tuple(keys)

    def _is_about(self, entry: Entry, rest: Sequence[str]) -> bool:
        """Tell whether all the other words of a query are of an edition or of this entry."""
        facts = facts_of(self._catalog, entry)
        own = _stems(" ".join((
            entry.title, facts.title or "", *facts.authors, *entry.orgs, entry.note or "",
            *(self._catalog.section_titles(path) for path in entry.sections),
        )))  # fmt: skip
        joined = compact(entry.title)
        return all(
            is_stopword(word)
            or word.isdecimal()
            or bool(re.fullmatch(r"[a-z&]+\d\d", word))
            or stem in own
            or stem in self._edition_words
            or (len(word) > 3 and word in joined)  # noqa: PLR2004  # a part of a compound
            for text in rest
            for word, stem in zip(spelling().analyze(text), stemming().analyze(text), strict=True)
        )


def _is_distinct(entry: Entry, mention: Mention, typed: Sequence[str]) -> bool:
    """Tell whether a name is no everyday word, or is typed with the list's capitals."""
    names = [name for name in (entry.name, entry.title) if name and compact(name) == mention.key]
    if not names:
        return len(typed) > 1
    has_capitals = any(map(str.isupper, typed)) or (mention.start > 0 and typed[0][0].isupper())
    is_typed_so = typed == _TOKEN.findall(names[0]) and has_capitals
    return len(typed) > 1 or is_typed_so or bool(_DISTINCT.search(names[0]))


def _stems(text: str) -> set[str]:
    return {*stemming().analyze(text)}
