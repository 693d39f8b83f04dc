"""The parts and words of section titles that name a subject. Pure.

Lookups (`lookup/sections.py`) and placement (`discovery/ranking/placement_sections.py`) derive
further names of a section from its title with these rules: `Fault Tolerance / Straggler
Mitigation` names two subjects, and `Serving at the edge` is also called `edge` where no other
section's title has this word.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable

from bot.catalog.model import Place

_BETWEEN_PARTS = re.compile(r"[/&?,;|+:]| and ")
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")

# Words of headings that name no subject by themselves.
VAGUE_WORDS = frozenset({
    "ai", "awesome", "collection", "deep", "dl", "further", "general", "language", "large",
    "learning", "list", "llm", "llms", "machine", "misc", "miscellaneous", "ml", "mlsys", "model",
    "models", "more", "other", "others", "paper", "papers", "related", "resource", "resources",
    "system", "systems", "topic", "topics", "work", "works",
})  # fmt: skip


def title_parts(title: str) -> list[str]:
    """The parts of a title between punctuation or `and`, none of them empty."""
    return [part for text in _BETWEEN_PARTS.split(title) if (part := text.strip())]


def title_words(text: str) -> list[str]:
    """The words of a title or of a part of it; a word with a hyphen is one word."""
    return _WORD.findall(text)


class TitleWords:
    """The words of all section titles of a list: which of them identify a single section."""

    def __init__(
        self,
        places: Iterable[Place],
        keys: Callable[[str], Iterable[str]],
        vague: Iterable[str] = VAGUE_WORDS,
    ) -> None:
        """Count the words. `keys` gives the forms in which words are compared (such as stems)."""
        self._keys = keys
        spread = Counter(
            key
            for place in places
            for key in {key for word in title_words(place.section.title) for key in keys(word)}
        )
        shared = {key for key, titles in spread.items() if titles > 1}
        self._general = shared.union(*map(keys, vague))

    def is_telling(self, word: str) -> bool:
        """Whether a word is neither vague nor part of another section's title."""
        return not self._general.issuperset(self._keys(word))
