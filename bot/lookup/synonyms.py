"""Synonyms of the field's terms, recognised in the words of a query."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

import yaml

from bot.catalog.names import KnownNames, Names
from bot.lookup.analysis import is_stopword, spelling, stemming
from bot.lookup.search_terms import TermGroup


class Synonyms:
    """Groups of terms with one meaning. Terms are compared by their stems."""

    def __init__(self, synonyms: Iterable[Sequence[str]]) -> None:
        self._synonyms: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
        for meaning in synonyms:
            terms = [tuple(spelling().analyze(term)) for term in meaning]
            for term in terms:
                others = tuple(other for other in terms if other != term)
                key = _stems(term)
                self._synonyms[key] = (*self._synonyms.get(key, ()), *others)
        self._longest = max((len(term) for term in self._synonyms), default=0)

    def groups(self, words: Sequence[str]) -> list[TermGroup]:
        """The words in order, those of a term together; the longest term wins.

        Stop words are left out.
        """
        groups: list[TermGroup] = []
        at = 0
        while at < len(words):
            longest = min(self._longest, len(words) - at)
            term = next(
                (
                    tuple(words[at : at + size])
                    for size in range(longest, 0, -1)
                    if _stems(words[at : at + size]) in self._synonyms
                ),
                (words[at],),
            )
            groups.append(TermGroup(term, self._synonyms.get(_stems(term), ())))
            at += len(term)
        return [
            group
            for group in groups
            if group.synonyms or not all(is_stopword(word) for word in group.words)
        ]


def _stems(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(stemming().analyze(" ".join(words)))


@cache
def shipped_nicknames() -> KnownNames:
    """The nicknames of laboratories that this project ships (`nicknames.yaml`)."""
    text = resources.files("bot.lookup").joinpath("nicknames.yaml").read_text("utf-8")
    names = {name: tuple(others) for name, others in yaml.safe_load(text).items()}
    return KnownNames(Names({}), Names(names))


@cache
def shipped_synonyms() -> tuple[tuple[str, ...], ...]:
    """The synonyms that this project ships (`thesaurus.yaml`)."""
    text = resources.files("bot.lookup").joinpath("thesaurus.yaml").read_text("utf-8")
    return tuple(tuple(group) for group in yaml.safe_load(text))
