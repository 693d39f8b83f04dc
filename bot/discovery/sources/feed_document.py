"""Reader for the bytes of a feed, the only module that imports feedparser.

    bytes ─► text ─► is it a feed? ─► well-formed? ─yes─► feedparser ─► entries
                                            └no─► the items one by one, the bad ones left out ─┘

feedparser is given well-formed UTF-8 without a document type, and nothing else: its loose parser
invents entries in broken documents and splits titles. A DTD is refused, because its entities can
expand a thousandfold; expat refuses it before any entity is read.
"""

import codecs
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html.entities import html5
from itertools import pairwise
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape

import feedparser

from bot.errors import PapersError

MAX_ITEMS = 5_000  # arXiv stops at 2,000
MAX_ITEM_SIZE = 200_000  # characters; a long abstract has 2,000, thousands of authors 60,000
_MAX_DEPTH = 50
_MAX_ATTRIBUTES = 50  # over these and categories, too, feedparser takes quadratic time
_MAX_CATEGORIES = 300
# feedparser looks for e-mail addresses in quadratic time: a megabyte of one word would take hours.
_MAX_WORD = 150
_WORD = r"[\w.+-]"
_LONG_WORD = re.compile(rf"({_WORD}{{{_MAX_WORD}}})(?={_WORD})", re.ASCII)
_NO_WORD = re.compile(r"[^\w.+-]", re.ASCII)
_VERSIONS = {"rss20", "atom10"}
_FIRST_YEAR, _LAST_YEAR = 1986, 2100  # arXiv holds papers from before 1991
_TITLE = re.compile(r"<title[^>]{0,100}>([^<]{1,200})", re.IGNORECASE)
_ROOT = re.compile(r"<(?P<name>rss|feed)(?=[\s>/])[^>]*(?P<closed>>)?", re.ASCII)
_PROLOGUE = re.compile(r"(?:\s++|<\?[^>]*+>|<!--.*?-->)*+", re.DOTALL)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.-]{1,40})["']""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# The encodings that a feed may really be in. Python knows more, some of them no text at all.
_CHARSETS = {"iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "ascii"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(?:#(?P<number>\d{1,7}|x[0-9a-fA-F]{1,6})|(?P<name>\w{1,40}));|&")
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_STRAY = re.compile(r"<(?![A-Za-z/!?])")

_HAS_DTD = "a document type definition, which no feed needs"

FeedEntry = Any  # a dictionary of feedparser’s


class FeedError(PapersError):
    """A document that is no feed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"No feed: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed as it was sent."""

    is_atom: bool
    head: FeedEntry
    entries: tuple[FeedEntry, ...]
    faults: tuple[str, ...] = ()
    """A sentence for every item that could not be read."""
    truncated: bool = False
    """Whether the end is missing, so that an absent item may have been sent all the same."""


def read_document(body: bytes) -> FeedDocument:
    """Read a feed. Raises FeedError for what is none; a bad item costs that item alone."""
    text = _text(body)
    root = _root(text)
    tag = "entry" if root["name"] == "feed" else "item"
    if text.count(f"<{tag}") > MAX_ITEMS:
        raise FeedError(f"more than {MAX_ITEMS:,} items")
    if _well_formed(text) and not _runs_on(text):
        try:
            return _parsed(text, root["name"])
        except _PARSER_TROUBLE:
            pass
    if not root["closed"]:
        raise FeedError("cut off before its first item")
    return _mended(_Parts.of(text, root, tag))


# What feedparser raises on odd addresses, dates and encodings.
_PARSER_TROUBLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError)


def _parsed(text: str, root: str) -> FeedDocument:
    read = feedparser.parse(  # noqa: TID251  # well-formed, without a DTD
        text.encode(), sanitize_html=False, resolve_relative_uris=False
    )
    if read.version not in _VERSIONS:
        raise FeedError(
            f"a document of no known version{f' ({v})' if (v := read.version) else ''}"
        )
    return FeedDocument(root == "feed", read.feed, tuple(read.entries))


@dataclass(frozen=True, slots=True)
class _Parts:
    """A document that is not well-formed, in pieces."""

    root: str
    before: str
    """Everything up to the first item."""
    opening: str
    items: tuple[str, ...]
    closing: str
    truncated: bool
    tag: str

    @classmethod
    def of(cls, text: str, root: re.Match[str], tag: str) -> "_Parts":
        name = root["name"]
        channel = "<channel>" if name == "rss" else ""
        closing = f"</{channel[1:]}</rss>" if channel else "</feed>"
        starts = [at.start() for at in re.finditer(rf"<{tag}(?=[\s>/])", text)]
        return cls(
            root=name,
            before=text[: starts[0]] if starts else text,
            opening=f"{root[0]}{channel}",
            items=tuple(text[start:end] for start, end in pairwise((*starts, len(text)))),
            closing=closing,
            truncated=not text.rstrip().endswith(f"</{name}>"),
            tag=tag,
        )

    def document(self, *items: str) -> str:
        return f"{self.opening}{''.join(items)}{self.closing}"


