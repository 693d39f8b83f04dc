"""Parser for a line of a list: the entry that it stands for.

    - [DistServe](https://arxiv.org/abs/2401.09670): Disaggregating Prefill … | OSDI '24
      ──name───  ────────────address───────────────  ───────rest─────────   ──details──

Lists are written in many ways, and the parser accepts them: the name may be a link, emphasised, in
quotes or plain text; the address may be that of the name or of a `[paper](…)` beside it; venue,
date and remarks may come before or after. `line_style.py` is the inverse.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from bot.catalog.links import Link, canonical_address, read_link
from bot.catalog.markdown.details import (
    Details,
    is_empty_value,
    is_venue,
    read_edition,
    read_field,
    read_remark,
)
from bot.catalog.markdown.dialect import LONGEST_LINE
from bot.catalog.markdown.inline import (
    PAPER_WORDS,
    Inline,
    Piece,
    has_words,
    is_address,
    is_escaped,
    is_link_word,
    paper_link,
    plain,
    squeeze,
)
from bot.catalog.markdown.title import (
    read_lead,
    read_tail,
    read_title,
    strip_dash,
    strip_punctuation,
)
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames

_BARS = re.compile(r"[|｜]")
_EMPTY_BRACKETS = re.compile(r"[\[(]\s*+[,;/·]*+\s*+[\])]")
_SECTIONS = re.compile(r"sections: (?P<paths>[a-z0-9/-]+(?: [a-z0-9/-]+)*)")
_DASH = re.compile(r"[-–—·•]+(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry as its line states it, before it has a place in the list."""

    title: str
    link: Link | None = None
    details: Details = field(default_factory=Details)
    sections: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def entry(self, sections: tuple[str, ...]) -> Entry:
        """The entry in these sections."""
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

    def states(self, entry: Entry) -> bool:
        """Tell whether the line states this entry, apart from ids, sections, `added` and `by`.

        The address of the entry may have another form, if a person wrote it.
        """
        read = self.entry(entry.sections)
        if read.title != entry.title:
            return False
        is_its_url = read.url != entry.url and read.url == canonical_address(entry.url)
        url = read.url if is_its_url else entry.url
        return read == replace(entry, url=url, arxiv=read.arxiv, doi=read.doi, added=None, by=None)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The reason why a line is not an entry."""

    reason: str


CONTENTS = Unreadable("a link within the page (table of contents)")
NO_LINK = Unreadable("no link")
NO_ADDRESS = Unreadable("a link that is no web address")
NO_TITLE = Unreadable("no title")
BADGE = Unreadable("only a picture or an anchor")
TOO_LONG = Unreadable(f"longer than {LONGEST_LINE:,} characters")
EMPTY_ROW = Unreadable("an empty row")
EMPTY_BULLET = Unreadable("a bullet with no text")
FURTHER_LINK = Unreadable("a further link of the entry above")


def read_line(inline: Inline, names: KnownNames) -> Draft | Unreadable:
    """Read the entry of a bullet."""
    if inline.is_too_long:
        return TOO_LONG
    head, *cells = _split_at_bars(inline.pieces)
    if _is_tag(head, names) and any(piece.href for cell in cells for piece in cell):
        head, *cells = *cells, head
    return read_fields(head, [(cell, None) for cell in cells], names, inline.comments)


def read_fields(
    head: Sequence[Piece],
    fields: Sequence[tuple[Sequence[Piece], str | None]],
    names: KnownNames,
    comments: Iterable[str] = (),
) -> Draft | Unreadable:
    """Read the entry of a title field and the fields after it, each with its label or None."""
    pieces = [*head, *(piece for cell, _ in fields for piece in cell)]
    links = [piece for piece in pieces if piece.href is not None]
    if not squeeze(_text(pieces)):
        return BADGE
    if links and all((piece.href or "").startswith("#") for piece in links):
        return CONTENTS
    title, main, details = _read_head(head, names)
    details = _join_fields(details, fields, names)
    main = main or paper_link(link for cell, _ in fields for link in cell if link.href)
    link = read_link(plain(main.href)) if main and main.href else None
    if main and main.href and not link:
        return NO_ADDRESS
    if not main and not _shows_a_paper(details, names, after_bar=bool(fields)):
        return NO_LINK
    if not has_words(title) and not is_escaped(title):
        return NO_TITLE
    places = (match["paths"] for note in comments if (match := _SECTIONS.fullmatch(note)))
    dropped = dict.fromkeys(piece.href for piece in links if piece is not main and piece.href)
    return Draft(
        plain(squeeze(title)),
        link,
        details.tidied(),
        tuple(next(places, "").split()),
        tuple(href for href in dropped if not main or href != main.href),
    )


def _is_tag(pieces: Sequence[Piece], names: KnownNames) -> bool:
    """Tell whether a field is only an edition, which may precede the name: `2023-05 | [Name]`."""
    text = squeeze(_text(piece for piece in pieces if piece.href is None))
    return len(pieces) == 1 and bool(read_edition(text.strip("[]()"), names))


def _shows_a_paper(details: Details, names: KnownNames, *, after_bar: bool) -> bool:
    """Tell whether the details show that a text without a link is the title of a paper."""
    if details.venue and (details.year or after_bar):
        return True
    return after_bar and any(
        not is_escaped(org) and names.orgs.canonical(org) for org in details.orgs
    )


def _split_at_bars(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The fields between bars; a bar in the text of a link belongs to that text."""
    fields: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece.href is not None:
            fields[-1].append(piece)
            continue
        first, *others = _BARS.split(piece.text)
        fields[-1].append(replace(piece, text=first))
        fields.extend([replace(piece, text=text)] for text in others)
    return fields


