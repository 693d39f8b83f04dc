"""Laws of the time that foreign text takes: it grows with the text, not with its square."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from html import escape
from itertools import product

import pytest
from hypothesis import settings

from bot.catalog.links import read_link, read_reference
from bot.catalog.markdown.details import read_field, read_remark
from bot.catalog.markdown.importer import import_list
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.names import shipped_names
from bot.digest.schedule_text import parse_subscription
from bot.discovery.clean import (
    clean_abstract,
    clean_doi,
    clean_names,
    clean_remark,
    clean_title,
    split_authors,
)
from bot.discovery.sources.arxiv.identifiers import clean_categories
from bot.discovery.sources.arxiv.rss import parse_feed
from bot.discovery.sources.feed_document import FeedError
from bot.discovery.tex import text_of_tex
from bot.errors import PapersError
from bot.lookup.query import parse as parse_query
from bot.publishing.github_text import neutralize
from bot.publishing.publication import clean_name
from bot.slack.payloads import links_in, unescape
from bot.text import visible
from tests.hostile.expressions import Expression, expressions
from tests.hostile.growth import LINEAR, Attack, exponent, grows

_BOUND = 6_000  # characters; lines and fields are cut before
_MANY = 1_000  # generated cases of `make proof`
_FRAMES = (("", ""), ("a", "!"), ("(", "?\x00"))
_NAMES = shipped_names()
_ITEM = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:arxiv="http://arxiv.org/schemas/atom"><channel><title>cs.LG updates on arXiv.org'
    "</title>{}</channel></rss>"
)
_FIELDS = ("description", "dc:creator", "guid", "arxiv:DOI", "arxiv:journal_reference", "category")
_PUMPS = (
    " ", "\n", "\t \n", "\u00a0", "a", "A ", "é", "\u0301", "\x00", "\ud800", "\u202e", "0", "1. ",
    "(", ")", "()", "( ", "(a", "a)", "[", "]", "[]", "[a", "[[", "]]", "[a](", "[a]( ", "[a](b)",
    "[a]: ", "[a]: b\n", "[a][", "![", "![a](", "(a)[http://", "[http://", ")[http://a]", "<", ">",
    "<a", "<a ", "<!--", "-->", "<![CDATA[", "<?", "<a>", "</a>", "<b>", "<a href='", "&", "&amp;",
    "&#", "&#38;", "&amp;amp;", "&lt;", "*", "**", "*a", "**a", "*a_", "_", "__a", "~", "~~a", "`",
    "``a", "`a", "``a`", "\\", "\\\\", "\\(", "$", "$a", "$$", "$ a", "\\$", "{", "}", "{}", "{a",
    "\\a", "\\a{", "\\frac", "\\frac{", "\\begin{a}", "\\'", "^", "_{", "^{", "%", "~a", '"', '"a',
    "“", "'", "a' ", ",", ", ", ",,", ";", "a, ", "a (b), ", "a (b, ", "and ", " and", " & ",
    "- ", "-", "* ", "  - a\n", "- a\n", "- [a](http://b.c)\n", "> ", ">", "> a\n", "#", "# ",
    "# a\n", "## a\n", "|", "| ", "|a|\n", "|-|\n", "|a|b|\n|-|-|\n", ":", ": ", ":a", ":a:", "a:",
    "a: ", "http://", "http://a.b ", "https://a.b/", "www.", "//", "/", "/10.1234/", "10.1234/",
    "://a:", "a@", "a@b.", "@", "1", "'24 ", " 24", "2024 ", "19", "OSDI ", "arXiv:", "arXiv:1 ",
    "arXiv:2401.00001 ", "Abstract: ", "et al", "a et al", "by A", "A. ", ".", "a.", "=",
    "===\n", "---\n", "```\n", "~~~\n", "    a\n", "\r", "\r\n", "\u2028", "cs.LG ", "a-", "a.b",
    "venue:", "<http", "<http|", "<details>\n", "<summary>", "<td>", "<item>", "<item", "<title>",
)  # fmt: skip


def _feed(body: str) -> None:
    with suppress(FeedError):
        parse_feed(body.encode("utf-8", "replace"))


def _feed_item(text: str) -> None:
    """Read a feed with a text in every field of a paper, and in its address."""
    safe = escape(re.sub("[\x00\ud800]", "", text))
    link = "<link>https://arxiv.org/abs/2401.00001</link><title>A</title>"
    fields = "".join(f"<{field}>{safe}</{field}>" for field in _FIELDS)
    _feed(_ITEM.format(f"<item>{link}{fields}</item><item><link>{safe}</link></item>"))


def _import(text: str) -> None:
    import_list(read_markdown(text, _NAMES), _NAMES, title="A list")


def _in_list(text: str) -> None:
    """Import a text as bullets, cells, a heading and HTML."""
    line = " ".join(text.split("\n"))
    _import(
        f"# A\n\n## B\n\n- {line}\n- [A](https://a.example/{line})\n"
        f"- [A](https://a.example): {line}\n"
        f"\n## {line}\n\n<details><summary>{line}</summary>\n\n"
        f"| Title | Venue |\n|---|---|\n| {line} | {line} |\n"
    )


FUNCTIONS: dict[str, Callable[[str], object]] = {
    "abstract": clean_abstract,
    "categories": lambda text: clean_categories(text.split(" ")),
    "creators": split_authors,
    "DOI": clean_doi,
    "names": lambda text: clean_names(text.split(" ")),
    "remark": clean_remark,
    "TeX": text_of_tex,
    "title": clean_title,
    "visible": visible,
    "feed": _feed,
    "feed, an item": _feed_item,
    "feed, in its items": lambda text: _feed(_ITEM.format(f"<item><title>{text}</title></item>")),
    "feed, in its prologue": lambda text: _feed(f"<?xml version='1.0'?>{text}<rss>"),
    "field of a line": lambda text: read_field(text, _NAMES),
    "remark of a line": lambda text: read_remark(text, _NAMES),
    "import": _import,
    "import, in a list": _in_list,
    "link": read_link,
    "link, its path": lambda text: read_link(f"https://a.example/{text}"),
    "link, its query": lambda text: read_link(f"https://a.example/?{text}"),
    "reference": read_reference,
    "query": parse_query,
    "subscription": parse_subscription,
    "typed text": unescape,
    "links of a message": lambda text: list(links_in({"text": text, "blocks": [{"url": text}]})),
    "mentions": neutralize,
    "name of a person": clean_name,
}


def _attacks() -> Iterator[Attack]:
    chosen = settings.default
    is_proof = chosen is not None and chosen.max_examples > _MANY
    frames = _FRAMES if is_proof else _FRAMES[:1]
    return (Attack(start, pump, end) for pump in _PUMPS for start, end in frames)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_time_of_reading_foreign_text_grows_with_its_length(name: str) -> None:
    def call(text: str) -> None:
        with suppress(PapersError, ValueError):
            FUNCTIONS[name](text)

    length = _BOUND if name.startswith("import") else _BOUND // 6
    faults = [
        f"{attack}: n^{grown:.1f}"
        for attack in _attacks()
        if grows(call, attack, length) and (grown := exponent(call, attack, _BOUND)) > LINEAR
    ]
    assert not faults, faults


@pytest.mark.parametrize("expression", expressions(), ids=lambda expression: expression.place)
def test_the_time_of_a_regular_expression_grows_with_the_text(expression: Expression) -> None:
    for (method, call), attack in product(expression.calls, expression.attacks):
        if grows(call, attack, 500):
            grown = exponent(call, attack, 250)
            assert grown <= LINEAR, f"{method} of {attack} takes n^{grown:.1f}"


def test_all_regular_expressions_of_the_package_are_measured() -> None:
    written = {expression.pattern.pattern for expression in expressions()}
    compiled = {
        value.pattern
        for name, module in list(sys.modules.items())
        if name.startswith("bot.")
        for value in vars(module).values()
        if isinstance(value, re.Pattern)
    }
    assert compiled <= written
    assert len(compiled) > 50
