"""Titles in pasted citations: BibTeX and RIS by their fields, others by a listed title. Pure."""

import re

from rapidfuzz import fuzz

from bot.catalog.model import compact

_BIBTEX = re.compile(r"@\s*\w+\s*[{(]")
_BIBTEX_TITLE = re.compile(r"(?<![\w])title\s*=\s*", re.IGNORECASE)
# In a text with single spaces.
_RIS_TITLE = re.compile(r"(?:^| )(?:TI|T1) - (?P<title>.+?)(?= [A-Z][A-Z0-9] -(?: |$)|$)")
_LEAST_TITLE = 16  # letters; a shorter title in a text may be there by chance
_LEAST_START = 24  # letters
_ALIKE = 93.0  # of 100; a title with a slip or a broken hyphen in it


def cited_title(text: str) -> str | None:
    """The title in a BibTeX or RIS entry; None for another text."""
    if "@" in text and _BIBTEX.search(text) and (match := _BIBTEX_TITLE.search(text)):
        return _plain(_value(text[match.end() :]))
    if " - " in text and (match := _RIS_TITLE.search(" ".join(text.split()))):
        return _plain(match["title"])
    return None


def holds_title(text: str, title: str) -> bool:
    """Tell whether a text holds a whole title; both without spaces and punctuation.

    A slip in the title does not matter.
    """
    text, title = compact(text), compact(title)
    if len(title) < _LEAST_TITLE or len(title) > len(text) + 2:
        return False
    return title in text or fuzz.partial_ratio(title, text, score_cutoff=_ALIKE) > 0


def likeness(text: str, title: str) -> float:
    """The likeness of a text to a title: the longest title in it first, then the least changed."""
    text, title = compact(text), compact(title)
    is_whole = len(title) >= _LEAST_TITLE and title in text
    return 100.0 + len(title) if is_whole else fuzz.ratio(title, text)


def starts_alike(text: str, title: str) -> bool:
    """Tell whether a text begins as a title does; a page's address holds the first words of it."""
    pairs = zip(compact(text), compact(title), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), _LEAST_START) >= _LEAST_START


def _value(text: str) -> str:
    """The first value of a BibTeX field: in braces, in quotes, or up to the comma."""
    if not text.startswith("{"):
        return (re.match(r'"([^"]*)', text) or re.match(r"([^,}]*)", text) or [text, text])[1]
    depth = 0
    for at, char in enumerate(text):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth == 0:
            return text[1:at]
    return text[1:]


def _plain(value: str) -> str:
    """A value without braces and TeX commands."""
    value = re.sub(r"\\(?:text\w*|emph|mathrm)\b", " ", value)
    return " ".join(re.sub(r"[{}\\$]", "", value).split())
