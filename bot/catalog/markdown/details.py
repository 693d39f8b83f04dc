"""Details beside a title: venue, year, organisations and remarks, in the forms of many lists.

`SOSP' 24`, `OSDI'22`, `EuroSys '24`, `ATC’ 21`, `ASPLOS 23`, `ICML ES-FoMo Workshop 2023`,
`NeurIPS 2023 Workshop`, `Google, UCB`, `Stanford & UCB`, `2024/05`, and the labelled forms that
the export uses where a bare word would be misread: `Venue: …`, `Year: …`, `Org: …`, `Note: …`.
"""

import re
from dataclasses import dataclass, replace

from bot.catalog.markdown.inline import is_escaped, plain, squeeze
from bot.catalog.names import KnownNames, Names

_APOSTROPHE = r"['’‘`´]"
_YEAR = r"(?:19|20)\d{2}"
# The expressions below read text with single spaces only.
_EDITION_YEAR = re.compile(  # after a venue, before nothing or other words
    rf"(?:{_APOSTROPHE}\s?(?P<short>\d{{2}})|{_APOSTROPHE}?\s?(?P<long>{_YEAR})"
    r"|\s(?P<bare>\d{2}))\.?(?:\s(?P<after>\S.*)|\.?\Z)"
)
_YEAR_FIRST = re.compile(rf"(?P<year>{_YEAR})\s+(?P<venue>\S.*)")
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"(?:{_MONTHS}\s+(?:\d{{1,2}},?\s+)?)?(?P<year>{_YEAR})(?:[-/.]\d{{1,2}}){{0,2}}(?:\s+{_MONTHS})?"
    rf"|{_APOSTROPHE}(?P<short>\d{{2}})",
    re.IGNORECASE,
)
_ARXIV = re.compile(
    r"(?:(?:arxiv|preprint)[:,\s]*)*(?P<year>\d{2})(?:0[1-9]|1[0-2])\.\d{4,5}(?:v\d+)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>venue|year|orgs?|note):\s*(?P<value>\S.*)", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[,;，；]|(?<=\S)\.(?=\s)|(?<=\s)[|–—-](?=\s)")
_FIRST_CLAUSE = re.compile(r"(?P<clause>[^,;]*\S)[,;]\s*(?P<rest>\S.*)")
_EMPTY_VALUES = frozenset(
    {"", "-", "–", "—", "n/a", "na", "none", "null", "?", "/", "x", "✗", "✘", "tba"}
)
_MAX_REMARK_LENGTH = 400
_MAX_EDITION_LENGTH = 150  # longer text is prose, and the search in it would be slow
_SEPARATOR = re.compile(r"\s?[,;/]\s?|\s&\s|\sand\s")
_MAX_ORG_WORDS = 5
_MAX_VENUE_WORDS = 7
_CENTURY_TURNS = 70  # two-digit years below are of this century, others of the last


@dataclass(frozen=True, slots=True)
class Details:
    """Venue, year, organisations and remarks; texts may still contain literals."""

    venue: str | None = None
    year: int | None = None
    orgs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def joined(self, other: "Details") -> "Details":
        """These details and others; a second venue becomes a remark."""
        notes = [*self.notes]
        if self.venue and other.venue:
            notes.append(other.venue)
        return Details(
            venue=self.venue or other.venue,
            year=self.year if self.year is not None else other.year,
            orgs=tuple(dict.fromkeys((*self.orgs, *other.orgs))),
            notes=(*notes, *other.notes),
        )

    def tidied(self) -> "Details":
        """The details with single spaces, and with literals decoded."""
        return replace(
            self,
            venue=plain(squeeze(self.venue)) if self.venue else None,
            orgs=tuple(plain(squeeze(org)) for org in self.orgs if org.strip()),
            notes=tuple(plain(squeeze(note)) for note in self.notes if note.strip()),
        )


def read_field(text: str, names: KnownNames) -> Details:
    """Read a field after a bar: an edition, organisations, or a remark if it is too long."""
    text = squeeze(text)
    if not text:
        return Details()
    if match := _LABEL.fullmatch(text):
        return _read_labelled(match["label"].lower(), match["value"], names)
    if edition := read_edition(text, names, loose=True):
        return edition
    parts = _parts(text)
    if any(len(part.split()) > _MAX_ORG_WORDS for part in parts):
        return Details(notes=(text,))
    details = Details()
    for part in parts:
        edition = read_edition(part, names) or Details(orgs=(_org_name(part, names),))
        details = details.joined(edition)
    return details


def is_empty_value(text: str) -> bool:
    """Tell whether a field says that there is no value (`-`, `N/A`)."""
    return text.strip().casefold() in _EMPTY_VALUES


def read_edition(text: str, names: KnownNames, *, loose: bool = False) -> Details | None:
    """Read a venue with its year, a known venue alone, or a date; None for other text.

    An unknown venue needs two capitals in each word (`ACM FooConf 2023`), unless `loose`: for text
    in a position where only a venue can be.
    """
    text = squeeze(text).rstrip(".").removeprefix("@")
    if len(text) > _MAX_EDITION_LENGTH:
        return None
    if match := _DATE.fullmatch(text):
        return Details(year=_year(match["short"], match["year"]))
    if match := _ARXIV.fullmatch(text):
        return Details(venue=_venue_name("arXiv", names), year=_year(match["year"], None))
    if (match := _YEAR_FIRST.fullmatch(text)) and _canonical(names.venues, match["venue"]):
        return Details(venue=_venue_name(match["venue"], names), year=int(match["year"]))
    if _canonical(names.venues, text):
        return Details(venue=_venue_name(text, names))
    match = None if text[:1].isspace() else _EDITION_YEAR.search(text, 1)
    return _read_venue_with_year(match, names, loose=loose) if match else None


def is_venue(text: str, names: KnownNames) -> bool:
    """Tell whether a text is the name of a known venue."""
    return _canonical(names.venues, text.strip(" ,.-:")) is not None


def read_remark(text: str, names: KnownNames) -> Details:
    """Read other text after a title: the editions at its ends, the rest as a note."""
    details, rest = Details(), squeeze(text)
    while len(rest) <= _MAX_REMARK_LENGTH:
        if edition := read_edition(rest, names):
            return edition.joined(details)
        before, clause = _last_clause(rest)
        first = _FIRST_CLAUSE.fullmatch(rest)
        if before and (edition := read_edition(clause, names)):
            details, rest = edition.joined(details), before
        elif first and (edition := read_edition(first["clause"], names)):
            details, rest = details.joined(edition), first["rest"]
        else:
            break
    rest = rest.rstrip(" ,;-–—|·")
    if org := _canonical(names.orgs, rest):
        return Details(orgs=(org,)).joined(details)
    return Details(notes=(rest,) if rest else ()).joined(details)


def _read_venue_with_year(
    match: re.Match[str], names: KnownNames, *, loose: bool
) -> Details | None:
    text, after = match.string, (match["after"] or "").removesuffix(".")
    venue = text[0] + text[1 : match.start()].rstrip(" ,-")
    if not is_venue(venue, names) and (
        match["bare"]
        or after
        or re.search(r"[,;:]\s|\.\s", venue)
        or len(venue.split()) > _MAX_VENUE_WORDS
        or not (loose or _is_acronym(venue))
    ):
        return None
    name = _venue_name(venue, names)
    year = _year(match["short"] or match["bare"], match["long"])
    if after and re.search(r"\bworkshop\b|\bfindings\b|\bdemo\b", after, re.IGNORECASE):
        return Details(venue=f"{name} {after}", year=year)
    return Details(venue=name, year=year, notes=(after.strip(" ()"),) if after else ())


def _last_clause(text: str) -> tuple[str, str]:
    """A text before its last clause, and the clause; the first is empty if there is only one."""
    text = text.rstrip(".,;")
    for end in reversed([*_CLAUSE_END.finditer(text)]):
        before, clause = text[: end.start()].rstrip(), text[end.end() :].lstrip()
        if before and clause:
            return before, clause
    return "", ""


def _is_acronym(venue: str) -> bool:
    """Tell whether each word of a name has two capitals: `ACM FooConf`."""
    return all(sum(char.isupper() for char in word) > 1 for word in venue.split())


def _read_labelled(label: str, value: str, names: KnownNames) -> Details:
    match label:
        case "venue":
            return Details(venue=_canonical(names.venues, value) or value)
        case "year":
            digits = plain(value)
            return Details(year=int(digits)) if digits.isdecimal() else Details(notes=(value,))
        case "note":
            return Details(notes=(value,))
        case _:
            return Details(orgs=tuple(_org_name(part, names) for part in _parts(value)))


def _parts(text: str) -> list[str]:
    return [part for part in _SEPARATOR.split(text) if part]


def _venue_name(text: str, names: KnownNames) -> str:
    """The canonical name of a venue, or the text itself; the words of a workshop stay."""
    text = text.strip(" ,.-:")
    if known := _canonical(names.venues, text):
        return known
    first, _, rest = text.partition(" ")
    known = _canonical(names.venues, first)
    return f"{known} {rest}" if known and rest else text


def _org_name(text: str, names: KnownNames) -> str:
    """The canonical name of an organisation, or the text itself."""
    text = text.strip(" .")
    return _canonical(names.orgs, text) or text


def _canonical(names: Names, text: str) -> str | None:
    """The canonical name; None for unknown names and for text with literals."""
    return None if is_escaped(text) else names.canonical(text)


def _year(short: str | None, full: str | None) -> int:
    if full:
        return int(full)
    two = int(short or 0)
    return two + (2000 if two < _CENTURY_TURNS else 1900)
