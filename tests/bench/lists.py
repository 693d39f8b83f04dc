"""Generated lists of any size, made of the words of a real list. The same in every run.

Words, venues, organisations, years and sections are as frequent as in the real list. A name joins
two or three parts of real names (`FlashServe`), so that a larger list has more names.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from random import Random

from bot.catalog.model import Catalog, Entry

_PART = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])")
_NAMED = 0.6  # the share of entries with a name; about that of the real list
_SEED = 20


def grown(catalog: Catalog, size: int) -> Catalog:
    """The list with generated entries up to `size`; unchanged if it has as many."""
    if size <= len(catalog.entries):
        return catalog
    generator = _EntryGenerator(catalog.entries)
    made = [generator.entry(number) for number in range(size - len(catalog.entries))]
    order = {path: at for at, path in enumerate(catalog.places)}
    entries = sorted([*catalog.entries, *made], key=lambda entry: order[entry.home])
    return Catalog(catalog.info, tuple(entries))


class _EntryGenerator:
    """Entries made of the words and details of real ones."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._chance = Random(_SEED)
        self._entries = entries
        rests = [entry.title.partition(": ")[2] or entry.title for entry in entries]
        self._words = [word for rest in rests for word in rest.split()]
        self._lengths = [len(rest.split()) for rest in rests]
        self._parts = sorted(
            {part.title() for entry in entries for part in _PART.findall(entry.name or "")}
        )
        # Weights by rank, after Zipf: some parts of names are more common than others.
        self._weights = list(accumulate(1 / rank for rank in range(1, len(self._parts) + 1)))

    def entry(self, number: int) -> Entry:
        """The entry with a number, which also gives its unique arXiv id."""
        chance = self._chance
        words = chance.choices(self._words, k=chance.choice(self._lengths))
        title = " ".join(words).rstrip(":")
        if chance.random() < _NAMED:
            title = f"{self._name()}: {title}"
        arxiv = f"{10 + number // 240_000 % 14}{1 + number // 20_000 % 12:02}.{number % 20_000:05}"
        like = chance.choice(self._entries)
        return replace(
            like,
            title=title,
            url=f"https://arxiv.org/abs/{arxiv}",
            arxiv=arxiv,
            doi=None,
        )

    def _name(self) -> str:
        count = self._chance.choice((2, 2, 3))
        return "".join(self._chance.choices(self._parts, cum_weights=self._weights, k=count))
