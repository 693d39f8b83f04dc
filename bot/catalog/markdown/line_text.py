"""An entry as a line of a list, and a section as a heading: the inverse of reading them.

There are several ways to write an entry. Each is read back, the most readable first, and the first
that gives the entry again is taken; the last one has every word escaped and cannot be misread.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.catalog.markdown.draft import Unreadable
from bot.catalog.markdown.inline import markdown_parser, plain, read_inline
from bot.catalog.markdown.line import read_line
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames
from bot.errors import PapersError

Escape = Callable[[str], str]

_LINE_TOKENS = ["bullet_list_open", "list_item_open", "paragraph_open", "inline"]
_LINE_TOKENS += ["paragraph_close", "list_item_close", "bullet_list_close"]
_STAYS = re.compile(r"(?P<stays>(?<=\S) (?=\S)|(?<=\w)[^\W\d_])|.")
_SHORT_YEARS = (2000, 2070)


def write_line(entry: Entry, names: KnownNames, *, sections: Sequence[str] = ()) -> str:
    """The line of an entry, such that reading it gives the entry again.

    `sections` stand in a comment where their order is not the one in which the list shows them.
    """
    comment = f" <!-- sections: {' '.join(sections)} -->" if sections else ""
    for escape in (str, escaped):
        for line in _candidates(entry, escape):
            if reads_as(f"{line}{comment}", entry, names):
                return f"- {line}{comment}"
    # Not met by any text that people can type; the escaped form reads back (proven by test).
    raise PapersError(f"{entry.title!r} holds control characters: no Markdown can say it.")


def write_heading(title: str, level: int, *, section: str | None = None) -> str:
    """A heading line that reads as the title; a comment holds an id not made from it."""
    comment = f" <!-- id: {section} -->" if section else ""
    for text in (f"{title}{comment}", f"{escaped(title)}{comment}"):
        tokens = markdown_parser().parse(f"{'#' * level} {text}")
        if [token.type for token in tokens] == ["heading_open", "inline", "heading_close"]:
            inline = read_inline(tokens[1].children or ())
            if not inline.links and plain(inline.text) == title:
                return f"{'#' * level} {text}"
    raise PapersError(f"{title!r} holds control characters: no Markdown can say it.")


def _candidates(entry: Entry, escape: Escape) -> Iterable[str]:
    """Lines that may mean the entry, the most readable first."""
    address = address_of(entry.url)
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


def address_of(url: str | None) -> str:
    """A link's destination; in angle brackets where a bare one would end early or be decoded."""
    if not url:
        return ""
    if not re.search(r"[()\\]|&#?\w+;", url):
        return url
    return f"<{url.replace('&', '&amp;').replace(chr(92), chr(92) * 2)}>"


def escaped(text: str) -> str:
    """Markdown in which each word holds a literal, so that none of them has a meaning here.

    Letters within a word stay readable; single spaces between words stay spaces.
    """
    return _STAYS.sub(lambda char: char["stays"] or f"&#{ord(char[0])};", text)


def reads_as(line: str, entry: Entry, names: KnownNames) -> bool:
    """Whether a bullet's text gives this entry; its ids and the traces of review apart."""
    tokens = markdown_parser().parse(f"- {line}")
    if [token.type for token in tokens] != _LINE_TOKENS:
        return False
    draft = read_line(read_inline(tokens[3].children or ()), names)
    if isinstance(draft, Unreadable):
        return False
    read = draft.entry(entry.sections)
    return read == replace(entry, arxiv=read.arxiv, doi=read.doi, added=None, by=None)
