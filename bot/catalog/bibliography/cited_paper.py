"""Citation data of listed papers: type, key, authors, venue, year, identifiers. Pure.

Nothing is filled in: what neither the entry nor its facts state is absent.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import count

from slugify import slugify

from bot.catalog.bibliography.author_name import AuthorName, read_author_name
from bot.catalog.facts import PaperFacts
from bot.catalog.identity import entry_key, facts_of, year_of
from bot.catalog.model import Catalog, Entry, compact
from bot.text import visible

_ARXIV_DOI = "10.48550/arxiv."
_JOURNALS = frozenset(
    """cacm computingsurveys csur imwut jacm jmlr jpdc nature naturemachineintelligence pacmmod
    pieee pnas pomacs popets proceedingsoftheieee pvldb science tacl taco tc tcad tist tkde tmlr
    tocs tods toit ton tos tosem toplas topc tpami tpds tse""".split()  # noqa: SIM905  # such words read best as words
)
_JOURNAL_WORDS = re.compile(
    r"\b(?:journal|transactions|letters|magazine|proceedings of the vldb endowment)\b",
    re.IGNORECASE,
)
_NO_VENUE = frozenset({"arxiv", "arxivpreprint", "blog", "corr", "preprint", "technicalreport"})
_LONGEST_NAME = 24
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_STOP_WORDS = frozenset(
    """a an and are as at by can do does for from how in is of on or the to toward towards what
    when which why with""".split()  # noqa: SIM905  # such words read best as words
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class PaperType(Enum):
    """The kind of publication."""

    ARTICLE = "in a journal"
    INPROCEEDINGS = "at a conference or workshop"
    PREPRINT = "on arXiv alone"
    PAGE = "on the web, or of unknown kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedPaper:
    """Facts that a citation states. Texts are one line without invisible characters."""

    key: str
    """Unique in the list, of ASCII letters and digits: `kwon2023vllm`."""
    type: PaperType
    title: str
    authors: tuple[AuthorName, ...] = ()
    more_authors: bool = False
    venue: str | None = None
    year: int | None = None
    url: str | None = None
    doi: str | None = None
    arxiv: str | None = None
    category: str | None = None
    """The primary category on arXiv."""


def cited_papers(catalog: Catalog, entries: Iterable[Entry]) -> tuple[CitedPaper, ...]:
    """The citation data of entries of a list, each paper with its key in that list."""
    keys = citation_keys(catalog)
    return tuple(_cited(catalog, entry, keys[id(entry)]) for entry in entries)


def citation_keys(catalog: Catalog) -> Mapping[int, str]:
    """The citation key of each entry, by the `id` of the entry object.

    Of papers that would share a key, the one listed first keeps it and the later ones get `a`,
    `b`, …: an addition to the list changes no key.
    """
    bases = {id(entry): _base_key(catalog, entry) for entry in catalog.entries}
    taken, keys = set(bases.values()), dict[int, str]()
    suffixes: dict[str, Iterator[str]] = {}
    for entry in sorted(catalog.entries, key=listing_order):
        base = bases[id(entry)]
        if base in suffixes:
            keys[id(entry)] = next(key for key in suffixes[base] if key not in taken)
        else:
            keys[id(entry)] = base
            suffixes[base] = map(f"{base}{{}}".format, map(_suffix, count()))
        taken.add(keys[id(entry)])
    return keys


def listing_order(entry: Entry) -> tuple[dt.date, str, str]:
    """A sort key: the entries listed first, in an order that sections do not change."""
    return entry.added or dt.date.min, entry_key(entry), entry.title


def paper_type(venue: str | None, arxiv: str | None, dblp: str | None) -> PaperType:
    """The kind of a paper: dblp's key decides, then the name of the venue, then arXiv."""
    if venue and dblp and dblp.startswith("conf/"):
        return PaperType.INPROCEEDINGS
    if venue and dblp and dblp.startswith("journals/") and not dblp.startswith("journals/corr/"):
        return PaperType.ARTICLE
    if venue and (compact(venue) in _JOURNALS or _JOURNAL_WORDS.search(venue)):
        return PaperType.ARTICLE
    if venue:
        return PaperType.INPROCEEDINGS
    return PaperType.PREPRINT if arxiv else PaperType.PAGE


def _cited(catalog: Catalog, entry: Entry, key: str) -> CitedPaper:
    facts = facts_of(catalog, entry)
    doi, arxiv = entry.doi or facts.doi, entry.arxiv
    if doi and doi.lower().startswith(_ARXIV_DOI):
        arxiv = arxiv or doi[len(_ARXIV_DOI) :]
        doi = None
    venue = _venue(entry)
    names = (one_line(name) for name in facts.authors)
    return CitedPaper(
        key=key,
        type=paper_type(venue, arxiv, facts.dblp),
        title=one_line(entry.title),
        authors=tuple(read_author_name(name) for name in names if name),
        more_authors=facts.more_authors,
        venue=venue,
        year=_year(catalog, entry, facts),
        url=entry.url,
        doi=doi,
        arxiv=arxiv,
        category=facts.categories[0] if arxiv and facts.categories else None,
    )


def one_line(text: str) -> str:
    """A text with single spaces and without invisible characters."""
    return " ".join(visible(text).split())


def _venue(entry: Entry) -> str | None:
    venue = one_line(entry.venue or "")
    return venue if venue and compact(venue) not in _NO_VENUE else None


def _year(catalog: Catalog, entry: Entry, facts: PaperFacts) -> int | None:
    """The year of publication; the day of a preprint says nothing of a venue's edition."""
    if _venue(entry):
        return entry.year or facts.year
    return year_of(catalog, entry)


def _base_key(catalog: Catalog, entry: Entry) -> str:
    facts = facts_of(catalog, entry)
    year = _year(catalog, entry, facts) or ""
    first = one_line(facts.authors[0]) if facts.authors else ""
    surname = _plain(read_author_name(first).family) if first else ""
    word = _title_word(entry)
    return (f"{surname}{year}{word}" if surname else f"{word}{year}") or "paper"


def _title_word(entry: Entry) -> str:
    """The short name of a paper, or the first word of its title that says something."""
    name = _plain(entry.name or "")
    if 0 < len(name) <= _LONGEST_NAME:
        return name
    words = _words(entry.title)
    telling = [word for word in words if word not in _STOP_WORDS]
    return next(iter(telling or words), "")[:_LONGEST_NAME]


def _plain(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    """The words of a text in ASCII letters and digits, in lower case."""
    if text.isascii():  # slugify is slow, and the keys of a whole list are made together
        return _ASCII_WORD.findall(text.lower().replace("'", ""))
    return [word for word in slugify(text).split("-") if word]


def _suffix(number: int) -> str:
    letters = ""
    while number >= 0:
        number, letter = divmod(number, len(_LETTERS))
        letters = _LETTERS[letter] + letters
        number -= 1
    return letters
