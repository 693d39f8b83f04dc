r"""Inline Markdown as pieces: plain text and links, the rest of the markup gone.

A character that was escaped in the source (`\|`, `&#50;`) is *literal*: it stands for itself and
never takes part in the structure of a line. Until the structure is read, literals are kept apart
in a private plane of Unicode; `plain` brings them back.
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
_BACKWARDS_TEXT = re.compile(r"\((?P<text>[^()\n]+)\)$")
_BACKWARDS_ADDRESS = re.compile(r"\[(?P<href>https?://[^\]\s]+)\]")
_HTML_LINE = re.compile(
    r"\s{0,3}</?(?:details|summary|div|p|center|table|thead|tbody|tr|td|th|br|hr|h[1-6])\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text; a link if it has an address, which may be empty."""

    text: str
    href: str | None = None


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
    return "".join(chr(_PLANE + ord(char)) if ord(char) <= _LAST else char for char in text)


def is_escaped(text: str) -> bool:
    """Whether something in the text was meant literally."""
    return bool(_LITERAL.search(text))


def plain(text: str) -> str:
    """Text as a person reads it: literals are characters like others."""
    return _LITERAL.sub(lambda char: chr(ord(char[0]) - _PLANE), text)


class _Parser(MarkdownIt):
    """Addresses stay as they are written; `links.py` alone judges and normalises them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # markdown-it's name
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802  # markdown-it's name
        return True


@cache
def markdown_parser() -> MarkdownIt:
    """GitHub's Markdown, with what awesome lists add to it.

    HTML blocks are read line by line, so that a list inside `<details>` is a list; links written
    backwards, `(text)[address]`, are links; indentation makes no code block; escapes stay visible.
    """
    parser = _Parser("gfm-like", {"html": True, "linkify": True})
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.disable(["code", "text_join"])
    parser.block.ruler.at("html_block", _html, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("link", "backwards_link", _backwards_link)
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

    def read(self, token: Token) -> None:
        match token.type:
            case "text" | "code_inline":
                self._text.append(_LITERAL.sub("", token.content))
            case "text_special":
                self._text.append(literal(token.content))
            case "softbreak" | "hardbreak":
                self._text.append(" ")
            case "image":
                self._image = True
            case "link_open":
                self._open_link(str(token.attrGet("href") or ""))
            case "link_close":
                self.close_link()
            case "html_inline":
                self._read_html(token.content)
            case _:  # emphasis and the like
                pass

    def _read_html(self, source: str) -> None:
        if source.startswith("<!--"):
            self.comments.append(source.removeprefix("<!--").removesuffix("-->").strip())
            return
        tag = _Tag(source)
        if tag.name == "br":
            self._text.append(" ")
        elif tag.name == "a" and tag.closing:
            self.close_link()
        elif tag.name == "a" and tag.href is not None:
            self._open_link(tag.href)
        elif tag.name == "img":
            self._image = True

    def _open_link(self, href: str) -> None:
        self.close_link()
        self._href, self._image = href, False

    def close_link(self) -> None:
        text = "".join(self._text)
        badge = self._href is not None and self._image and not text.strip()
        if (text or self._href is not None) and not badge:
            self.pieces.append(Piece(text, self._href))
        self._href, self._text, self._image = None, [], False


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
    if not _HTML_LINE.match(source):
        return False
    if not silent:
        token = state.push("html_line", "", 0)
        token.map, token.content = [line, line + 1], source
        state.line = line + 1
    return True


def _backwards_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    address = _BACKWARDS_ADDRESS.match(state.src, state.pos)
    text = _BACKWARDS_TEXT.search(state.pending)
    if not address or not text:
        return False
    if not silent:
        state.pending = state.pending[: text.start()]
        state.push("link_open", "a", 1).attrSet("href", address["href"])
        state.push("text", "", 0).content = text["text"]
        state.push("link_close", "a", -1)
    state.pos = address.end()
    return True
