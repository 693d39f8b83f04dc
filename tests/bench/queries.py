"""Generated queries of the kinds that people type, made of a list's entries."""

import string
from collections.abc import Callable, Sequence
from random import Random

from bot.catalog.model import Catalog, Entry

_SEED = 10
_LEAST_FOR_SLIP = 6  # letters of a word in which a slip must not matter
_TERMS = ("moe", "kv cache", "rlhf", "pd disaggregation", "llm", "rag", "lora", "long context")


def make_queries(catalog: Catalog, count: int) -> dict[str, tuple[str, ...]]:
    """Up to `count` queries of each kind, the same in every run."""
    chance = Random(_SEED)
    entries = catalog.entries
    named = [entry for entry in entries[:: max(1, len(entries) // 50_000)] if entry.name]
    places = tuple(catalog.places.values())
    kinds: dict[str, Callable[[], str]] = {
        "name": lambda: _name(chance.choice(named)),
        "whole title": lambda: chance.choice(entries).title,
        "one word": lambda: _words(chance, entries, 1),
        "several words": lambda: _words(chance, entries, chance.choice((2, 2, 3, 4))),
        "term with synonyms": lambda: chance.choice(_TERMS),
        "section": lambda: chance.choice(places).section.title,
        "id": lambda: chance.choice(entries).arxiv or "2401.09670",
        "filter": lambda: _filtered(chance, entries),
        "typo in a name": lambda: slip(chance, _name(chance.choice(named))),
        "typo in a word": lambda: _slipped(chance, entries, 1),
        "typo in several words": lambda: _slipped(chance, entries, 2),
        "no result": lambda: "".join(chance.choices(string.ascii_lowercase, k=14)),
    }
    return {kind: tuple(make() for _ in range(count)) for kind, make in kinds.items()}


def slip(chance: Random, word: str) -> str:
    """A word with a typing slip: two letters swapped, or one lost, doubled or replaced."""
    at = chance.randrange(1, max(2, len(word) - 1))
    before, here, after = word[:at], word[at : at + 1], word[at + 1 :]
    ways = (
        before + after[:1] + here + after[1:],
        before + after,
        before + here + here + after,
        before + chance.choice(string.ascii_lowercase) + after,
    )
    return chance.choice(ways)


def _name(entry: Entry) -> str:
    return entry.name or entry.title


def _words(chance: Random, entries: Sequence[Entry], count: int) -> str:
    """Neighbouring words of a title."""
    words = chance.choice(entries).title.replace(":", "").lower().split()
    at = chance.randrange(max(1, len(words) - count + 1))
    return " ".join(words[at : at + count])


def _slipped(chance: Random, entries: Sequence[Entry], count: int) -> str:
    words = [word for word in _words(chance, entries, 9).split() if len(word) >= _LEAST_FOR_SLIP]
    return " ".join(slip(chance, word) for word in words[-count:]) or "speculatve"


def _filtered(chance: Random, entries: Sequence[Entry]) -> str:
    entry = chance.choice(entries)
    word = _words(chance, entries, 1)
    org = f'org:"{entry.orgs[0]}"' if entry.orgs else "section:serving"
    venue = f'venue:"{entry.venue}"' if entry.venue else "year:2023.."
    return chance.choice((f"{word} {org}", f"{word} {venue}", f"{venue} {org}", venue))