def _read_head(head: Sequence[Piece], names: KnownNames) -> tuple[str, Piece | None, Details]:
    """The title, the link of the entry, and the details around them."""
    links = [piece for piece in head if piece.href is not None]
    at = _name_index(head, names)
    if at is not None:
        name = head[at]
        tail, *below = _lines(head[at + 1 :], names)
        title, details = read_tail(squeeze(name.text), tail, names)
        lead = " ".join(_lines(head[:at], names))
        details = read_lead(lead, names).joined(details)
        main = name if name.href is not None else paper_link(links)
    else:
        lines = _lines(_with_breaks(head), names)
        main = paper_link(links)
        if main and not any(has_words(line) for line in lines):
            return ("" if is_address(main) else strip_punctuation(main.text)), main, Details()
        text, *below = [line for line in lines if line] or [""]
        title, details = read_title(text, names)
    for line in below:
        details = details.joined(read_remark(strip_dash(line), names))
    for piece in links:
        if _is_edition(piece, names) and (at is None or piece is not head[at]):
            details = details.joined(read_edition(_inner_text(piece), names) or Details())
    return title, main, details


def _name_index(head: Sequence[Piece], names: KnownNames) -> int | None:
    """The index of the name: a link with a text of its own, or the first emphasised words."""
    for at, piece in enumerate(head):
        if piece.href is None or not piece.text.strip() or _is_aside(head, at, names):
            continue
        if not _is_untitled(piece, names) or _is_described_link(head, at):
            return at
    at = next((at for at, piece in enumerate(head) if re.search(r"\w", piece.text)), 0)
    if not head or not head[at].emphasised or not head[at].text.strip():
        return None
    if head[at].href is not None or _text(head[:at]).strip(' "“'):
        return None
    text = head[at].text
    is_detail = text.strip().startswith(("[", "(")) or read_edition(text.strip("[]() :,"), names)
    return None if is_detail else at


def _is_aside(head: Sequence[Piece], at: int, names: KnownNames) -> bool:
    """Tell whether a link is in brackets after words that are no edition: `Title [[MIT]](…)`."""
    before = _text(head[:at]).rstrip()
    if not before.endswith(("[", "(")):
        return False
    before = before[:-1].strip(" \n|,-–—")
    return has_words(before) and not read_edition(before.strip("[]()"), names)


def _is_described_link(head: Sequence[Piece], at: int) -> bool:
    """Tell whether a link such as `[Documentation](…) - What it says` is the name of an entry."""
    if any(has_words(piece.text) for piece in head[:at]):
        return False
    words = re.findall(r"\w+", head[at].text.casefold())
    following = _text(head[at + 1 :]).lstrip()
    return bool(_DASH.match(following)) and not any(word in PAPER_WORDS for word in words)


def _is_untitled(piece: Piece, names: KnownNames) -> bool:
    """Tell whether a piece is a link whose text is no title: generic, an address or an edition."""
    return piece.is_generic or (
        piece.href is not None and (is_address(piece) or _is_edition(piece, names))
    )


def _is_edition(link: Piece, names: KnownNames) -> bool:
    """Tell whether the text of a link is only an edition: `[[OSDI '24](…)]`."""
    if link.href is None or is_link_word(link.text):
        return False
    edition = read_edition(_inner_text(link), names)
    return bool(edition and (not edition.venue or is_venue(edition.venue, names)))


def _inner_text(link: Piece) -> str:
    """The text of a link without brackets around it."""
    return squeeze(link.text).strip("[]() ")


def _join_fields(
    details: Details, fields: Iterable[tuple[Sequence[Piece], str | None]], names: KnownNames
) -> Details:
    for cell, label in fields:
        kept = [
            piece
            for piece in cell
            if not piece.is_generic and (piece.href is None or not is_address(piece))
        ]
        text = squeeze(_EMPTY_BRACKETS.sub("", _text(kept)))
        if len(kept) < len(cell) or any(piece.href for piece in kept):
            text = text.strip("()[] ")
        if not is_empty_value(text):
            details = details.joined(read_field(f"{label}: {text}" if label else text, names))
    return details


def _lines(pieces: Iterable[Piece], names: KnownNames) -> list[str]:
    """The text by line breaks, without links that have no title such as `[code](…)`."""
    text = _text(piece for piece in pieces if not _is_untitled(piece, names))
    return [squeeze(_EMPTY_BRACKETS.sub(" ", line)) for line in text.split("\n")]


def _with_breaks(head: Sequence[Piece]) -> list[Piece]:
    """Pieces with line breaks before emphasised words: `Title. *Authors* **Venue**`."""
    pieces = [*head]
    for at, (before, piece) in enumerate(pairwise(head), 1):
        ends = before.text.rstrip().endswith((".", ","))
        follows = not before.text.strip() and at > 1 and head[at - 2].emphasised
        if piece.emphasised and (ends or follows):
            pieces[at] = replace(piece, text=f"\n{piece.text}")
    return pieces


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)
