"""Terms of the field that mean the same, found in running words."""

from collections.abc import Iterable, Sequence
from importlib import resources

import yaml

from bot.lookup.index import Slot
from bot.lookup.words import is_stopword, spelling, stemming


class Synonyms:
    """Groups of terms that mean the same, found in running words."""

    def __init__(self, groups: Iterable[Sequence[str]]) -> None:
        self._groups: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
        for group in groups:
            terms = [tuple(spelling().analyze(term)) for term in group]
            for term in terms:
                others = tuple(other for other in terms if other != term)
                key = _stems(term)
                self._groups[key] = (*self._groups.get(key, ()), *others)
        self._longest = max((len(term) for term in self._groups), default=0)

    def slots(self, words: Sequence[str]) -> list[Slot]:
        """Slots in the order of the words; the longest term counts."""
        found: list[Slot] = []
        at = 0
        while at < len(words):
            length = next(
                (
                    size
                    for size in range(min(self._longest, len(words) - at), 0, -1)
                    if _stems(words[at : at + size]) in self._groups
                ),
                0,
            )
            term = tuple(words[at : at + (length or 1)])
            found.append(Slot(term, self._groups.get(_stems(term), ())))
            at += len(term)
        telling = [
            slot
            for slot in found
            if slot.synonyms or not all(is_stopword(word) for word in slot.words)
        ]
        return telling or found


def _stems(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(stemming().analyze(" ".join(words)))


def thesaurus() -> list[list[str]]:
    """The groups that this project knows of by itself (`thesaurus.yaml`)."""
    text = resources.files("bot.lookup").joinpath("thesaurus.yaml").read_text("utf-8")
    return [list(group) for group in yaml.safe_load(text)]
