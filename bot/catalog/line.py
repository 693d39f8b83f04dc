"""One line of a list and the entry that it means, in both directions.

    - [DistServe](https://arxiv.org/abs/2401.09670): Disaggregating Prefill … | OSDI '24
      ──name───  ────────────address───────────────  ───────rest─────────   ──details──

Read generously, since every list has its own way; written in one way. What is written is read back
before it is used, and where that would give another entry, the line is escaped.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.catalog.details import Details, read_edition, read_field, split_ending, unescaped
from bot.catalog.inline import Inline, Piece, markdown_parser, plain, read_inline, squeeze
from bot.catalog.links import Link, read_link
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames

Escape = Callable[[str], str]

_BARS = re.compile(r"[|｜]")
_WORDS_OF_LINKS = frozenset(
    """paper papers pdf link links url arxiv abs html code here website web site project page
    homepage home slides slide video talk poster blog post github repo repository demo doc docs
    documentation dataset data openreview acm usenix ieee doi source official twitter tweet model
    weights hugging face huggingface bibtex""".split()  # noqa: SIM905  # forty words read best as words
)
_BEST_FIRST = (
    "paper",
    "pdf",
    "arxiv",
    "abs",
    "link",
    "url",
    "html",
    "openreview",
    "doi",
    "acm",
    "usenix",
)
_EMPTY_BRACKETS = re.compile(r"[\[(]\s*[,;/·]*\s*[\])]")
_BRACKETED = re.compile(r"[(\[](?P<inner>[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]")
_LINE_TOKENS = ["bullet_list_open", "list_item_open", "paragraph_open", "inline"]
_LINE_TOKENS += ["paragraph_close", "list_item_close", "bullet_list_close"]
_TASK = re.compile(r"\[[ xX]\]\s+")
_SHORT_YEARS = (2000, 2070)
_SECTIONS = re.compile(r"sections: (?P<paths>[a-z0-9/-]+(?: [a-z0-9/-]+)*)")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its line has it, before it has a place in the list."""

    title: str
    link: Link | None = None
    details: Details = field(default_factory=Details)
    sections: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def entry(self, sections: tuple[str, ...]) -> Entry:
        """The entry, standing in these sections."""
        return Entry(
            title=self.title,
            url=self.link.url if self.link else None,
            arxiv=self.link.arxiv if self.link else None,
            doi=self.link.doi if self.link else None,
            venue=self.details.venue,
            year=self.details.year,
            orgs=self.details.orgs,
            note="; ".join(self.details.notes) or None,
            sections=sections,
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a line is no entry."""

    reason: str


CONTENTS = Unreadable("a link within the page (table of contents)")
NO_LINK = Unreadable("no link")
NO_ADDRESS = Unreadable("a link that is no web address")
NO_TITLE = Unreadable("no title")
BADGE = Unreadable("only a picture")


def read_line(inline: Inline, names: KnownNames) -> Draft | Unreadable:
    """The entry that a bullet means."""
    head, *cells = _split(inline.pieces)
    return read_fields(head, [(cell, None) for cell in cells], names, inline.comments)


def read_fields(
    head: Sequence[Piece],
    fields: Iterable[tuple[Sequence[Piece], str | None]],
    names: KnownNames,
    comments: Iterable[str] = (),
) -> Draft | Unreadable:
    """The entry of a title field and the fields after it, each with its label if it has one."""
    fields = list(fields)
    pieces = [*head, *(piece for cell, _ in fields for piece in cell)]
    links = [piece for piece in pieces if piece.href is not None]
    if not squeeze("".join(piece.text for piece in pieces)):
        return BADGE
    if links and all((piece.href or "").startswith("#") for piece in links):
        return CONTENTS
    title, main, details = _read_head(head, names)
    details = _read_details(details, fields, names)
    main = main or _best(link for cell, _ in fields for link in cell if link.href)
    address = main.href if main else None
    link = read_link(plain(address)) if address else None
    if address and not link:
        return NO_ADDRESS
    if (
        not main
        and not (fields and (details.venue or details.orgs))
        and not (details.venue and details.year)
    ):
        return NO_LINK
    if not plain(title):
        return NO_TITLE
    places = next(
        (match["paths"] for note in comments if (match := _SECTIONS.fullmatch(note))), ""
    )
    dropped = tuple(
        dict.fromkeys(piece.href for piece in links if piece is not main and piece.href)
    )
    return Draft(squeeze(plain(title)), link, _tidied(details), tuple(places.split()), dropped)


def is_word_of_link(text: str) -> bool:
    """Whether a link's text says only what the link is (`paper`, `project page`)."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and all(word in _WORDS_OF_LINKS for word in words)


def write_line(entry: Entry, names: KnownNames, *, sections: Sequence[str] = ()) -> str:
    """The line of an entry, such that reading it gives the entry again.

    `sections` stand in a comment where their order is not the one in which the list shows them.
    """
    comment = f" <!-- sections: {' '.join(sections)} -->" if sections else ""
    for escape in (str, _escaped):
        for line in _candidates(entry, escape):
            if _reads_as(f"{line}{comment}", entry, names):
                return f"- {line}{comment}"
    raise AssertionError(
        f"no line reads as {entry}"
    )  # the escaped form always does; proven by test


def write_heading(title: str, level: int, *, section: str | None = None) -> str:
    """A heading line that reads as the title; a comment holds an id not made from it."""
    comment = f" <!-- id: {section} -->" if section else ""
    for text in (f"{title}{comment}", f"{_escaped(title)}{comment}"):
        tokens = markdown_parser().parse(f"{'#' * level} {text}")
        if [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]:
            inline = read_inline(tokens[1].children or ())
            if not inline.links and plain(inline.text) == title:
                return f"{'#' * level} {text}"
    raise AssertionError(f"no heading reads as {title}")


def _split(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The fields between bars; a bar inside a link's text is part of that text."""
    fields: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.href is not None:
            fields[-1].append(piece)
            continue
        first, *others = _BARS.split(piece.text)
        fields[-1].append(Piece(first))
        fields.extend([Piece(text)] for text in others)
    return fields


def _read_head(head: Sequence[Piece], names: KnownNames) -> tuple[str, Piece | None, Details]:
    """Title, the link that is the entry's, and what stands around them."""
    links = [piece for piece in head if piece.href is not None]
    named = next((piece for piece in links if piece.text.strip() and not _is_generic(piece)), None)
    if named is None:
        main = _best(links)
        text = _without_links(head)
        if not re.search(r"\w", plain(text)) and main:
            return _name(main.text), main, Details()
        title, details = _read_title_text(
            _TASK.sub("", text, count=1) if text.startswith("[") else text, names
        )
        return title, main, details
    at = list(head).index(named)
    lead, tail = _without_links(head[:at]), _without_links(head[at + 1 :])
    title, details = _read_tail(squeeze(named.text), tail, names)
    return title, named, _read_lead(lead, names).joined(details)


def _read_lead(lead: str, names: KnownNames) -> Details:
    """What stands before the link: a venue or date in brackets, a remark, a task box."""
    lead = _TASK.sub("", f"{lead} ", count=1).strip()
    details = Details()
    while match := _BRACKETED.match(lead):
        details = details.joined(
            read_edition(match["inner"], names) or Details(notes=(match["inner"],))
        )
        lead = lead[match.end() :].strip()
    lead = lead.strip(" :,-–—|·•\"“'")
    if not re.search(r"\w", plain(lead)):
        return details
    return details.joined(read_edition(lead, names) or Details(notes=(lead,)))


def _read_tail(name: str, tail: str, names: KnownNames) -> tuple[str, Details]:
    """The title of a link's text and what follows the link."""
    details = Details()
    ends_in_colon = name.endswith((":", "："))
    tail, bracketed = _brackets_first(tail, names) if not ends_in_colon else (tail, Details())
    details = details.joined(bracketed)
    if re.fullmatch(r"[\s.,;:]*", tail):
        title, ending = _trailing_brackets(_name(name), names)
        return _name(title), details.joined(ending)
    if ends_in_colon or tail.startswith((":", "：")):
        rest, ending = _read_title_text(tail.lstrip(":： "), names)
        name = name.rstrip(":： ")
        return (f"{name}: {rest}" if rest else name), details.joined(ending)
    if re.match(r"[-–—](?:\s|$)", tail):
        remark = tail[1:].strip()
        return _name(name), details.joined(Details(notes=(remark,)) if remark else Details())
    if tail[0] in ",.;":
        return _name(name), details.joined(_read_remark(tail.strip(" ,.;"), names))
    rest, ending = _read_title_text(tail, names)
    return squeeze(f"{name} {rest}"), details.joined(ending)


def _brackets_first(tail: str, names: KnownNames) -> tuple[str, Details]:
    """Brackets right after the link: an edition, or a remark."""
    details = Details()
    while match := _BRACKETED.match(tail):
        inner = match["inner"].strip()
        if inner:
            details = details.joined(read_edition(inner, names) or Details(notes=(inner,)))
        tail = tail[match.end() :].strip()
    return tail, details


def _read_title_text(text: str, names: KnownNames) -> tuple[str, Details]:
    """Running title text, without the edition and the full stop at its end."""
    title, bracketed = _trailing_brackets(text, names)
    title, ending = split_ending(title, names)
    title = title.strip(" ,;-–—")
    return _name(title), bracketed.joined(ending)


def _trailing_brackets(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the brackets at its end, if they hold an edition (`(OSDI '24)`)."""
    match = re.fullmatch(rf"(?P<title>.*\S)\s*{_BRACKETED.pattern}\.?", title)
    edition = read_edition(match["inner"], names) if match else None
    if match and edition and (edition.venue or edition.year):
        return match["title"], edition
    return title, Details()


def _read_remark(text: str, names: KnownNames) -> Details:
    """What follows a comma: editions where they are, else one remark."""
    if edition := read_edition(text, names):
        return edition
    first, comma, last = text.rpartition(",")
    if comma and (edition := read_edition(last, names)):
        return Details(notes=(first.strip(),)).joined(edition)
    return Details(notes=(text,)) if text else Details()


def _read_details(
    details: Details, fields: Iterable[tuple[Sequence[Piece], str | None]], names: KnownNames
) -> Details:
    for cell, label in fields:
        kept = [piece for piece in cell if not (piece.href and _is_generic(piece))]
        text = squeeze(_EMPTY_BRACKETS.sub("", "".join(piece.text for piece in kept)))
        text = text.strip("()[] ") if len(kept) < len(cell) or any(p.href for p in kept) else text
        if text:
            details = details.joined(read_field(f"{label}: {text}" if label else text, names))
    return details


def _tidied(details: Details) -> Details:
    details = unescaped(details)
    return replace(
        details,
        venue=squeeze(details.venue) if details.venue else None,
        orgs=tuple(dict.fromkeys(squeeze(org) for org in details.orgs if org.strip())),
        notes=tuple(squeeze(note) for note in details.notes if note.strip()),
    )


def _name(text: str) -> str:
    """A title without the punctuation that belongs to the list and not to it."""
    text = squeeze(text).rstrip(":： ")
    if (
        text.endswith(".")
        and not text.endswith("..")
        and not text.endswith(("et al.", "etc.", "Inc."))
    ):
        text = text[:-1].rstrip()
    return text


def _without_links(pieces: Iterable[Piece]) -> str:
    """The text, other links included as text, links such as `[code](…)` left out."""
    kept = (piece.text for piece in pieces if piece.href is None or not _is_generic(piece))
    return squeeze(_EMPTY_BRACKETS.sub(" ", "".join(kept)))


def _is_generic(link: Piece) -> bool:
    return link.href is not None and is_word_of_link(link.text)


def _best(links: Iterable[Piece]) -> Piece | None:
    """The link to the paper itself, rather than to its code or slides."""

    def rank(link: Piece) -> int:
        words = set(re.findall(r"\w+", link.text.casefold()))
        return next((at for at, word in enumerate(_BEST_FIRST) if word in words), len(_BEST_FIRST))

    return min(links, key=rank, default=None)


def _candidates(entry: Entry, escape: Escape) -> Iterable[str]:
    """Lines that may mean the entry, the most readable first."""
    address = _address(entry.url)
    note = f" - {escape(entry.note)}" if entry.note else ""
    name, _, rest = entry.title.partition(": ")
    linked = [f"[{escape(entry.title)}]({address})"]
    if rest and address and not note:
        linked.insert(0, f"[{escape(name)}]({address}): {escape(rest)}")
    if not address and not note:
        linked.insert(0, escape(entry.title))
    edition = _edition(entry, escape)
    for title in linked:
        for venue in edition:
            for orgs in _orgs(entry, escape):
                yield " | ".join([f"{title}{note}", *orgs, *venue])


def _edition(entry: Entry, escape: Escape) -> list[list[str]]:
    year, venue = entry.year, entry.venue
    if venue is None:
        return [[] if year is None else [str(year)], [f"Year: {year}"]]
    labelled = [f"Venue: {escape(venue)}"] + ([f"Year: {year}"] if year is not None else [])
    if year is None:
        return [[escape(venue)], labelled]
    short = f"'{year % 100:02d}" if _SHORT_YEARS[0] <= year < _SHORT_YEARS[1] else str(year)
    return [[f"{escape(venue)} {short}"], labelled]


def _orgs(entry: Entry, escape: Escape) -> list[list[str]]:
    if not entry.orgs:
        return [[]]
    together = " & ".join(escape(org) for org in entry.orgs)
    return [[together], [f"Org: {together}"]]


def _address(url: str | None) -> str:
    """A link's destination; in angle brackets where a bare one would end early or be decoded."""
    if not url:
        return ""
    if not re.search(r"[()\\]|&#?\w+;", url):
        return url
    return f"<{url.replace('&', '&amp;').replace(chr(92), chr(92) * 2)}>"


def _escaped(text: str) -> str:
    """Markdown in which all but letters and spaces is literal, and the first character too."""
    shown = "".join(char if char.isalpha() or char == " " else f"&#{ord(char)};" for char in text)
    return f"&#{ord(text[0])};{shown[1:]}" if text[:1].isalpha() else shown


def _reads_as(line: str, entry: Entry, names: KnownNames) -> bool:
    tokens = markdown_parser().parse(f"- {line}")
    if [token.type for token in tokens] != _LINE_TOKENS:
        return False
    draft = read_line(read_inline(tokens[3].children or ()), names)
    if isinstance(draft, Unreadable):
        return False
    read = draft.entry(entry.sections)
    return read == replace(entry, arxiv=read.arxiv, doi=read.doi, added=None, by=None)
