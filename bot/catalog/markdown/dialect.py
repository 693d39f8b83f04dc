"""The Markdown dialect of awesome lists: GitHub's, with what people expect to work in lists.

HTML blocks are read line by line, so that a list inside `<details>` is a list. Headings may be
HTML. Links written backwards, `(text)[address]`, or with spaces, `[text] (address)`, are links.
Indentation makes no code block. Escapes stay visible to the reader of the tokens.
"""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, html_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

_LOOSE_LINK = re.compile(r"\[(?P<text>[^\[\]]+)\]\s*\(\s*(?P<href>https?://[^()<>\"\n]*+)\s*+\)")
_BACKWARDS_ADDRESS = re.compile(r"\[(?P<href>https?://[^\[\]\s]+)\]")
_HTML_HEADING = re.compile(
    r"\s{0,3}<h(?P<level>[1-6])\b[^>]*>(?P<text>.*?)</h(?P=level)>\s*", re.IGNORECASE
)
_HTML_LINE = re.compile(
    r"\s{0,3}</?(?:details|summary|div|p|center|table|thead|tbody|tr|td|th|br|hr|h[1-6])\b",
    re.IGNORECASE,
)


LONGEST_LINE = 5_000
"""Characters of a paragraph, heading or cell; in longer ones no markup is read."""


@cache
def markdown_parser() -> MarkdownIt:
    """The markdown-it parser of the dialect."""
    parser = _Parser("gfm-like", {"html": True, "linkify": True})
    if parser.linkify is not None:
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.disable(["code", "text_join"])
    parser.core.ruler.at("inline", _inline)
    parser.block.ruler.at("html_block", _html, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.before("link", "backwards_link", _backwards_link)
    parser.inline.ruler.after("link", "loose_link", _loose_link)
    return parser


@cache
def standard_parser() -> MarkdownIt:
    """A markdown-it parser of GitHub's Markdown as it is, with the tokens of the dialect's."""
    return _Parser("gfm-like", {"html": True, "linkify": False}).disable(["text_join"])


class _Parser(MarkdownIt):
    """Keeps addresses as they are written; `links.py` validates and normalises them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # markdown-it's name
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802  # markdown-it's name
        return True


def _inline(state: StateCore) -> None:
    """Parse the content of paragraphs, headings and cells; leave long content as it is.

    markdown-it and its search for addresses take quadratic time, hours for a megabyte of `://a:`.
    """
    for token in state.tokens:
        if token.type != "inline":
            continue
        token.children = []
        if len(token.content) <= LONGEST_LINE:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children.append(Token("code_inline", "code", 0, content=token.content))


def _html(state: StateBlock, line: int, last: int, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    """Parse comments as markdown-it does, and other block tags one line at a time."""
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
    opened = _last_parenthesis(state.pending) if address else None
    if address is None or opened is None:
        return False
    if not silent:
        text, state.pending = state.pending[opened + 1 : -1], state.pending[:opened]
        _push_link(state, text, address["href"])
    state.pos = address.end()
    return True


def _last_parenthesis(text: str) -> int | None:
    """The position of the parenthesis that closes at a text's end; it holds words on one line."""
    if not text.endswith(")"):
        return None
    opened = text.rfind("(", text.rfind(")", 0, -1) + 1)
    inside = text[opened + 1 : -1]
    return opened if opened >= 0 and inside and "\n" not in inside else None


def _loose_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it calls it
    """A link with a space before or inside its parentheses, which Markdown takes for text."""
    match = _LOOSE_LINK.match(state.src, state.pos)
    if not match:
        return False
    if not silent:
        _push_link(state, match["text"], match["href"].rstrip())
    state.pos = match.end()
    return True


def _push_link(state: StateInline, text: str, href: str) -> None:
    state.push("link_open", "a", 1).attrSet("href", href)
    state.push("text", "", 0).content = text
    state.push("link_close", "a", -1)
