"""Laws of escapes: raw Markdown is as readable as the text allows, and reads back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.catalog.change import Change
from bot.catalog.markdown.edit import edit_markdown
from bot.catalog.markdown.export import heading_line
from bot.catalog.markdown.line_style import Style, is_standard, reads_as, styled_line
from bot.catalog.model import Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from tests.catalog.markdown.test_round_trip import TEXT

NAMES = shipped_names()
URL = "https://a.example/1"
ESCAPE = re.compile(r"&#(?P<number>\d+);|\\(?P<sign>[!-/:-@\[-`{-~])")


def entry(title: str, **details: object) -> Entry:
    return Entry(title=title, url=URL, sections=("s",), **details)  # type: ignore[arg-type]  # a test's shorthand


def line(title: str, **details: object) -> str:
    return styled_line(entry(title, **details), None, NAMES).replace(URL, "U")


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("RAG & Roll: Serving <Fast> Models", r"[RAG & Roll](U): Serving \<Fast> Models"),
        ("C++ && x < y: !important", "[C++ && x < y](U): !important"),
        ("AT&amp;T: a & b", r"[AT\&amp;T](U): a & b"),
        ("*All* of it: 2*3", r"[\*All* of it](U): 2*3"),
        ("snake_case_name: a_b", "[snake_case_name](U): a_b"),
        ("A `word`: b", r"[A \`word`](U): b"),
        ("See [x](y): z", r"[See \[x\](y)](U): z"),
        ("<!-- hidden --> Paper", r"[\<!-- hidden --> Paper](U)"),
        ("Fast: ~2x and ~3x", "[Fast: ~2x and ~3x](U)"),
        ("Fast: ~2x~ more", r"[Fast: \~2x~ more](U)"),
        ("C:\\path", "[C:\\path](U)"),
        ("Paper of \\", r"[Paper of \\](U)"),
        ("# of Papers: + more", "[# of Papers](U): + more"),
        ("A | B: C | D", "[A | B: C | D](U)"),
        ("模型 <b>: 🚀", r"[模型 \<b>: 🚀](U)"),
    ],
)
def test_only_what_would_be_markup_is_escaped(title: str, written: str) -> None:
    assert line(title) == written


def test_a_name_that_would_be_read_as_a_detail_is_written_with_a_number() -> None:
    assert line("A Survey (OSDI '24)") == "[A Survey &#40;OSDI '24)](U)"
    assert line("A", note="a | b") == r"[A](U) - a \| b"


def test_a_title_with_markup_keeps_the_style_of_the_list() -> None:
    style = Style(head=("**[{t}]({u})**", ""))
    written = styled_line(entry("A <b> B", venue="OSDI", year=2024), style, NAMES)
    assert written == rf"**[A \<b> B]({URL})** | OSDI '24"


def test_an_address_that_a_person_wrote_otherwise_is_kept() -> None:
    """Such as one with tracking parameters or international letters, of which the check warns."""
    for url in ("https://a.example/?utm_source=x", "https://bücher.example/x"):
        paper = Entry(title="A Paper", url=url, sections=("s",))
        assert styled_line(paper, None, NAMES) == f"[A Paper]({url})"


def test_a_row_of_a_table_is_escaped_only_where_it_would_be_markup() -> None:
    """And no other byte of the list changes."""
    rows = ["| Title | Venue |", "|---|---|", "| [Alpha](https://a.example/0) | OSDI 2023 |"]
    table = "\n".join(["# L", "", "## S", "", *rows, ""])
    info = ListInfo(title="L", sections=(Section(id="s", title="S"),))
    added = Change(before=None, after=entry("A & B | <C>: D", venue="OSDI", year=2024))
    row = rf"| [A & B \| \<C>: D]({URL}) | OSDI 2024 |"
    assert edit_markdown(table, added, info, NAMES) == f"{table}{row}\n"
    added = Change(before=None, after=entry("Paper of \\", venue="OSDI", year=2024))
    row = rf"| [Paper of \\]({URL}) | OSDI 2024 |"
    assert edit_markdown(table, added, info, NAMES) == f"{table}{row}\n"


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("RAG & <Fast> Models", r"## RAG & \<Fast> Models"),
        ("1. Models & #2", "## 1. Models & #2"),
        ("C #", r"## C \#"),
    ],
)
def test_a_heading_is_escaped_only_where_it_would_be_markup(title: str, written: str) -> None:
    assert heading_line(title, 2) == written


@given(TEXT, st.none() | TEXT, st.none() | TEXT, st.lists(TEXT, max_size=1))
def test_no_escape_can_be_left_out(
    title: str, venue: str | None, note: str | None, orgs: list[str]
) -> None:
    """Nor can a number be a backslash. Texts that hold escapes themselves are left to others."""
    paper = entry(title, venue=venue, note=note, orgs=tuple(orgs))
    written = styled_line(paper, None, NAMES)
    assert reads_as(written, paper, NAMES)
    if any(sign in f"{title}{venue}{note}{orgs}" for sign in "\\&"):
        return
    for match in ESCAPE.finditer(written):
        sign = match["sign"] or chr(int(match["number"]))
        forms = [sign]
        if match["number"] and re.fullmatch(r"[!-/:-@\[-`{-~]", sign):
            forms.append(f"\\{sign}")
        for form in forms:
            shorter = f"{written[: match.start()]}{form}{written[match.end() :]}"
            assert not (reads_as(shorter, paper, NAMES) and is_standard(shorter)), shorter


STANDARD = MarkdownIt("gfm-like", {"linkify": False})


@given(TEXT)
def test_any_other_reader_of_markdown_shows_the_title_too(title: str) -> None:
    """The line is one bullet with one link, and its text is the title's."""
    tokens = STANDARD.parse(f"- {line(f'Paper of {title}')}")
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 1
    children = inline[0].children or []
    assert [t.type for t in children if t.type.startswith("link")] == ["link_open", "link_close"]
    shown = "".join(child.content for child in children if child.type == "text")
    assert " ".join(shown.split()) == f"Paper of {title}"
