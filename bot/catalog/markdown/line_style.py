"""A list's own way of writing a line, learned from the lines around.

Every way that is known here is tried on the neighbours: the one that writes most of them as they
stand is the list's. A line in that way counts only if it reads as the entry; else the plain way
of `line_writing.py` is taken, which always does.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from bot.catalog.links import read_link
from bot.catalog.markdown.line_text import address_of, reads_as, write_line
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames

_LINK = re.compile(r"\]\((?P<address><[^<>\n]*>|(?:[^()\s]|\([^()\s]*\))*)\)")
_WORDS = ("paper", "Paper", "pdf", "PDF", "link", "Link", "arXiv")
# What stands before and behind the details; {n}ame, {r}est, {t}itle, {u}rl.
_HEADS = [
    ("[{n}]({u}): {r}", ""),
    ("[{t}]({u})", ""),
    ("[{n}:]({u}) {r}", ""),
    ("[{n}]({u}) : {r}", ""),
    ("**[{n}]({u})**: {r}", ""),
    ("[**{n}**]({u}): {r}", ""),
    ("**[{t}]({u})**", ""),
    ("[**{t}**]({u})", ""),
    *(
        (head, tail.format(word=word, u="{u}"))
        for head in ("{t}", "**{t}**", "{t}.", "**{n}**: {r}")
        for tail in (" [[{word}]({u})]", " [{word}]({u})", " \\[[{word}]({u})\\]")
        for word in _WORDS
    ),
]
_EDITIONS = [
    f"{{venue}}{space}{apostrophe}{short}"
    for short in ("{year:02d}", "{full}")
    for apostrophe in ("'", "", "’")
    for space in (" ", "")
    if apostrophe or space
] + ["{venue}' {year:02d}", "{venue}’ {year:02d}", "{venue}, {full}", "{venue}-{full}"]
_DETAILS = [" | {}", "| {}", ", {}", ". {}", " - {}", " – {}", " ({})", " [{}]", " **{}**"]
_DETAILS += [" *{}*", " `{}`", " · {}", "; {}"]
_ENOUGH = 3
_JOINERS = [" & ", ", ", "/", " and "]


@dataclass(frozen=True, slots=True)
class Style:
    """A way of writing a line."""

    head: tuple[str, str] = _HEADS[0]
    edition: str = _EDITIONS[0]
    detail: str = _DETAILS[0]
    joiner: str = _JOINERS[0]
    edition_first: bool = False

    def line(self, entry: Entry) -> str:
        """The entry, written in this way."""
        first, last = self.ends(entry)
        return f"{first}{self.details(entry)}{last}"

    def ends(self, entry: Entry) -> tuple[str, str]:
        """What stands before and behind the details."""
        head, tail = self.head
        if "{n}" in head and not entry.name:
            head = head.replace("{n}:", "{t}").replace("{n}", "{t}")
            head = head.replace(" : {r}", "").replace(": {r}", "").replace(" {r}", "")
        name, _, rest = entry.title.partition(": ")
        told = {"n": name, "r": rest, "t": entry.title, "u": address_of(entry.url)}
        note = f" ({entry.note})" if entry.note else ""
        return head.format(**told) + note, tail.format(**told)

    def details(self, entry: Entry) -> str:
        """Organisations and edition, with what separates them."""
        found = [self.joiner.join(entry.orgs), self.edition_of(entry)]
        if self.edition_first:
            found.reverse()
        return "".join(self.detail.format(text) for text in found if text)

    def bare(self, entry: Entry) -> str:
        """Organisations or edition with nothing around them."""
        return self.joiner.join(entry.orgs) or self.edition_of(entry)

    def edition_of(self, entry: Entry) -> str:
        """Venue and year in the list's way; what there is of them."""
        if entry.venue is None or entry.year is None:
            return entry.venue or str(entry.year or "")
        return self.edition.format(venue=entry.venue, year=entry.year % 100, full=entry.year)


def style_of(
    neighbours: Iterable[tuple[str, Entry]], others: Iterable[tuple[str, Entry]] = ()
) -> Style | None:
    """The way in which most of these lines are written; None where it is none of those known.

    A neighbour is the text behind the bullet, with the entry that it means. Where too few of them
    have anything beside the title, the `others` on the list show how that is written.
    """
    lines = _comparable(neighbours)
    heads = [
        (sum(_frames(Style(head=head), text, entry) for text, entry in lines), -at)
        for at, head in enumerate(_HEADS)
    ]
    best, at = max(heads)
    if not best:
        return None
    styles = [
        Style(_HEADS[-at], edition, detail, joiner, edition_first)
        for detail, edition, joiner, edition_first in product(
            _DETAILS, _EDITIONS, _JOINERS, (False, True)
        )
    ]
    found = [*_with_details(lines, _HEADS[-at])]
    if len(found) < _ENOUGH:
        found += _with_details(_comparable(others), _HEADS[-at])
    return max(styles, key=lambda one: sum(one.details(entry) == text for text, entry in found))


