"""Repair of author lists in recordings: reversed, cut and decorated names. Pure.

Recordings of arXiv's metadata hold lists such as `Chen Lingjiao`, `"Tri Dao`, `[mohammad Shoeybi`
and `Samyam Rajbhandari et al.`. A name is put right only where other papers of the recordings
prove its form.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.catalog.model import fold
from bot.discovery.clean import clean_names

_DECORATION = "[]\"'()*{} ,;"
_PARTICLES = frozenset({"da", "de", "del", "den", "der", "di", "la", "le", "van", "von"})
_ET_AL = re.compile(r"(?:\band )?\b(?:et\.? al\.?|others)$", re.IGNORECASE)
_ESCAPED_BYTE = re.compile(r"\\x([0-9a-fA-F]{2})")
_ESCAPED_ACCENT = re.compile(r"^\\'(?=[A-Z]\\)")  # `\'I\~nigo`: an accent before a whole name


@dataclass(frozen=True, slots=True)
class AuthorList:
    """Whole names in order, and whether there are more."""

    names: tuple[str, ...]
    has_more: bool = False


class NameForms:
    """The forms in which names occur in author lists, by name without case and accents."""

    def __init__(self, lists: Iterable[Sequence[str]]) -> None:
        self._counts: dict[str, Counter[str]] = {}
        for names in lists:
            for name in names:
                if plain := _undecorated(name):
                    self._counts.setdefault(_key(plain), Counter())[plain] += 1

    def usual(self, name: str) -> str | None:
        """The most frequent form of a name; None if it does not occur."""
        counts = self._counts.get(_key(name))
        return counts.most_common(1)[0][0] if counts else None

    def repair(self, written: Sequence[str]) -> AuthorList:
        """The names of a list in their usual form and order, without what was cut.

        A list is read as surname first if more of its names are usually written the other way
        round than as they are in the list.
        """
        plain = [_undecorated(name) for name in written]
        has_more = any(_ET_AL.search(name) or not name for name in plain)
        kept = [text for name in plain if (text := _ET_AL.sub("", name).strip(_DECORATION))]
        whole = [name for name in clean_names(kept) if " " in name or "-" in name]
        has_more = has_more or len(whole) < len(kept)
        votes = [self._vote(name) for name in whole]
        if sum(vote > 0 for vote in votes) > sum(vote < 0 for vote in votes):
            whole = [self._turned(name) or _rotated(name) for name in whole]
        names = tuple(_capitalized(self.usual(name) or name) for name in whole)
        return AuthorList(names, has_more)

    def _vote(self, name: str) -> int:
        """The surplus of the reversed form of a name over the form in the list."""
        straight, turned = self._count(name), self._turned(name)
        return self._count(turned) - straight if turned else min(0, 1 - straight)

    def _count(self, name: str) -> int:
        return sum(self._counts.get(_key(name), Counter()).values())

    def _turned(self, name: str) -> str | None:
        """The usual form of a name that is written surname first; None if none occurs."""
        words = name.split()
        ways = (" ".join((*words[at:], *words[:at])) for at in range(1, len(words)))
        return next((form for way in ways if (form := self.usual(way))), None)


def _key(name: str) -> str:
    return re.sub(r"[^\w]+", " ", fold(name)).strip()


def _rotated(name: str) -> str:
    """A name with its surname last: its first word, with the particles before it."""
    words = name.split()
    at = next((at for at, word in enumerate(words) if word.lower() not in _PARTICLES), 0) + 1
    return " ".join((*words[at:], *words[:at]))


def _undecorated(name: str) -> str:
    text = _ESCAPED_BYTE.sub(lambda match: chr(int(match[1], 16)), name)
    return " ".join(_ESCAPED_ACCENT.sub(r"\\'", text).split()).strip(_DECORATION)


def _capitalized(name: str) -> str:
    """A name that begins with a capital, unless it begins with a particle (`mohammad Shoeybi`)."""
    is_particle = name.split(maxsplit=1)[0] in _PARTICLES
    return name if is_particle else name[:1].upper() + name[1:]
