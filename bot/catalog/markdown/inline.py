r"""Inline Markdown as pieces: text, emphasised text and links, without other markup.

A character that is written as a number (`&#50;`), and an escaped bar (`\|`), is *literal*: it
stands for itself and never takes part in the structure of a line. Until the structure has been
read, literals are encoded as UTF-16 in a private plane of Unicode; `plain` decodes them. Other
escapes (`\[OSDI'24\]`, `&amp;`) only protect a character from Markdown: they are read as shown.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.dialect import LONGEST_LINE

_PLANE, _LAST = 0xF0000, 0xFFFF
_LITERAL = re.compile(f"[{chr(_PLANE)}-{chr(_PLANE + _LAST)}]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]+\]")
_SHORTCODE = re.compile(r"(?<![\w:]):[a-z0-9][0-9_+-]*+[a-z][a-z0-9_+-]*+:(?![\w:])")  # :star:
_LINK_WORDS = frozenset(
    """paper papers pdf link links url arxiv abs html code here website web site project page
    homepage home slides slide video talk poster blog post github repo repository demo doc docs
    documentation dataset data openreview acm usenix ieee doi source official twitter tweet model
    weights hugging face huggingface bibtex
    论文 論文 链接 代码 主页 项目 地址""".split()  # noqa: SIM905  # such words read best as words
)
PAPER_WORDS = tuple("paper pdf arxiv abs link url html openreview doi acm usenix".split())  # noqa: SIM905  # as above
"""Link texts that name the paper itself, the most specific first."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text, with newlines for line breaks; a link if it has an `href`, maybe empty."""

    text: str
    href: str | None = None
    emphasised: bool = False

    @property
    def is_generic(self) -> bool:
        """True if the piece is a link whose text only describes the link (`code`)."""
        return self.href is not None and is_link_word(self.text)


@dataclass(frozen=True, slots=True)
class Inline:
    """The content of a paragraph, heading or cell."""

    pieces: tuple[Piece, ...]
    comments: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole text, links included, on one line."""
        return squeeze("".join(piece.text for piece in self.pieces))

    @property
    def is_too_long(self) -> bool:
        """True if the content was too long for its markup to be read."""
        return sum(len(piece.text) for piece in self.pieces) > LONGEST_LINE

    @property
    def links(self) -> tuple[Piece, ...]:
        """The pieces that are links."""
        return tuple(piece for piece in self.pieces if piece.href is not None)


def squeeze(text: str) -> str:
    """Text on one line, with single spaces."""
    return " ".join(text.split())


def literal(text: str) -> str:
    """Encode text as literals."""
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(chr(_PLANE + unit) for unit in units)


def is_escaped(text: str) -> bool:
    """Tell whether a text contains literals."""
    return bool(_LITERAL.search(text))


def plain(text: str) -> str:
    """Decode the literals of a text."""
    if not is_escaped(text):
        return text
    units = _LITERAL.sub(lambda char: chr(ord(char[0]) - _PLANE), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def has_words(text: str) -> bool:
    """Tell whether a text contains a letter or digit, literal ones included."""
    return bool(re.search(r"\w", plain(text)))


def is_link_word(text: str) -> bool:
    """Tell whether the text of a link only describes the link (`paper`, `project page`)."""
    words = re.findall(r"\w+", text.casefold())
    return bool(words) and not is_escaped(text) and all(word in _LINK_WORDS for word in words)


def is_address(link: Piece) -> bool:
    """Tell whether the text of a link is only an address."""
    return bool(re.fullmatch(r"(?:https?://|www\.)\S+", link.text.strip()))


def paper_link(links: Iterable[Piece]) -> Piece | None:
    """The link to the paper itself, rather than to its code or slides."""

    def rank(link: Piece) -> int:
        words = set(re.findall(r"\w+", link.text.casefold()))
        return next((at for at, word in enumerate(PAPER_WORDS) if word in words), len(PAPER_WORDS))

    return min(links, key=rank, default=None)


def inline_of(node: SyntaxTreeNode) -> Inline:
    """The content of a block of the syntax tree."""
    inline = next((child for child in node.children if child.type == "inline"), None)
    return read_inline(inline.token.children or ()) if inline and inline.token else Inline(())


def read_inline(tokens: Iterable[Token]) -> Inline:
    """Read the children of an inline token. Images are dropped, badges with their link."""
    reader = _InlineReader()
    for token in tokens:
        reader.read(token)
    reader.close_link()
    return Inline(tuple(reader.pieces), tuple(reader.comments))


class _InlineReader:
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
            case _:  # strikethrough and the like
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
        """Begin a new piece, except inside a link, which is one piece already."""
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
    """An escape or an entity; a literal if it is written as a number or is a bar."""
    if token.markup.startswith("&#") or token.markup == "\\|":
        return literal(token.content)
    return " " if token.content.isspace() else token.content


class _Tag(HTMLParser):
    """The tag of an inline HTML token."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.name, self.closing = "", False
        self.href: str | None = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.name, self.href = tag, dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        self.name, self.closing = tag, True
