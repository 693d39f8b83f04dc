r"""Inline Markdown as pieces: text, emphasised text and links, the rest of the markup gone.

A character that was written as a number (`&#50;`), and an escaped bar (`\|`), is *literal*: it
stands for itself and never takes part in the structure of a line. Until the structure is read,
literals are kept apart as UTF-16 in a private plane of Unicode; `plain` brings them back. Other
escapes (`\[OSDI'24\]`, `&amp;`) only keep Markdown from taking a character as its own: they are
read as what people see.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_PLANE, _LAST = 0xF0000, 0xFFFF
_LITERAL = re.compile(f"[{chr(_PLANE)}-{chr(_PLANE + _LAST)}]")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]")
_SHORTCODE = re.compile(r"(?<![\w:]):[a-z0-9][a-z0-9_+-]*[a-z][a-z0-9_+-]*:(?![\w:])")  # :star:
_LOOSE_LINK = re.compile(r"\[(?P<text>[^\[\]]+)\]\s*\(\s*(?P<href>https?://[^()<>\"\n]*?)\s*\)")
_BACKWARDS_TEXT = re.compile(r"\((?P<text>[^()\n]+)\)$")
_BACKWARDS_ADDRESS = re.compile(r"\[(?P<href>https?://[^\]\s]+)\]")
_HTML_HEADING = re.compile(
    r"\s{0,3}<h(?P<level>[1-6])\b[^>]*>(?P<text>.*?)</h(?P=level)>\s*", re.IGNORECASE
)
_HTML_LINE = re.compile(
    r"\s{0,3}</?(?:details|summary|div|p|center|table|thead|tbody|tr|td|th|br|hr|h[1-6])\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, with newlines for line breaks; a link if it has an address, maybe empty."""

    text: str
    href: str | None = None
    emphasised: bool = False


@dataclass(frozen=True, slots=True)
class Inline:
    """What a paragraph, heading or cell holds."""

    pieces: tuple[Piece, ...]
    comments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of the text, links included, on one line."""
        return squeeze("".join(piece.text for piece in self.pieces))

    @property
    def links(self) -> tuple[Piece, ...]:
        """The links alone."""
        return tuple(piece for piece in self.pieces if piece.href is not None)


def squeeze(text: str) -> str:
    """Text on one line, with single spaces."""
    return " ".join(text.split())


def literal(text: str) -> str:
    """Text that takes no part in structure."""
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(chr(_PLANE + unit) for unit in units)


def is_escaped(text: str) -> bool:
    """Whether something in the text was meant literally."""
    return bool(_LITERAL.search(text))


def plain(text: str) -> str:
    """Text as a person reads it: literals are characters like others."""
    if not is_escaped(text):
        return text
    units = _LITERAL.sub(lambda char: chr(ord(char[0]) - _PLANE), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


class _Parser(MarkdownIt):
    """Addresses stay as they are written; `links.py` alone judges and normalises them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # markdown-it's name
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802  # markdown-it's name
        return True


