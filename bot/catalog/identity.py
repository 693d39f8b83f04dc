"""When two entries are one paper: the version-less arXiv id, then the DOI, then the title."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from bot.catalog.links import Link
from bot.catalog.model import Entry, compact

_ALIKE = 90.0
_TELLING_WORDS = 3
_LONGEST_KEY = 1000


def link_of(entry: Entry) -> Link | None:
    """Where an entry leads."""
    return Link(entry.url, entry.arxiv, entry.doi) if entry.url else None


def keys(entry: Entry) -> frozenset[str]:
    """What an entry may share with another that is the same paper: its link, its title.

    A title of one or two words (`Introduction`, `vLLM`) tells nothing by itself and gives a key
    only where there is no link.
    """
    link = link_of(entry)
    found = {link.key} if link else set()
    if link is None or len(entry.title.split()) >= _TELLING_WORDS:
        found.add(title_key(entry))
    return frozenset(found)


def title_key(entry: Entry) -> str:
    """What stands for a listed entry in a button, and for a paper that has no link."""
    return f"title:{compact(entry.title)}"[:_LONGEST_KEY]


def same_paper(one: Entry, other: Entry) -> bool:
    """Whether two entries that share a key are one paper.

    Real lists give one link to two papers by mistake; then the titles differ, and both are kept.
    """
    if one.arxiv and other.arxiv and one.arxiv != other.arxiv:
        return False
    return bool(keys(one) & keys(other)) and titles_agree(one.title, other.title)


def titles_agree(one: str, other: str) -> bool:
    """Whether two titles name one paper: near-equal, or one is the other's name alone."""
    first, second = compact(one), compact(other)
    if first in {second, _name_key(other)} or second == _name_key(one):
        return True
    return fuzz.ratio(first, second) >= _ALIKE


def _name_key(title: str) -> str:
    return compact(title.partition(": ")[0])


class PaperIndex:
    """Entries seen so far, found again by what they share."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._entries: dict[int, Entry] = {}
        for number, entry in enumerate(entries):
            self.put(number, entry)

    def put(self, number: int, entry: Entry) -> None:
        """Remember an entry under a number, or what it has become."""
        self._entries[number] = entry
        for key in keys(entry):
            numbers = self._by_key.setdefault(key, [])
            if number not in numbers:
                numbers.append(number)

    def find(self, entry: Entry) -> int | None:
        """The number of the entry that is the same paper, or None."""
        for key in sorted(keys(entry)):
            for number in self._by_key.get(key, ()):
                if same_paper(self._entries[number], entry):
                    return number
        return None
