r"""Cleaning of text from sources: titles, abstracts, names, remarks, DOIs. Pure.

What arrives may hold anything: TeX (`{\'e}`, `$\alpha$-bit`), entities escaped twice, zero-width
and bidirectional characters, NULs, a title of a megabyte. What leaves is text on one line, of a
bounded length. It is *not* escaped for Slack or Markdown; the code that shows it does that.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from html.entities import html5
from itertools import islice

from bot.catalog.model import LONGEST_TITLE
from bot.discovery.tex import text_of_tex
from bot.text import visible

ABSTRACT_LENGTH = 10_000
REMARK_LENGTH = 1_000
NAME_LENGTH = 200
AUTHORS = 200  # of those of a collaboration with thousands, the first
_NAMES = 1_000  # that are read at most: the same one a hundred thousand times is one author
_CREATORS_LENGTH = 100_000  # of one comma-joined string; the first 200 names are well within it
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});", re.ASCII)
_UNESCAPES = 3  # `&amp;amp;lt;` has been seen; deeper is a title about escaping
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|Ph\.?\s?D|M\.?D|Esq)\.?", re.IGNORECASE)


def clean_text(text: str, limit: int) -> str:
    """Text on one line: entities resolved, unseen characters gone, white space squeezed.

    Cleaning what is clean changes nothing.
    """
    text = visible(text[: limit * 8])  # nothing is unescaped that would be cut off anyway
    for _ in range(_UNESCAPES):
        unescaped = visible(_ENTITY.sub(_character, text))
        if unescaped == text:
            break
        text = unescaped
    return _cut(unicodedata.normalize("NFC", " ".join(text.split())), limit)


def clean_title(text: str) -> str:
    """A title as plain text, with its TeX converted."""
    return _of_tex(text, LONGEST_TITLE)


def clean_abstract(text: str) -> str:
    """An abstract on one line. Its TeX stays: formulae in running text read no better without."""
    return clean_text(text, ABSTRACT_LENGTH)


def clean_remark(text: str) -> str | None:
    """A comment or journal reference as clean text; None if nothing remains."""
    return clean_text(text, REMARK_LENGTH) or None


def clean_doi(text: str) -> str | None:
    """The first DOI in a text; None if there is none."""
    match = re.search(r"10\.\d{4,9}/[^\s<>\"]+", clean_text(text, REMARK_LENGTH), re.ASCII)
    return match[0].rstrip(".,;") if match else None


def clean_names(names: Iterable[str]) -> tuple[str, ...]:
    """Author names as text, without duplicates, at most 200."""
    found: dict[str, None] = {}
    for name in islice(names, _NAMES):
        if clean := _of_tex(name, NAME_LENGTH).strip(" ,;"):
            found.setdefault(clean)
        if len(found) == AUTHORS:
            break
    return tuple(found)


def split_authors(text: str) -> tuple[str, ...]:
    """The names in one comma-joined string, without affiliations.

    `A. B (MIT, CSAIL), C. D, Jr., E. F ((1) ETH, (2) EPFL)` are three people. A parenthesis within
    a name, as in `Robert (Bob) Tables`, is part of it.
    """
    names: list[str] = []
    for part in _outside_parentheses(text[:_CREATORS_LENGTH]):
        name = _without_affiliation(part)
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f", {name}"
        elif name:
            names.append(name)
        if len(names) > AUTHORS:
            break
    return clean_names(names)


def _outside_parentheses(text: str) -> Iterator[str]:
    """Split a text at commas outside parentheses; an unclosed parenthesis does not count."""
    closing = {opened: closed for closed, opened in _parentheses(text).items()}
    start = at = 0
    while found := re.compile(r"[,(]").search(text, at):
        at = closing.get(found.start(), found.start()) + 1
        if found[0] == ",":
            yield text[start : found.start()]
            start = at
    yield text[start:]


def _parentheses(text: str) -> dict[int, int]:
    """Positions of closing parentheses with those of their opening ones; without unpaired ones."""
    opening: dict[int, int] = {}
    opened: list[int] = []
    for match in re.finditer(r"[()]", text):
        if match[0] == "(":
            opened.append(match.start())
        elif opened:
            opening[match.start()] = opened.pop()
    return opening


def _without_affiliation(part: str) -> str:
    """A name without the parentheses at its end, an unclosed one included."""
    opening, end = _parentheses(part), len(part)
    while end and (part[end - 1] == ")" or part[end - 1].isspace()):
        end = opening.get(end - 1, end - 1)
    part = part[:end].strip()
    opened = part.rfind("(")
    return part[:opened].rstrip() if opened >= 0 and ")" not in part[opened:] else part


def _character(entity: re.Match[str]) -> str:
    """The character of an entity; `html.unescape` alone reads `&parameter;` as ¶meter."""
    name = entity[0][1:]
    return html.unescape(entity[0]) if name[0] == "#" else html5.get(name, entity[0])


def _of_tex(text: str, limit: int) -> str:
    return clean_text(text_of_tex(clean_text(text, limit * 2)), limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"