def _mended(parts: _Parts) -> FeedDocument:
    """Read a broken document item by item; items that cannot be read become faults."""
    if not _well_formed(parts.document()):
        raise FeedError("not well-formed from its first element on")
    _parsed(parts.document(), parts.root)  # raises if it would be no feed without any items
    entries: list[FeedEntry] = []
    faults: list[str] = []
    for number, item in enumerate(parts.items, 1):
        end = item.rfind(f"</{parts.tag}>")
        if end < 0 and parts.truncated and number == len(parts.items):
            break  # cut off in its middle; `truncated` is set
        whole = item[: end + len(parts.tag) + 3] if end >= 0 else ""
        whole = _repaired(whole) if len(whole) <= MAX_ITEM_SIZE else whole
        if reason := _unfit(whole, parts):
            faults.append(f"Item {number} {reason}.")
            continue
        try:
            entries += _parsed(parts.document(whole), parts.root).entries
        except (*_PARSER_TROUBLE, FeedError):
            faults.append(f"Item {number} cannot be understood.")
    return FeedDocument(
        parts.root == "feed",
        _head(parts),
        tuple(entries),
        tuple(faults),
        truncated=parts.truncated,
    )


def _unfit(item: str, parts: _Parts) -> str | None:
    if not item:
        return "has no end"
    if len(item) > MAX_ITEM_SIZE:
        return f"is longer than {MAX_ITEM_SIZE:,} characters"
    return None if _well_formed(parts.document(item)) else "is not well-formed"


def _head(parts: _Parts) -> FeedEntry:
    """The metadata of the channel, if that much is well-formed."""
    for end in ("", f"</{parts.root}>", parts.closing):
        text = parts.before + end
        if _well_formed(text) and not _runs_on(text):
            try:
                return _parsed(text, parts.root).head
            except (*_PARSER_TROUBLE, FeedError):
                break
    return {}


def _repaired(item: str) -> str:
    """An item with its stray `&` and `<`, and with HTML's names, as XML wants them.

    Words that are too long are broken.
    """
    item = _STRAY.sub("&lt;", _REFERENCE.sub(_reference, item))
    return _LONG_WORD.sub(r"\1 ", item)


def _reference(match: re.Match[str]) -> str:
    if number := match["number"]:
        code = int(number[1:], 16) if number[0] == "x" else int(number)
        is_character = code <= sys.maxunicode and not _NO_XML.match(chr(code))
        return match[0] if is_character else ""
    if (name := match["name"]) in _XML_NAMES:
        return match[0]
    known = html5.get(f"{name};") if name else None
    return escape(known) if known else f"&amp;{match[0][1:]}"


def _text(body: bytes) -> str:
    """The document as text, of characters that XML allows; what cannot be decoded is `\ufffd`.

    Valid UTF-8 is read as such, whatever encoding it declares: arXiv's feeds always are.
    """
    charset = next((name for bom, name in _BOMS if body.startswith(bom)), None)
    if charset is None:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = body.decode(_declared(body), "replace")
    else:
        text = body.decode(charset, "replace")
    text = _NO_XML.sub("", text)
    if not text.strip():
        raise FeedError("an empty answer")
    return _DECLARATION.sub("", text, count=1).lstrip()


def _declared(body: bytes) -> str:
    match = _DECLARED.match(body[:300])
    try:
        name = codecs.lookup(match[1].decode("ascii")).name if match else ""
    except LookupError:
        name = ""
    return name if name in _CHARSETS else "utf-8"


def _root(text: str) -> re.Match[str]:
    """The start of the root element, if it is a feed's."""
    start = _PROLOGUE.match(text)
    at = start.end() if start else 0
    if match := _ROOT.match(text, at):
        return match
    beginning = text[at : at + 5_000].lower()
    if "<html" in beginning or beginning.startswith("<!doctype html"):
        title = _TITLE.search(text, at)
        words = f", “{' '.join(title[1].split())[:100]}”" if title else ""
        raise FeedError(f"an HTML page instead of a feed{words}")
    if beginning.startswith(("<!doctype", "<!entity")):
        raise FeedError(_HAS_DTD)
    raise FeedError("no XML" if not beginning.startswith("<") else "XML, but no feed")


def _well_formed(text: str) -> bool:
    """Whether parsers will read this without surprise. Raises FeedError for a DTD."""
    depth = categories = 0

    def enter(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, categories
        depth += 1
        if name.endswith(("item", "entry")):
            categories = 0
        categories += name.endswith("category")
        if categories > _MAX_CATEGORIES or depth > _MAX_DEPTH or len(attributes) > _MAX_ATTRIBUTES:
            raise _Absurd

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise FeedError(_HAS_DTD)

    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)  # noqa: FBT003  # expat's own signature
    except (expat.ExpatError, _Absurd):
        return False
    return True


class _Absurd(Exception):  # noqa: N818  # it never leaves this module
    """More depth, attributes or categories than feeds have."""


def _runs_on(text: str) -> bool:
    """Whether a word may have more than 150 characters; always true for one of twice as many."""
    return any(
        not _NO_WORD.search(text, at, at + _MAX_WORD)
        for at in range(0, len(text) - _MAX_WORD, _MAX_WORD)
    )


def text_of(entry: FeedEntry, key: str) -> str:
    """The text under a key; empty where there is none, or something else."""
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def terms_of(entry: FeedEntry) -> Iterator[str]:
    """The category terms, in their order."""
    return (text_of(tag, "term") for tag in _dictionaries(entry, "tags"))


def names_of(entry: FeedEntry) -> Iterator[str]:
    """The author names."""
    return (
        name for author in _dictionaries(entry, "authors") if (name := text_of(author, "name"))
    )


def moment_of(parsed: object) -> datetime | None:
    """A moment from feedparser's broken-down time; None for an absurd one."""
    if not isinstance(parsed, tuple):
        return None
    try:
        year, month, day, hour, minute, second, *_ = parsed
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            return None
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _dictionaries(entry: FeedEntry, key: str) -> list[FeedEntry]:
    value = entry.get(key)
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
