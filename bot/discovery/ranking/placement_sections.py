"""Sections in which a paper can be placed, and the names that lead to them. Pure.

A section's name in a paper's title (`… on the Edge`) says more plainly than any statistics where
the paper belongs. Names are the section's aliases and those parts of its title that no other
title has: beside `Serving at the edge`, the name `Serving` is too general to lead, as are
`systems` and `LLM` everywhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.catalog.model import Catalog, Place, fold
from bot.catalog.section_names import VAGUE_WORDS, TitleWords, title_parts, title_words

# Lookups find the section `Other Reading` by `reading`; in a paper's title the word means nothing.
# Function words are vague only here: lookups drop the search engine's stop words instead.
_VAGUE_IN_TITLES = VAGUE_WORDS | {
    "a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with",
    "reading", "readings",
}  # fmt: skip
_PAPERS = 0.5  # the least share of papers among the entries of a section for papers
_LONGEST_NAME = 6  # words
_SHORT = 3  # letters; `OS` is no plural


@dataclass(frozen=True, slots=True)
class PlacedPaper:
    """A listed paper with its sections."""

    arxiv: str
    title: str
    abstract: str
    sections: tuple[str, ...]


def paper_sections(catalog: Catalog) -> frozenset[str]:
    """The sections for papers: at least half of their entries have an arXiv id, DOI or venue.

    A new paper does not belong among courses, blogs and frameworks. On a list without any such
    section, every section with an entry counts.
    """
    filled = {path: entries for path, entries in catalog.listed.items() if entries}
    papers = frozenset(
        path
        for path, entries in filled.items()
        if sum(bool(entry.arxiv or entry.doi or entry.venue) for entry in entries)
        >= _PAPERS * len(entries)
    )
    return papers or frozenset(filled)


def names_by_section(places: Iterable[Place]) -> dict[str, tuple[str, ...]]:
    """The names that lead to each section when a paper's title has one, by section path."""
    places = list(places)
    words = TitleWords(places, lambda word: (word.lower(),), _VAGUE_IN_TITLES)
    return {
        place.path: tuple(
            dict.fromkeys((*place.section.aliases, *_subjects(place.section.title, words)))
        )
        for place in places
    }


def _subjects(title: str, title_vocabulary: TitleWords) -> Iterator[str]:
    """The parts of a title, each from its first telling word to its last."""
    for part in title_parts(title):
        words = title_words(part)
        telling = [at for at, word in enumerate(words) if title_vocabulary.is_telling(word)]
        if telling:
            yield " ".join(words[telling[0] : telling[-1] + 1])


def name_key(name: str) -> str:
    """A name without case, accents, hyphens, spaces and plural: `Multi-Modal` is `multimodal`."""
    return _singular("".join(_plain_words(name)))


def title_keys(title: str) -> frozenset[str]:
    """The keys of all names that occur in a title as whole words."""
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
