"""What stands beside a title: venue, year, organisations or a remark, in the words of any list.

`SOSP' 24`, `OSDI'22`, `EuroSys '24`, `ATC’ 21`, `ASPLOS 23`, `ICML ES-FoMo Workshop 2023`,
`NeurIPS 2023 Workshop`, `Google, UCB`, `Stanford & UCB`, `2024/05`, and the labelled forms that
the export uses where a bare word would be misread: `Venue: …`, `Year: …`, `Org: …`, `Note: …`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.catalog.inline import is_escaped, plain, squeeze
from bot.catalog.names import KnownNames, Names

_APOSTROPHE = r"['’‘`´]"
_YEAR = r"(?:19|20)\d{2}"
_EDITION = re.compile(
    rf"(?P<venue>\S.*?)[\s,-]*(?:{_APOSTROPHE}\s*(?P<short>\d{{2}})|{_APOSTROPHE}?\s*(?P<long>{_YEAR})"
    r"|\s(?P<bare>\d{2}))\.?(?:\s+(?P<after>\S.*?))?\.?"
)
_YEAR_FIRST = re.compile(rf"(?P<year>{_YEAR})\s+(?P<venue>\S.*)")
_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"(?:{_MONTHS}\s+(?:\d{{1,2}},?\s+)?)?(?P<year>{_YEAR})(?:[-/.]\d{{1,2}}){{0,2}}(?:\s+{_MONTHS})?"
    rf"|{_APOSTROPHE}(?P<short>\d{{2}})",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>venue|year|orgs?|note):\s*(?P<value>\S.*)", re.IGNORECASE)
_ENDING = re.compile(
    rf"(?P<title>.*\S)\s+(?P<edition>\S+\s*(?:{_APOSTROPHE}\s*\d{{2}}|{_APOSTROPHE}?\s*{_YEAR}))\.?"
)
_SEPARATOR = re.compile(r"\s*(?:,|;|/|\s&\s|\sand\s)\s*")
_ORG_WORDS = 5
_VENUE_WORDS = 7
_CENTURY_TURNS = 70  # two digits below are of this century, from here on of the last


@dataclass(frozen=True, slots=True)
class Details:
    """What was understood; text may still hold literals."""

    venue: str | None = None
    year: int | None = None
    orgs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def joined(self, other: "Details") -> "Details":
        """Both; a second venue or year is a remark."""
        notes = [*self.notes]
        if self.venue and other.venue:
            notes.append(other.venue)
        return Details(
            venue=self.venue or other.venue,
            year=self.year if self.year is not None else other.year,
            orgs=tuple(dict.fromkeys((*self.orgs, *other.orgs))),
            notes=(*notes, *other.notes),
        )


def read_field(text: str, names: KnownNames) -> Details:
    """A field after a bar: an edition, organisations, or a remark if it is too long for those."""
    text = squeeze(text)
    if not text:
        return Details()
    if match := _LABEL.fullmatch(text):
        return _labelled(match["label"].lower(), match["value"], names)
    if edition := read_edition(text, names):
        return edition
    details = Details()
    parts = [part for part in _SEPARATOR.split(text) if part]
    if any(len(part.split()) > _ORG_WORDS for part in parts):
        return Details(notes=(text,))
    for part in parts:
        details = details.joined(
            read_edition(part, names) or Details(orgs=(org_name(part, names),))
        )
    return details


def read_edition(text: str, names: KnownNames) -> Details | None:
    """A venue with its year, a known venue alone, or a date; None for anything else."""
    text = squeeze(text).rstrip(".")
    if match := _DATE.fullmatch(text):
        return Details(year=_year(match["short"], match["year"]))
    if (match := _YEAR_FIRST.fullmatch(text)) and _canonical(names.venues, match["venue"]):
        return Details(venue=venue_name(match["venue"], names), year=int(match["year"]))
    if _canonical(names.venues, text):
        return Details(venue=venue_name(text, names))
    match = _EDITION.fullmatch(text)
    return _venue_with_year(match, names) if match else None


def _venue_with_year(match: re.Match[str], names: KnownNames) -> Details | None:
    venue, after = match["venue"], match["after"]
    known = _canonical(names.venues, venue) is not None
    if ((match["bare"] or after) and not known) or len(venue.split()) > _VENUE_WORDS:
        return None
    year = _year(match["short"] or match["bare"], match["long"])
    if after and re.search(r"\bworkshop\b|\bfindings\b|\bdemo\b", after, re.IGNORECASE):
        return Details(venue=f"{venue_name(venue, names)} {after}", year=year)
    return Details(venue=venue_name(venue, names), year=year, notes=(after,) if after else ())


def split_ending(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the known venue that it ends in: `… AI Scale ICML' 2022.`."""
    match = _ENDING.fullmatch(title)
    edition = read_edition(match["edition"], names) if match else None
    if match and edition and edition.venue and _canonical(names.venues, edition.venue):
        return match["title"].rstrip(" ,.-"), edition
    return title, Details()


def venue_name(text: str, names: KnownNames) -> str:
    """The canonical name of a venue, or the text itself; the words of a workshop stay."""
    text = text.strip(" ,.-:")
    if known := _canonical(names.venues, text):
        return known
    first, _, rest = text.partition(" ")
    known = _canonical(names.venues, first)
    return f"{known} {rest}" if known and rest else text


def org_name(text: str, names: KnownNames) -> str:
    """The canonical name of an organisation, or the text itself."""
    text = text.strip(" .")
    return _canonical(names.orgs, text) or text


def unescaped(details: Details) -> Details:
    """The same with literals as plain characters."""
    return replace(
        details,
        venue=plain(details.venue) if details.venue else None,
        orgs=tuple(_plain_each(details.orgs)),
        notes=tuple(_plain_each(details.notes)),
    )


def _canonical(names: Names, text: str) -> str | None:
    """The canonical name; what was escaped is a name of its own."""
    return None if is_escaped(text) else names.canonical(text)


def _plain_each(texts: Iterable[str]) -> Iterable[str]:
    return (plain(text) for text in texts)


def _labelled(label: str, value: str, names: KnownNames) -> Details:
    match label:
        case "venue":
            return Details(venue=_canonical(names.venues, value) or value)
        case "year":
            digits = plain(value)
            return Details(year=int(digits)) if digits.isdecimal() else Details(notes=(value,))
        case "note":
            return Details(notes=(value,))
        case _:
            parts = (part for part in _SEPARATOR.split(value) if part)
            return Details(orgs=tuple(org_name(part, names) for part in parts))


def _year(short: str | None, full: str | None) -> int:
    """Two digits are of this century below 70, of the last one above."""
    if full:
        return int(full)
    two = int(short or 0)
    return two + (2000 if two < _CENTURY_TURNS else 1900)
