"""Identity of papers: two entries are compared by arXiv id, DOI, link and title."""

from collections.abc import Iterable

from rapidfuzz import fuzz

from bot.catalog.facts import NO_FACTS, PaperFacts
from bot.catalog.keys import bounded_key
from bot.catalog.links import Link
from bot.catalog.model import Catalog, Entry, compact

_MIN_SIMILARITY = 90.0  # of 100
_MIN_TITLE_WORDS = 3
_ARXIV_DOI = "10.48550/arxiv."


def link_of(entry: Entry) -> Link | None:
    """The link of an entry; None if it has no URL."""
    return Link(entry.url, entry.arxiv, entry.doi) if entry.url else None


def keys(entry: Entry) -> frozenset[str]:
    """The keys that entries of the same paper share: those of the link and the title.

    A title of one or two words (`Introduction`, `vLLM`) identifies no paper; it is a key only if
    the entry has no link.
    """
    link = link_of(entry)
    link_keys = {link.key} if link else set()
    if link and len(entry.title.split()) < _MIN_TITLE_WORDS:
        return frozenset(link_keys)
    return frozenset({*link_keys, title_key(entry)})


def title_key(entry: Entry) -> str:
    """The key of an entry by its title, for buttons and for papers without a link."""
    return bounded_key(f"title:{compact(entry.title)}")


def keys_for(
    title: str, *, arxiv: str | None = None, doi: str | None = None, dblp: str | None = None
) -> tuple[str, ...]:
    """The keys of a paper with these identifiers, the best first."""
    doi = doi.lower() if doi else None
    if doi and doi.startswith(_ARXIV_DOI):
        arxiv, doi = arxiv or doi.removeprefix(_ARXIV_DOI), None
    named = (("arxiv", arxiv), ("doi", doi), ("dblp", dblp), ("title", compact(title)))
    return tuple(bounded_key(f"{scheme}:{value}") for scheme, value in named if value) or (
        "title:",
    )


def entry_key(entry: Entry) -> str:
    """The best key of a listed entry."""
    return keys_for(entry.title, arxiv=entry.arxiv, doi=entry.doi)[0]


def facts_of(catalog: Catalog, entry: Entry) -> PaperFacts:
    """The further facts of an entry's paper, as far as the list has any."""
    if not catalog.facts:
        return NO_FACTS
    keys_of_paper = keys_for(entry.title, arxiv=entry.arxiv, doi=entry.doi)
    return next((catalog.facts[key] for key in keys_of_paper if key in catalog.facts), NO_FACTS)


def year_of(catalog: Catalog, entry: Entry) -> int | None:
    """The year of an entry: its own, else that of its facts, else of its arXiv id."""
    if entry.year is not None:
        return entry.year
    facts = facts_of(catalog, entry)
    if facts.year is not None:
        return facts.year
    if facts.published is not None:
        return facts.published.year
    return 2000 + int(entry.arxiv[:2]) if entry.arxiv and entry.arxiv[:4].isdecimal() else None


def same_paper(first: Entry, second: Entry) -> bool:
    """Tell whether two entries are the same paper: they share a key and their titles agree.

    Real lists give two papers the same link by mistake; then the titles differ, and both are kept.
    """
    if first.arxiv and second.arxiv and first.arxiv != second.arxiv:
        return False
    return bool(keys(first) & keys(second)) and titles_agree(first.title, second.title)


def titles_agree(first: str, second: str) -> bool:
    """Tell whether two titles are of one paper: similar, or one is the short name of the other."""
    left, right = compact(first), compact(second)
    if left in {right, _name_key(second)} or right == _name_key(first):
        return True
    return fuzz.ratio(left, right) >= _MIN_SIMILARITY


def _name_key(title: str) -> str:
    return compact(title.partition(": ")[0])


class PaperIndex:
    """Index of entries by their keys, to find the entry of the same paper."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._by_key: dict[str, list[int]] = {}
        self._entries: dict[int, Entry] = {}
        for number, entry in enumerate(entries):
            self.put(number, entry)

    def put(self, number: int, entry: Entry) -> None:
        """Add an entry under a number; a later entry with that number replaces it."""
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
