"""One line of a list read as the entry that it means.

    - [DistServe](https://arxiv.org/abs/2401.09670): Disaggregating Prefill … | OSDI '24
      ──name───  ────────────address───────────────  ───────rest─────────   ──details──

Read generously, since every list has its own way: the name may be a link, emphasised, in quotes or
plain text; the address may be the name's or that of a `[paper](…)` beside it; venue, date and
remarks may stand before or after. `line_writing.py` is the way back.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from bot.catalog.links import read_link
from bot.catalog.markdown.details import (
    Details,
    is_nothing,
    read_edition,
    read_field,
    read_remark,
    split_authors,
    split_ending,
    tidied,
)
from bot.catalog.markdown.draft import (
    BADGE,
    CONTENTS,
    NO_ADDRESS,
    NO_LINK,
    NO_TITLE,
    Draft,
    Unreadable,
)
from bot.catalog.markdown.inline import Inline, Piece, is_escaped, plain, squeeze
from bot.catalog.markdown.link_text import (
    BEST_FIRST,
    best_link,
    inner_text,
    is_address,
    is_edition,
    is_generic,
    is_word_of_link,
)
from bot.catalog.names import KnownNames

_BARS = re.compile(r"[|｜]")
_EMPTY_BRACKETS = re.compile(r"[\[(]\s*[,;/·]*\s*[\])]")
_BRACKETED = re.compile(r"[(\[](?P<inner>[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*)[)\]]")
_TASK = re.compile(r"\[[ xX]\]\s+")
_SECTIONS = re.compile(r"sections: (?P<paths>[a-z0-9/-]+(?: [a-z0-9/-]+)*)")
_QUOTED = re.compile(
    r"[\"“](?P<title>[^\"“”]+?)(?:(?P<stop>[,.])[\"”](?P<tail>.*)"
    r"|[\"”]\s*(?P<after>(?:[,.;(\[–—-].*)?))"
)
_LEADING = re.compile(r"[^\w\"“'‘«《「(\[<$#@.&*+~\U000F0000-\U000FFFFF]+")
_DASHES = re.compile(r"(?:[-–—·•]+(?:\s+|$))+")
_BY = re.compile(r"by\s+[^\W\d_a-z]")  # by Ada Lovelace


def read_line(inline: Inline, names: KnownNames) -> Draft | Unreadable:
    """The entry that a bullet means."""
    head, *cells = _split(inline.pieces)
    if _is_tag(head, names) and any(piece.href for cell in cells for piece in cell):
        head, *cells = *cells, head
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
    main = main or best_link(link for cell, _ in fields for link in cell if link.href)
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
        tidied(details),
        tuple(next(places, "").split()),
        tuple(href for href in dropped if not main or href != main.href),
    )


def _is_tag(field: Sequence[Piece], names: KnownNames) -> bool:
    """Whether a field is only an edition, which may stand before the name: `2023-05 | [Name]`."""
    text = squeeze("".join(piece.text for piece in field if piece.href is None))
    return len(field) == 1 and bool(read_edition(text.strip("[]()"), names))


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
        main = named if named.href is not None else best_link(links)
    else:
        lines = _lines(_broken(head), names)
        main = best_link(links)
        if main and not any(re.search(r"\w", plain(line)) for line in lines):
            return ("" if is_address(main) else _name(main.text)), main, Details()
        text, *below = [line for line in lines if line] or [""]
        title, details = _read_text(text, names)
    for line in below:
        details = details.joined(read_remark(_without_dash(line), names))
    for piece in links:
        if is_edition(piece, names) and (at is None or piece is not head[at]):
            details = details.joined(read_edition(inner_text(piece), names) or Details())
    return title, main, details


def _name_at(head: Sequence[Piece], names: KnownNames) -> int | None:
    """Where the piece stands that is the name: a telling link, or the first emphasised words."""
    for at, piece in enumerate(head):
        if piece.href is None or not piece.text.strip() or _is_aside(head, at, names):
            continue
        if not is_generic(piece, names) or _is_heading_link(head, at):
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
    return bool(_DASHES.match(following)) and not any(word in BEST_FIRST for word in words)


def _read_text(text: str, names: KnownNames) -> tuple[str, Details]:
    """A title that is plain text, with what stands before and after it."""
    lead = ""
    while match := _TASK.match(text) or _leading_edition(text, names):
        lead, text = lead + match[0], text[match.end() :].strip()
    details = _read_lead(lead, names)
    if match := _LEADING.match(text):
        text = text[match.end() :]
    if quoted := _QUOTED.fullmatch(text):
        tail = f"{quoted['stop'] or ''}{quoted['tail'] or ''}{quoted['after'] or ''}"
        title, ending = _read_tail(quoted["title"], tail, names)
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
    """What brackets hold; the words that a link in them has left behind hold nothing."""
    if is_word_of_link(inner) or not re.search(r"\w", plain(inner)):
        return Details()
    return read_remark(inner.strip(), names)


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
        kept = [piece for piece in cell if not is_generic(piece, names, editions=False)]
        text = squeeze(_EMPTY_BRACKETS.sub("", "".join(piece.text for piece in kept)))
        text = text.strip("()[] ") if len(kept) < len(cell) or any(p.href for p in kept) else text
        if not is_nothing(text):
            details = details.joined(read_field(f"{label}: {text}" if label else text, names))
    return details


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
    kept = (piece.text for piece in pieces if not is_generic(piece, names))
    return [squeeze(_EMPTY_BRACKETS.sub(" ", line)) for line in "".join(kept).split("\n")]


def _broken(head: Sequence[Piece]) -> list[Piece]:
    """Plain text with breaks where emphasised words follow: `Title. *Authors* **Venue**`."""
    pieces = [*head]
    for at, (before, piece) in enumerate(pairwise(head), 1):
        ends = before.text.rstrip().endswith((".", ","))
        follows = not before.text.strip() and at > 1 and head[at - 2].emphasised
        if piece.emphasised and (ends or follows):
            pieces[at] = replace(piece, text=f"\n{piece.text}")
    return pieces


def _without_dash(text: str) -> str:
    match = _DASHES.match(text)
    return text[match.end() :] if match else text
