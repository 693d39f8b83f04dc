"""Sections by their names: title, id, aliases, and names derived from the title.

`Fault Tolerance / Straggler Mitigation` is also found by either part, `Serving at the edge` by
`edge` and `MLSys Courses` by `courses`, since no other section has these words.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA

from bot.catalog.model import Place
from bot.catalog.section_names import TitleWords, title_parts, title_words
from bot.lookup.analysis import is_stopword, spelling, stemming, term_keys

_LEAST_FOR_SLIP, _LEAST_FOR_TWO = 5, 8  # letters of a name in which slips are forgiven


class SectionIndex:
    """The sections of one list by every name that identifies a single section."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Gather the names; a title, id or alias of two sections means the first in list order."""
        places = list(places)
        self._paths = {place.path: place for place in places}
        self._given: dict[str, Place] = {}
        derived: dict[str, dict[str, Place]] = defaultdict(dict)
        words = TitleWords(places, stemming().analyze)
        self._own: dict[str, frozenset[str]] = {}
        for place in places:
            own = (
                place.section.title,
                place.section.id,
                *_derived_names(place.section.title, words),
            )
            self._own[place.path] = frozenset(key for name in own for key in term_keys(name))
            for name in (place.section.title, place.section.id, *place.section.aliases):
                for key in term_keys(name):
                    self._given.setdefault(key, place)
            for name in _derived_names(place.section.title, words):
                for key in term_keys(name):
                    derived[key][place.path] = place
        self._derived = {
            key: next(iter(owners.values()))
            for key, owners in derived.items()
            if key not in self._given and len(owners) == 1
        }

    def named(self, text: str) -> Place | None:
        """The section with the text as its title, id or alias."""
        return _longest_match(self._given, text)

    def find(self, text: str) -> Place | None:
        """The section that the text names, also by an unambiguous part of its title."""
        return self.named(text) or _longest_match(self._derived, text)

    def is_titled(self, place: Place, text: str) -> bool:
        """Tell whether a text is the title of a section or a part of it, not only an alias."""
        return bool(self._own[place.path] & term_keys(text))

    def find_or_at(self, text: str) -> Place | None:
        """The section that the text names, or whose id path the text is."""
        return self.find(text) or self._at_path(text.lower())

    def _at_path(self, path: str) -> Place | None:
        """The section at an id path, or at the end of a single one."""
        if exact := self._paths.get(path):
            return exact
        ends = [place for whole, place in self._paths.items() if whole.endswith(f"/{path}")]
        return ends[0] if len(ends) == 1 else None

    def misspelled(self, text: str) -> Place | None:
        """The section that the text names with one or two typing slips; the nearest name wins."""
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


def _longest_match(names: dict[str, Place], text: str) -> Place | None:
    keys = sorted(term_keys(text), key=len, reverse=True)
    return next((names[key] for key in keys if key in names), None)


def _derived_names(title: str, title_vocabulary: TitleWords) -> Iterator[str]:
    """The parts of a title, and the word of a part that alone is telling."""
    parts = title_parts(title)
    if len(parts) > 1:
        yield from parts
    for part in parts:
        words = title_words(part)
        telling = [
            word
            for word in words
            if not is_stopword(word.lower()) and title_vocabulary.is_telling(word)
        ]
        if len(telling) == 1 and len(words) > 1:
            yield telling[0]
