"""Where papers can go, as `list.yaml` tells: which sections hold them and what names each. Pure.

A section's name in a paper's title (`… on the Edge`) says where the paper belongs more plainly
than any statistics. Names are its aliases and those parts of its title that no other title has:
beside `Serving at the edge`, `Serving` is too general to lead, as `systems` and `LLM` always are.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.catalog.model import Catalog, Entry, Place, fold

_BETWEEN_PARTS = re.compile(r"[/&?,;|+:]| and ")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
# Words of headings that name no subject by themselves.
_VAGUE = frozenset({
    "a", "ai", "an", "and", "at", "awesome", "by", "collection", "deep", "dl", "for", "general",
    "in", "language", "large", "learning", "list", "llm", "llms", "machine", "misc",
    "miscellaneous", "ml", "mlsys", "model", "models", "more", "of", "on", "or", "other", "others",
    "paper", "papers", "reading", "readings", "related", "resource", "resources", "system",
    "systems", "the", "to", "topic", "topics", "with", "work", "works",
})  # fmt: skip
_PAPERS = 0.5
_LONGEST_NAME = 6  # words
_SHORT = 3  # letters; `OS` is no plural


@dataclass(frozen=True, slots=True)
class PlacedPaper:
    """A listed paper with the sections that it stands in."""

    arxiv: str
    title: str
    abstract: str
    sections: tuple[str, ...]


def placed(entries: Iterable[Entry], abstracts: Mapping[str, str]) -> tuple[PlacedPaper, ...]:
    """Entries with the abstracts that are known of them, by arXiv id."""
    return tuple(
        PlacedPaper(
            entry.arxiv or "", entry.title, abstracts.get(entry.arxiv or "", ""), entry.sections
        )
        for entry in entries
    )


def paper_sections(catalog: Catalog) -> frozenset[str]:
    """The sections that papers go to: where most entries have an arXiv id, a DOI or a venue.

    Courses, blogs and frameworks are no place for a new paper. On a list with no such section at
    all, every section with an entry may be one.
    """
    filled = {path: entries for path, entries in catalog.listed.items() if entries}
    found = frozenset(
        path
        for path, entries in filled.items()
        if sum(bool(one.arxiv or one.doi or one.venue) for one in entries)
        >= _PAPERS * len(entries)
    )
    return found or frozenset(filled)


def section_names(places: Iterable[Place]) -> dict[str, tuple[str, ...]]:
    """What names each section in a paper's title, by path."""
    every = list(places)
    spread = Counter(
        word for place in every for word in {w.lower() for w in _WORD.findall(place.section.title)}
    )
    return {
        place.path: tuple(
            dict.fromkeys((*place.section.aliases, *_parts(place.section.title, spread)))
        )
        for place in every
    }


def _parts(title: str, spread: Counter[str]) -> Iterator[str]:
    """The parts of a title, without words at their ends that are vague or not its own."""
    for part in _BETWEEN_PARTS.split(title):
        words = _WORD.findall(part)
        telling = [
            at
            for at, word in enumerate(words)
            if word.lower() not in _VAGUE and spread[word.lower()] == 1
        ]
        if telling:
            yield " ".join(words[telling[0] : telling[-1] + 1])


def name_key(name: str) -> str:
    """A name without case, accents, hyphens, spaces and plural: `Multi-Modal` is `multimodal`."""
    return _singular("".join(_plain_words(name)))


def title_keys(title: str) -> frozenset[str]:
    """The keys of every name that stands in a title, as whole words."""
    words = _plain_words(title)
    return frozenset(
        _singular("".join(words[start:end]))
        for start in range(len(words))
        for end in range(start + 1, min(start + _LONGEST_NAME, len(words)) + 1)
    )


def _plain_words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", fold(text))


def _singular(key: str) -> str:
    return key[:-1] if len(key) > _SHORT and key.endswith("s") else key
