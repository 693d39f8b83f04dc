"""What stands beside a title: venue, year, organisations or a remark, in the words of any list.

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
_ARXIV = re.compile(
    r"(?:(?:arxiv|preprint)[:,\s]*)*(?P<year>\d{2})(?:0[1-9]|1[0-2])\.\d{4,5}(?:v\d+)?",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?P<label>venue|year|orgs?|note):\s*(?P<value>\S.*)", re.IGNORECASE)
_LAST_CLAUSE = re.compile(
    r"(?P<rest>.*\S)(?:\s*[,;，；]|\.\s|\s[|–—-]\s)\s*(?P<clause>\S.*?)[.,;]*"
)
_FIRST_CLAUSE = re.compile(r"(?P<clause>[^,;]*\S)[,;]\s*(?P<rest>\S.*)")
_OPEN_END = re.compile(r"(?:^|\s)(?:of|at|in|for|from|the|a|to|and|on|with|by|&)$", re.IGNORECASE)
_NOTHING = frozenset(
    {"", "-", "–", "—", "n/a", "na", "none", "null", "?", "/", "x", "✗", "✘", "tba"}
)
_ENDING_WORDS = 6
_AUTHOR_WORDS = 4
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "da", "di", "du", "la", "le", "bin", "al"}
)
_LONGEST_REMARK = 400
_LONGEST_EDITION = 150  # what is longer is prose, and not worth the search in it
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
    if edition := read_edition(text, names, loose=True):
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


def is_nothing(text: str) -> bool:
    """Whether a field says only that there is nothing to say (`-`, `N/A`)."""
    return text.strip().casefold() in _NOTHING


def read_edition(text: str, names: KnownNames, *, loose: bool = False) -> Details | None:
    """A venue with its year, a known venue alone, or a date; None for anything else.

    A venue that is not known has two capitals in each word (`ACM FooConf 2023`), or stands where
    only a venue can: `loose`.
    """
    text = squeeze(text).rstrip(".").removeprefix("@")
    if len(text) > _LONGEST_EDITION:
        return None
    if match := _DATE.fullmatch(text):
        return Details(year=_year(match["short"], match["year"]))
    if match := _ARXIV.fullmatch(text):
        return Details(venue=venue_name("arXiv", names), year=_year(match["year"], None))
    if (match := _YEAR_FIRST.fullmatch(text)) and _canonical(names.venues, match["venue"]):
        return Details(venue=venue_name(match["venue"], names), year=int(match["year"]))
    if _canonical(names.venues, text):
        return Details(venue=venue_name(text, names))
    match = _EDITION.fullmatch(text)
    return _venue_with_year(match, names, loose=loose) if match else None


def _venue_with_year(match: re.Match[str], names: KnownNames, *, loose: bool) -> Details | None:
    venue, after = match["venue"], match["after"]
    known = knows_venue(venue, names)
    if not known and (
        match["bare"]
        or after
        or re.search(r"[,;:]\s|\.\s", venue)
        or len(venue.split()) > _VENUE_WORDS
        or not (loose or _is_acronym(venue))
    ):
        return None
    year = _year(match["short"] or match["bare"], match["long"])
    if after and re.search(r"\bworkshop\b|\bfindings\b|\bdemo\b", after, re.IGNORECASE):
        return Details(venue=f"{venue_name(venue, names)} {after}", year=year)
    return Details(
        venue=venue_name(venue, names), year=year, notes=(after.strip(" ()"),) if after else ()
    )


def _is_acronym(venue: str) -> bool:
    """Whether each word of a name has two capitals: `ACM FooConf`."""
    return all(sum(char.isupper() for char in word) > 1 for word in venue.split())


def knows_venue(text: str, names: KnownNames) -> bool:
    """Whether a text is a known venue's name."""
    return _canonical(names.venues, text.strip(" ,.-:")) is not None


def split_ending(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the known venue that it ends in: `… AI Scale ICML' 2022.`."""
    words = title.split()
    for at in range(max(1, len(words) - _ENDING_WORDS), len(words)):
        rest = " ".join(words[:at])
        edition = read_edition(" ".join(words[at:]), names)
        is_known = edition and edition.year and knows_venue(edition.venue or "", names)
        if edition and is_known and not _OPEN_END.search(rest):
            return rest.rstrip(" ,-–—|(["), edition
    return title, Details()


def split_authors(title: str) -> tuple[str, Details]:
    """A title without the authors after it, where `et al.` says that they are authors."""
    before, et_al, after = title.rpartition(" et al")
    before = before.rstrip(",")
    parts = before.split(", ") if ", " in before else before.split(". ")
    if not et_al or re.search(r"\w", after) or len(parts) == 1 or not _is_person(parts[-1]):
        return title, Details()
    at = len(parts) - 1
    while at > 1 and " " in parts[at - 1] and _is_person(parts[at - 1]):
        at -= 1
    return ", ".join(parts[:at]), Details(notes=(f"{', '.join(parts[at:])} et al.",))


def _is_person(text: str) -> bool:
    words = text.split()
    are_names = all(word[0].isupper() or word in _PARTICLES for word in words)
    return are_names and 0 < len(words) <= _AUTHOR_WORDS


def read_remark(text: str, names: KnownNames) -> Details:
    """What stands behind a title in other words: the editions at its ends, the rest as a note."""
    text = squeeze(text)
    details, rest = Details(), text
    while len(rest) <= _LONGEST_REMARK:
        if edition := read_edition(rest, names):
            return edition.joined(details)
        last, first = _LAST_CLAUSE.fullmatch(rest), _FIRST_CLAUSE.fullmatch(rest)
        if last and (edition := read_edition(last["clause"], names)):
            details, rest = edition.joined(details), last["rest"]
        elif first and (edition := read_edition(first["clause"], names)):
            details, rest = details.joined(edition), first["rest"]
        else:
            break
    rest = rest.rstrip(" ,;-–—|·")
    if org := _canonical(names.orgs, rest):
        return Details(orgs=(org,)).joined(details)
    return Details(notes=(rest,) if rest else ()).joined(details)


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


def tidied(details: Details) -> Details:
    """The same with single spaces, and literals as plain characters."""
    return replace(
        details,
        venue=plain(squeeze(details.venue)) if details.venue else None,
        orgs=tuple(plain(squeeze(org)) for org in details.orgs if org.strip()),
        notes=tuple(plain(squeeze(note)) for note in details.notes if note.strip()),
    )


def _canonical(names: Names, text: str) -> str | None:
    """The canonical name; what was escaped is a name of its own."""
    return None if is_escaped(text) else names.canonical(text)


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
