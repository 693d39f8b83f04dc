"""One line of a list read as the entry that it means.

    - [DistServe](https://arxiv.org/abs/2401.09670): Disaggregating Prefill … | OSDI '24
      ──name───  ────────────address───────────────  ───────rest─────────   ──details──

Read generously, since every list has its own way: the name may be a link, emphasised, in quotes or
plain text; the address may be the name's or that of a `[paper](…)` beside it; venue, date and
remarks may stand before or after. `line_writing.py` is the way back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bot.catalog.details import (
    Details,
    is_nothing,
    knows_venue,
    read_edition,
    read_field,
    read_remark,
    split_authors,
    split_ending,
    unescaped,
)
from bot.catalog.inline import Inline, Piece, is_escaped, plain, squeeze
from bot.catalog.links import Link, read_link
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames

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
_TASK = re.compile(r"\[[ xX]\]\s+")
_SECTIONS = re.compile(r"sections: (?P<paths>[a-z0-9/-]+(?: [a-z0-9/-]+)*)")
_QUOTED = re.compile(r"[\"“](?P<title>[^\"“”]+?)[,.]?[\"”]\s*(?P<tail>(?:[,.;(\[–—-].*)?)")
_DASHES = re.compile(r"(?:[-–—·•]+(?:\s+|$))+")
_BY = re.compile(r"by\s+[^\W\d_a-z]")  # by Ada Lovelace


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
BADGE = Unreadable("only a picture or an anchor")


def read_line(inline: Inline, names: KnownNames) -> Draft | Unreadable:
    """The entry that a bullet means."""
    head, *cells = _split(inline.pieces)
    return read_fields(head, [(cell, None) for cell in cells], names, inline.comments)


def read_fields(
    head: Sequence[Piece],
    fields: Sequence[tuple[Sequence[Piece], str | None]],
    names: KnownNames,
    comments: Iterable[str] = (),
) -> Draft | Unreadable:
    """The entry of a title field and the fields after it, each with its label if it has one."""
    pieces = [*head, *(piece for cell, _ in fields for piece in cell)]
    links = [piece for piece in pieces if piece.href is not None]
    if not squeeze("".join(piece.text for piece in pieces)):
        return BADGE
    if links and all((piece.href or "").startswith("#") for piece in links):
        return CONTENTS
    title, main, details = _read_head(head, names)
    details = _read_details(details, fields, names)
    main = main or _best(link for cell, _ in fields for link in cell if link.href)
    link = read_link(plain(main.href)) if main and main.href else None
    if main and main.href and not link:
        return NO_ADDRESS
    if not main and not _is_telling(details, names, after_bar=bool(fields)):
        return NO_LINK
    if not re.search(r"\w", plain(title)) and not is_escaped(title):
        return NO_TITLE
    places = (match["paths"] for note in comments if (match := _SECTIONS.fullmatch(note)))
    dropped = dict.fromkeys(piece.href for piece in links if piece is not main and piece.href)
    return Draft(
        plain(squeeze(title)),
        link,
        _tidied(details),
        tuple(next(places, "").split()),
        tuple(href for href in dropped if not main or href != main.href),
    )


def is_word_of_link(text: str) -> bool:
    """Whether a link's text says only what the link is (`paper`, `project page`)."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and not is_escaped(text) and all(word in _WORDS_OF_LINKS for word in words)


def _is_telling(details: Details, names: KnownNames, *, after_bar: bool) -> bool:
    """Whether what stands beside a text without link shows that it is a paper's title."""
    if details.venue and (details.year or after_bar):
        return True
    return after_bar and any(
        not is_escaped(org) and names.orgs.canonical(org) for org in details.orgs
    )


