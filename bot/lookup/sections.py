"""The names under which a section is looked up: title, id, aliases, and what follows from them.

`Fault Tolerance / Straggler Mitigation` is also met as either part, `Serving at the edge` as
`edge` and `MLSys Courses` as `courses`, since no other section has these words.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

from bot.catalog.model import Place
from bot.lookup.words import is_stopword, spelling, stemming, term_keys

_BETWEEN_PARTS = re.compile(r"[/&?,;|+]| and ")
# Words of headings that name no subject by themselves.
_VAGUE = frozenset(
    stem
    for word in [
        "paper",
        "list",
        "system",
        "llm",
        "ml",
        "ai",
        "mlsys",
        "dl",
        "other",
        "misc",
        "miscellaneous",
        "relate",
        "general",
        "resource",
        "further",
        "more",
        "large",
        "language",
        "model",
        "machine",
        "learning",
        "deep",
        "awesome",
        "collection",
        "work",
        "topic",
    ]
    for stem in stemming().analyze(word)
)
_LEAST_FOR_SLIP, _LEAST_FOR_TWO = 5, 8


class SectionNames:
    """Sections by every name that means them and no other section."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Gather the names; where two sections share one, the first in the list's order has it."""
        places = list(places)
        self._paths = {place.path: place for place in places}
        self._given: dict[str, Place] = {}
        derived: dict[str, list[Place]] = defaultdict(list)
        spread = Counter(
            stem for place in places for stem in set(stemming().analyze(place.section.title))
        )
        for place in places:
            for name in (place.section.title, place.section.id, *place.section.aliases):
                for key in term_keys(name):
                    self._given.setdefault(key, place)
            for name in _derived(place, spread):
                for key in term_keys(name):
                    derived[key].append(place)
        self._derived = {
            key: found[0]
            for key, found in derived.items()
            if key not in self._given and len({place.path for place in found}) == 1
        }

    def named(self, text: str) -> Place | None:
        """The section whose title, id or alias the text is."""
        return _first(self._given, text)

    def find(self, text: str) -> Place | None:
        """The section that the text names; a part of its title is enough where that is clear."""
        return self.named(text) or _first(self._derived, text)

    def at(self, path: str) -> Place | None:
        """The section at an id path, or at the end of one."""
        exact = self._paths.get(path.lower())
        ends = [
            place for known, place in self._paths.items() if known.endswith(f"/{path.lower()}")
        ]
        return exact or (ends[0] if len(ends) == 1 else None)

    def alike(self, text: str) -> Place | None:
        """The section that the text names with a slip or two in typing."""
        typed = "".join(spelling().analyze(text))
        allowed = (len(typed) >= _LEAST_FOR_SLIP) + (len(typed) >= _LEAST_FOR_TWO)
        best: tuple[int, Place] | None = None
        for place in self._paths.values():
            for name in (place.section.title, *place.section.aliases):
                slips = OSA.distance(
                    typed, "".join(spelling().analyze(name)), score_cutoff=allowed
                )
                if slips <= allowed and (best is None or slips < best[0]):
                    best = (slips, place)
        return best[1] if best else None


def _first(names: dict[str, Place], text: str) -> Place | None:
    return next(
        (names[key] for key in sorted(term_keys(text), key=len, reverse=True) if key in names),
        None,
    )


def _derived(place: Place, spread: Counter[str]) -> Iterator[str]:
    """Parts of a title, and its one telling word."""
    title = place.section.title
    parts = [part.strip() for part in _BETWEEN_PARTS.split(title)]
    yield from (part for part in parts if part and len(parts) > 1)
    for part in parts:
        yield from _telling(part, spread)


def _telling(title: str, spread: Counter[str]) -> Iterator[str]:
    """What is left of a title without words that are vague, or that other sections have too."""
    words = re.findall(r"[\w]+(?:-\w+)*", title)
    kept = [
        word
        for word in words
        if not is_stopword(word.lower())
        and not all(stem in _VAGUE or spread[stem] > 1 for stem in stemming().analyze(word))
    ]
    if len(kept) == 1 and len(words) > 1:
        yield kept[0]