def styled_line(
    entry: Entry, style: Style | None, names: KnownNames, sections: Sequence[str] = ()
) -> str:
    """The text behind a bullet that reads as the entry: in the list's way if that does."""
    comment = f" <!-- sections: {' '.join(sections)} -->" if sections else ""
    if style and entry.url:
        for way in (style, replace(style, detail=_DETAILS[0])):  # only bars tell organisations
            line = f"{way.line(entry)}{comment}"
            if reads_as(line, entry, names):
                return line
    return write_line(entry, names, sections=sections).removeprefix("- ")


def retouched_line(
    text: str, before: Entry, after: Entry, style: Style | None, names: KnownNames
) -> str | None:
    """A line with what differs replaced in it, and everything else as it stands.

    None where it does not read as the corrected entry then.
    """
    for variant in _ways(style or Style()):
        found = _retouched(text, before, after, variant)
        if found is not None and reads_as(found, after, names):
            return found
    return None


def _ways(style: Style) -> Iterator[Style]:
    yield style
    for edition, joiner in product(_EDITIONS, _JOINERS):
        yield replace(style, edition=edition, joiner=joiner)


def _retouched(text: str, before: Entry, after: Entry, style: Style) -> str | None:
    if before.url != after.url:
        addresses = [link["address"] for link in _LINK.finditer(text)]
        found = [one for one in addresses if _leads(one, before.url)]
        if len(found) != 1 or not after.url:
            return None
        text = text.replace(f"]({found[0]})", f"]({address_of(after.url)})")
    for old, new in _pieces(before, after, style):
        if not old:
            text = f"{text}{new}"
        elif text.count(old) == 1:
            text = text.replace(old, new)
        else:
            return None
    return text


def _pieces(before: Entry, after: Entry, style: Style) -> Iterator[tuple[str, str]]:
    """What was written and what is to be, for each thing that differs."""
    if before.title != after.title:
        yield from _titles(before, after)
    if before.note != after.note:
        old_note, new_note = (f" ({one.note})" if one.note else "" for one in (before, after))
        yield old_note, new_note
    bare = replace(after, title="", orgs=(), venue=None, year=None)
    with_orgs = [replace(bare, orgs=one.orgs) for one in (before, after)]
    with_edition = [replace(bare, venue=one.venue, year=one.year) for one in (before, after)]
    for old, new in (with_orgs, with_edition):
        if old == new:
            continue
        whole = style.details(old), style.details(new)
        # What comes or goes does so with its separator; what changes keeps the one it has.
        yield (style.bare(old), style.bare(new)) if all(whole) else whole


def _titles(before: Entry, after: Entry) -> Iterator[tuple[str, str]]:
    if not before.name or not after.name:
        yield before.title, after.title
        return
    old, new = before.title.partition(": "), after.title.partition(": ")
    yield from ((old[at], new[at]) for at in (0, 2) if old[at] != new[at])


def _comparable(lines: Iterable[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
    return [(_blank(text), replace(entry, url="U")) for text, entry in lines if entry.url]


def _with_details(
    lines: Iterable[tuple[str, Entry]], head: tuple[str, str]
) -> Iterator[tuple[str, Entry]]:
    """What stands between head and tail, of the lines that have something there."""
    style = Style(head=head)
    for text, entry in lines:
        if (entry.venue or entry.orgs) and _frames(style, text, entry):
            first, last = style.ends(entry)
            yield text[len(first) : len(text) - len(last)], entry


def _frames(style: Style, text: str, entry: Entry) -> bool:
    first, last = style.ends(entry)
    return text.startswith(first) and text.endswith(last) and len(first) + len(last) <= len(text)


def _blank(text: str) -> str:
    """A line with its addresses made equal: they are written in many ways that mean one link."""
    return _LINK.sub("](U)", text.strip())


def _leads(address: str, url: str | None) -> bool:
    link = read_link(address.strip("<>"))
    return link is not None and link.url == url