def _split(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The fields between bars; a bar inside a link's text is part of that text."""
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
    """Title, the link that is the entry's, and what stands around them."""
    links = [piece for piece in head if piece.href is not None]
    at = _name_at(head, names)
    if at is not None:
        named = head[at]
        tail, *below = _lines(head[at + 1 :], names)
        title, details = _read_tail(squeeze(named.text), tail, names)
        lead = " ".join(_lines(head[:at], names))
        details = _read_lead(lead, names).joined(details)
        main = named if named.href is not None else _best(links)
    else:
        lines = _lines(head, names)
        main = _best(links)
        if main and not any(re.search(r"\w", plain(line)) for line in lines):
            return ("" if _is_address(main) else _name(main.text)), main, Details()
        text, *below = [line for line in lines if line] or [""]
        title, details = _read_text(text, names)
    for line in below:
        details = details.joined(read_remark(_without_dash(line), names))
    for piece in links:
        if _is_edition(piece, names) and (at is None or piece is not head[at]):
            details = details.joined(read_edition(_inner(piece), names) or Details())
    return title, main, details


def _name_at(head: Sequence[Piece], names: KnownNames) -> int | None:
    """Where the piece stands that is the name: a telling link, or the first emphasised words."""
    for at, piece in enumerate(head):
        if piece.href is None or not piece.text.strip() or _is_aside(head, at, names):
            continue
        if not _is_generic(piece, names) or _is_heading_link(head, at):
            return at
    at = next((at for at, piece in enumerate(head) if re.search(r"\w", piece.text)), 0)
    lead = "".join(piece.text for piece in head[:at])
    if not head or not head[at].emphasised or not head[at].text.strip() or lead.strip(' "“'):
        return None
    is_name = head[at].href is None and not read_edition(head[at].text.strip("[]() :,"), names)
    return at if is_name and not head[at].text.strip().startswith(("[", "(")) else None


def _is_aside(head: Sequence[Piece], at: int, names: KnownNames) -> bool:
    """Whether a link stands in brackets behind words that are no edition: `Title [[MIT]](…)`."""
    before = "".join(piece.text for piece in head[:at]).rstrip()
    if not before.endswith(("[", "(")):
        return False
    before = before[:-1].strip(" \n|,-–—")
    return bool(re.search(r"\w", plain(before))) and not read_edition(before.strip("[]()"), names)


def _is_heading_link(head: Sequence[Piece], at: int) -> bool:
    """Whether a link such as `[Documentation](…) - What it says` is a name after all."""
    if any(re.search(r"\w", plain(piece.text)) for piece in head[:at]):
        return False
    words = re.findall(r"\w+", head[at].text.casefold())
    following = "".join(piece.text for piece in head[at + 1 :]).lstrip()
    return bool(_DASHES.match(following)) and not any(word in _BEST_FIRST for word in words)


def _read_text(text: str, names: KnownNames) -> tuple[str, Details]:
    """A title that is plain text, with what stands before and after it."""
    lead = ""
    while match := _TASK.match(text) or _leading_edition(text, names):
        lead, text = lead + match[0], text[match.end() :].strip(" :,-–—|·•")
    details = _read_lead(lead, names)
    if quoted := _QUOTED.fullmatch(text):
        title, ending = _read_tail(quoted["title"], quoted["tail"], names)
    else:
        title, ending = _read_title_text(text, names)
    return title, details.joined(ending)


def _leading_edition(text: str, names: KnownNames) -> re.Match[str] | None:
    match = _BRACKETED.match(text)
    return match if match and read_edition(match["inner"], names) else None


def _read_lead(lead: str, names: KnownNames) -> Details:
    """What stands before the name: a venue or date in brackets, a remark, a task box."""
    lead = _TASK.sub("", f"{lead} ", count=1).strip()
    details = Details()
    while match := _BRACKETED.match(lead):
        details = details.joined(_read_brackets(match["inner"], names))
        lead = lead[match.end() :].strip()
    lead = lead.strip(" :,-–—|·•\"“'[](")
    if not re.search(r"\w", plain(lead)):
        return details
    return details.joined(read_remark(lead, names))


def _read_tail(name: str, tail: str, names: KnownNames) -> tuple[str, Details]:
    """The title of a name and what follows it."""
    details = Details()
    while match := _leading_edition(name, names):
        details = details.joined(_read_brackets(match["inner"], names))
        name = name[match.end() :].strip(" :")
    ends_in_colon = name.endswith((":", "："))
    if not ends_in_colon:
        tail, bracketed = _brackets_first(tail, names)
        details = details.joined(bracketed)
    if not re.search(r"\w", plain(tail)) and not is_escaped(tail):
        title, ending = _trailing_brackets(_name(name), names)
        return _name(title), details.joined(ending)
    edition = read_edition(tail.lstrip(",;| "), names)
    if edition and not ends_in_colon:
        return _name(name), details.joined(edition)
    if ends_in_colon or tail.startswith((":", "：")):
        rest, ending = _read_title_text(tail.lstrip(":： "), names)
        name = name.rstrip(":： ")
        return (f"{name}: {rest}" if rest else name), details.joined(ending)
    if _DASHES.match(tail) or _BY.match(tail):
        return _name(name), details.joined(read_remark(_without_dash(tail), names))
    if tail[0] in ",.;，。；、":
        remark = tail.strip(" ,;，。；、").lstrip(". ")
        return _name(name), details.joined(read_remark(remark, names))
    rest, ending = _read_title_text(tail, names)
    return squeeze(f"{name} {rest}"), details.joined(ending)


def _brackets_first(tail: str, names: KnownNames) -> tuple[str, Details]:
    """Brackets right after the name: an edition, or a remark."""
    details = Details()
    while match := _BRACKETED.match(tail):
        details = details.joined(_read_brackets(match["inner"], names))
        tail = tail[match.end() :].strip()
    return tail, details


def _read_brackets(inner: str, names: KnownNames) -> Details:
    return read_remark(inner.strip(), names) if re.search(r"\w", plain(inner)) else Details()


def _read_title_text(text: str, names: KnownNames) -> tuple[str, Details]:
    """Running title text, without the edition, the authors and the full stop at its end."""
    title, details = _trailing_brackets(text, names)
    title, ending = split_ending(title, names)
    title, authors = split_authors(title)
    return _name(title.strip(" ,;-–—")), details.joined(ending).joined(authors)


def _trailing_brackets(title: str, names: KnownNames) -> tuple[str, Details]:
    """A title without the brackets at its end, if they hold an edition (`(OSDI '24)`)."""
    match = re.fullmatch(rf"(?P<title>.*\S)\s*{_BRACKETED.pattern}\.?", title)
    edition = read_edition(match["inner"], names) if match else None
    return (match["title"], edition) if match and edition else (title, Details())


def _read_details(
    details: Details, fields: Iterable[tuple[Sequence[Piece], str | None]], names: KnownNames
) -> Details:
    for cell, label in fields:
        kept = [piece for piece in cell if not _is_generic(piece, names, editions=False)]
        text = squeeze(_EMPTY_BRACKETS.sub("", "".join(piece.text for piece in kept)))
        text = text.strip("()[] ") if len(kept) < len(cell) or any(p.href for p in kept) else text
        if not is_nothing(text):
            details = details.joined(read_field(f"{label}: {text}" if label else text, names))
    return details


def _tidied(details: Details) -> Details:
    squeezed = replace(
        details,
        venue=squeeze(details.venue) if details.venue else None,
        orgs=tuple(squeeze(org) for org in details.orgs if org.strip()),
        notes=tuple(squeeze(note) for note in details.notes if note.strip()),
    )
    return unescaped(squeezed)


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


def _lines(pieces: Iterable[Piece], names: KnownNames) -> list[str]:
    """The text by its line breaks; telling links as text, links such as `[code](…)` left out."""
    kept = (piece.text for piece in pieces if not _is_generic(piece, names))
    return [squeeze(_EMPTY_BRACKETS.sub(" ", line)) for line in "".join(kept).split("\n")]


def _without_dash(text: str) -> str:
    match = _DASHES.match(text)
    return text[match.end() :] if match else text


def _is_generic(piece: Piece, names: KnownNames, *, editions: bool = True) -> bool:
    """Whether a link's text is no title: a word for links, an edition, or the address itself."""
    if piece.href is None:
        return False
    return (
        is_word_of_link(piece.text)
        or _is_address(piece)
        or (editions and _is_edition(piece, names))
    )


def _is_edition(link: Piece, names: KnownNames) -> bool:
    """Whether a link's text is only where or when the paper came out: `[[OSDI '24](…)]`."""
    if link.href is None or is_word_of_link(link.text):
        return False
    edition = read_edition(_inner(link), names)
    return bool(edition and (not edition.venue or knows_venue(edition.venue, names)))


def _inner(link: Piece) -> str:
    return squeeze(link.text).strip("[]() ")


def _is_address(link: Piece) -> bool:
    """Whether a link's text is only its address."""
    return bool(re.fullmatch(r"(?:https?://|www\.)\S+", link.text.strip()))


def _best(links: Iterable[Piece]) -> Piece | None:
    """The link to the paper itself, rather than to its code or slides."""

    def rank(link: Piece) -> int:
        words = set(re.findall(r"\w+", link.text.casefold()))
        return next((at for at, word in enumerate(_BEST_FIRST) if word in words), len(_BEST_FIRST))

    return min(links, key=rank, default=None)