@cache
def markdown_parser() -> MarkdownIt:
    """GitHub's Markdown, with what awesome lists add to it.

    HTML blocks are read line by line, so that a list inside `<details>` is a list; headings may be
    HTML; links written backwards, `(text)[address]`, or with spaces, `[text] (address)`, are
    links; indentation makes no code block; escapes stay visible.
    """
    parser = _Parser("gfm-like", {"html": True, "linkify": True})
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.disable(["code", "text_join"])
    parser.block.ruler.at("html_block", _html, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("link", "backwards_link", _backwards_link)
    parser.inline.ruler.after("link", "loose_link", _loose_link)
    return parser


def read_inline(tokens: Iterable[Token]) -> Inline:
    """The pieces of an inline token's children. Images are dropped, badges with their link."""
    reader = _Reader()
    for token in tokens:
        reader.read(token)
    reader.close_link()
    return Inline(tuple(reader.pieces), tuple(reader.comments))


class _Reader:
    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.comments: list[str] = []
        self._href: str | None = None
        self._text: list[str] = []
        self._image = False
        self._emphasis = 0

    def read(self, token: Token) -> None:
        match token.type:
            case "text" | "code_inline":
                self._text.append(_LITERAL.sub("", token.content))
            case "text_special":
                self._text.append(_special(token))
            case "softbreak":
                self._text.append(" ")
            case "hardbreak":
                self._text.append("\n")
            case "image":
                self._image = True
            case "html_inline":
                self._read_html(token.content)
            case _:
                self._read_markup(token)

    def _read_markup(self, token: Token) -> None:
        match token.type:
            case "link_open":
                self._open_link(str(token.attrGet("href") or ""))
            case "link_close":
                self.close_link()
            case "strong_open" | "em_open" | "strong_close" | "em_close":
                self._emphasise(token.nesting)
            case _:  # struck text and the like
                pass

    def _read_html(self, source: str) -> None:
        if source.startswith("<!--"):
            self.comments.append(source.removeprefix("<!--").removesuffix("-->").strip())
            return
        tag = _Tag(source)
        match tag.name:
            case "br":
                self._text.append("\n")
            case "a" if tag.closing:
                self.close_link()
            case "a" if tag.href is not None:
                self._open_link(tag.href)
            case "img":
                self._image = True
            case "b" | "strong" | "i" | "em":
                self._emphasise(-1 if tag.closing else 1)
            case _:
                pass

    def _emphasise(self, nesting: int) -> None:
        """Emphasis makes a piece of its own, save inside a link, which is one already."""
        if self._href is None:
            self.close_link()
        self._emphasis += nesting

    def _open_link(self, href: str) -> None:
        self.close_link()
        self._href, self._image = href, False

    def close_link(self) -> None:
        text = _SHORTCODE.sub("", _FOOTNOTE.sub("", "".join(self._text)))
        badge = self._href is not None and self._image and not text.strip()
        if (text or self._href is not None) and not badge:
            self.pieces.append(Piece(text, self._href, self._emphasis > 0))
        self._href, self._text, self._image = None, [], False


def _special(token: Token) -> str:
    """An escape or an entity: literal if it says so by number or is a bar."""
    if token.markup.startswith("&#") or token.markup == "\\|":
        return literal(token.content)
    return " " if token.content.isspace() else token.content


class _Tag(HTMLParser):
    """The one tag of an inline HTML token."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.name, self.closing = "", False
        self.href: str | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name, self.href = tag, dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        self.name, self.closing = tag, True


def _html(state: StateBlock, line: int, last: int, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    """Comments as markdown-it has them; other block tags a line at a time."""
    source = state.src[state.bMarks[line] : state.eMarks[line]]
    if source.lstrip().startswith("<!--"):
        return html_block(state, line, last, silent)
    if heading := _HTML_HEADING.fullmatch(source):
        if not silent:
            _push_heading(state, line, f"h{heading['level']}", heading["text"].strip())
        return True
    if not _HTML_LINE.match(source):
        return False
    if not silent:
        token = state.push("html_line", "", 0)
        token.map, token.content = [line, line + 1], source
        state.line = line + 1
    return True


def _push_heading(state: StateBlock, line: int, tag: str, text: str) -> None:
    state.line = line + 1
    opening = state.push("heading_open", tag, 1)
    inline = state.push("inline", "", 0)
    opening.map = inline.map = [line, state.line]
    inline.content, inline.children = text, []
    state.push("heading_close", tag, -1)


def _backwards_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    address = _BACKWARDS_ADDRESS.match(state.src, state.pos)
    text = _BACKWARDS_TEXT.search(state.pending)
    if not address or not text:
        return False
    if not silent:
        state.pending = state.pending[: text.start()]
        _push_link(state, text["text"], address["href"])
    state.pos = address.end()
    return True


def _loose_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    """What was meant as a link and is none for Markdown, because of a space."""
    match = _LOOSE_LINK.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        _push_link(state, match["text"], match["href"])
    state.pos = match.end()
    return True


def _push_link(state: StateInline, text: str, href: str) -> None:
    state.push("link_open", "a", 1).attrSet("href", href)
    state.push("text", "", 0).content = text
    state.push("link_close", "a", -1)
