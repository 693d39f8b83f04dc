"""Laws of import: lists in many styles are understood, and skipped lines are reported."""

import time
from dataclasses import fields
from typing import Any

import pytest

from bot.catalog.markdown.importer import ImportResult, import_list
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names

NAMES = shipped_names()


def read(markdown: str) -> ImportResult:
    return import_list(read_markdown(markdown, NAMES), NAMES, title="Fallback")


def read_line(line: str) -> ImportResult:
    return read(f"# List\n\n## Section\n\n{line}\n")


def content(entry: Entry) -> dict[str, Any]:
    """The values of an entry, except its sections and the ids in its link."""
    values = {field.name: getattr(entry, field.name) for field in fields(entry)}
    return {
        key: value
        for key, value in values.items()
        if value not in (None, ()) and key not in {"sections", "arxiv", "doi"}
    }


def placed(imported: ImportResult) -> list[tuple[str, str]]:
    catalog = imported.catalog
    return [(catalog.section_titles(entry.home), entry.title) for entry in catalog.entries]


def reasons(imported: ImportResult) -> list[tuple[int, str]]:
    return [(skipped.line, skipped.reason) for skipped in imported.skipped]


U = "https://a.example/1"
OSDI = {"venue": "OSDI", "year": 2024}
ICML = {"venue": "ICML", "year": 2022}

# Inconsistent forms in the first list: line and values, except the address.
INCONSISTENT: list[tuple[str, dict[str, Any]]] = [
    (f"- [Swift]({U}): A Loader of Weights", {"title": "Swift: A Loader of Weights"}),
    (f"- [Swift:]({U}) A Loader of Weights", {"title": "Swift: A Loader of Weights"}),
    (f"- [Swift]({U}) : A Loader.  ", {"title": "Swift: A Loader"}),
    (f"- [Swift: A Loader of Weights]({U})", {"title": "Swift: A Loader of Weights"}),
    (f"- [Tree Queues]({U}) with Fair Locks | UCB", {
        "title": "Tree Queues with Fair Locks", "orgs": ("UCB",)}),
    (f"- [The Herd Report]({U}) (Section 3)", {"title": "The Herd Report", "note": "Section 3"}),
    (f"- [Swift]({U}): Loads | OSDI' 24", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads | OSDI'24", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads | OSDI '24", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads| OSDI ’24 ", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads | OSDI’ 24", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads | OSDI 24 ", {"title": "Swift: Loads", **OSDI}),
    (f"- [Swift]({U}): Loads | Eurosys'23", {
        "title": "Swift: Loads", "venue": "EuroSys", "year": 2023}),
    (f"- [Swift]({U}): Loads | ICML ES-FoMo Workshop 2023", {
        "title": "Swift: Loads", "venue": "ICML ES-FoMo Workshop", "year": 2023}),
    (f"- [Swift]({U}): Loads at Scale ICML' 2022.", {"title": "Swift: Loads at Scale", **ICML}),
    (f"- [Swift]({U}): Loads (SL) ｜ Microsoft", {
        "title": "Swift: Loads (SL)", "orgs": ("Microsoft",)}),
    (f"- [Swift]({U}): Loads| NVIDIA", {"title": "Swift: Loads", "orgs": ("NVIDIA",)}),
    (f"- [Swift]({U}) | Google, UCB", {"title": "Swift", "orgs": ("Google", "UCB")}),
    (f"- [Swift]({U}) | Stanford & UCB", {"title": "Swift", "orgs": ("Stanford", "UCB")}),
    (f"- [Swift]({U}) | HuggingFace", {"title": "Swift", "orgs": ("Hugging Face",)}),
    (f"- [Swift]({U}) |  Nvidia", {"title": "Swift", "orgs": ("NVIDIA",)}),
    (f"- [Swift]({U}) | Havard", {"title": "Swift", "orgs": ("Harvard",)}),
    (f"- [Swift]({U}) | THU", {"title": "Swift", "orgs": ("Tsinghua",)}),
    (f"-  [Swift]({U}) | Some New Lab", {"title": "Swift", "orgs": ("Some New Lab",)}),
    (f"- Loading with Care | (Stanford)[{U}]", {
        "title": "Loading with Care", "orgs": ("Stanford",)}),
    (f"- [Try, Try, Again...?]({U}) | OSDI' 24", {"title": "Try, Try, Again...?", **OSDI}),
    (f"- [100,000 Cards:]({U}) Power, Cables", {"title": "100,000 Cards: Power, Cables"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), INCONSISTENT)
def test_the_inconsistent_forms_of_the_first_list_are_understood(
    line: str, expected: dict[str, Any]
) -> None:
    imported = read_line(line)
    assert [content(entry) for entry in imported.catalog.entries] == [{"url": U, **expected}]
    assert not imported.skipped


def test_a_title_without_a_link_is_an_entry_if_it_has_a_venue() -> None:
    (entry,) = read_line("- Loading with Care and Joy | OSDI' 24").catalog.entries
    assert content(entry) == {"title": "Loading with Care and Joy", **OSDI}


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org/abs/2401.00001",
        "https://arxiv.org/pdf/2401.00001",
        "https://arxiv.org/pdf/2401.00001.pdf",
        "https://arxiv.org/pdf/2401.00001v3.pdf",
        "https://arxiv.org/html/2401.00001v1",
        "http://www.arxiv.org/abs/2401.00001v2",
        "https://arxiv.org/pdf/2401.00001.pdf?fbclid=IwAR2",
    ],
)
def test_all_addresses_of_an_arxiv_paper_become_one(address: str) -> None:
    (entry,) = read_line(f"- [Swift]({address})").catalog.entries
    assert (entry.url, entry.arxiv) == ("https://arxiv.org/abs/2401.00001", "2401.00001")


def test_a_paper_repeated_in_a_section_is_one_entry_and_in_two_sections_is_cross_listed() -> None:
    line = "- [Swift](https://arxiv.org/abs/2401.00001): A Loader of Weights"
    imported = read(f"# L\n\n## One\n\n{line}\n{line}\n\n## Two\n\n{line}\n")
    assert [entry.sections for entry in imported.catalog.entries] == [("one", "two")]
    assert reasons(imported) == [(6, "a paper that its section has already")]


def test_two_papers_with_the_same_doi_are_two_entries() -> None:
    link = "https://dl.acm.org/doi/10.1145/1234567.1234568"
    imported = read_line(f"- [Swift]({link}): A Loader\n- [Quiet]({link}): Fans for Machine Rooms")
    assert [entry.title for entry in imported.catalog.entries] == [
        "Swift: A Loader",
        "Quiet: Fans for Machine Rooms",
    ]
    assert {entry.doi for entry in imported.catalog.entries} == {"10.1145/1234567.1234568"}


P = f"[[paper]]({U})"
# Styles of other lists: line and values, except the address.
STYLES: list[tuple[str, dict[str, Any]]] = [
    (f"* [Swift]({U})", {"title": "Swift"}),
    (f"+ [Swift]({U})", {"title": "Swift"}),
    (f"1. [Swift]({U})", {"title": "Swift"}),
    (f"2) [Swift]({U})", {"title": "Swift"}),
    (f"-\t[Swift]({U})", {"title": "Swift"}),
    (f"   - [Swift]({U})", {"title": "Swift"}),
    (f"\t- [Swift]({U})", {"title": "Swift"}),
    (f"> - [Swift]({U})", {"title": "Swift"}),
    (f"- [ ] [Swift]({U})", {"title": "Swift"}),
    (f"- [x] [Swift]({U}) OSDI'24", {"title": "Swift", **OSDI}),
    # a description behind a dash is a note
    (f"- [Swift]({U}) - A loader of weights.", {"title": "Swift", "note": "A loader of weights."}),
    (f"- [Swift]({U}) – A loader.", {"title": "Swift", "note": "A loader."}),
    (f"- [Swift]({U}) — A loader.", {"title": "Swift", "note": "A loader."}),
    (f"- [Swift]({U}) -- A loader.", {"title": "Swift", "note": "A loader."}),
    (f"- [Swift]({U})- A loader.", {"title": "Swift", "note": "A loader."}),
    (f"- **[Swift]({U})** - A loader.", {"title": "Swift", "note": "A loader."}),
    (f"- [Documentation]({U}) - All of it.", {"title": "Documentation", "note": "All of it."}),
    (f"- [Swift]({U}) - See [Slow](https://o.example) too.", {
        "title": "Swift", "note": "See Slow too."}),
    (f"- [Swift]({U}) - [code](https://c.example) - A loader.", {
        "title": "Swift", "note": "A loader."}),
    (f"- [Swift]({U})<br>A loader.", {"title": "Swift", "note": "A loader."}),
    # the name is not a link: bold, quoted, emphasised or plain, with links beside it
    (f"- **A Loader of Weights** {P} [[code]](https://c.example)", {
        "title": "A Loader of Weights"}),
    (f"- **A Loader of Weights** [[paper]({U})] [[code](https://c.example)]", {
        "title": "A Loader of Weights"}),
    (f"- **A Loader of Weights** \\[[paper]({U})\\]", {"title": "A Loader of Weights"}),
    (f"- **A Loader**, *OSDI 2024*. [Paper]({U}) | [Code](https://c.example)", {
        "title": "A Loader", **OSDI}),
    (f"- **Swift: A Loader**. *Ada L. and Charles B.* [[arXiv 2022]({U})]", {
        "title": "Swift: A Loader", "note": "Ada L. and Charles B.",
        "venue": "arXiv", "year": 2022}),
    (f"- **Swift** <br> *Ada L.* <br> ICML 2022. [[Paper]({U})]", {
        "title": "Swift", "note": "Ada L.", **ICML}),
    (f"- <b>Swift</b>: A Loader <a href=\"{U}\">[paper]</a>", {"title": "Swift: A Loader"}),
    (f"- *A Loader of Weights*. A. Lovelace, C. Babbage. ICML 2022. [PDF]({U})", {
        "title": "A Loader of Weights", "note": "A. Lovelace, C. Babbage", **ICML}),
    (f"- A Loader of Weights. *A. Lovelace* **OSDI 2024** {P}", {
        "title": "A Loader of Weights", "note": "A. Lovelace", **OSDI}),
    (f'- "A Loader of Weights", A. Lovelace, OSDI 2024. [PDF]({U})', {
        "title": "A Loader of Weights", "note": "A. Lovelace", **OSDI}),
    (f'- "A Loader of Weights," A. Lovelace and C. Babbage, 2024. [PDF]({U})', {
        "title": "A Loader of Weights", "note": "A. Lovelace and C. Babbage", "year": 2024}),
    (f"- A Loader of Weights, Ada Lovelace et al., ICML 2022 {P}", {
        "title": "A Loader of Weights", "note": "Ada Lovelace et al.", **ICML}),
    (f"- A Loader, Large and Small, Ada Lovelace, Charles Babbage et al. {P}", {
        "title": "A Loader, Large and Small", "note": "Ada Lovelace, Charles Babbage et al."}),
    (f"- A Loader of Weights. ACM SIGCOMM 2023. {P}", {
        "title": "A Loader of Weights", "venue": "SIGCOMM", "year": 2023}),
    (f"- A Loader of Weights: {U}", {"title": "A Loader of Weights"}),
    (f"- A Loader of Weights <{U}>", {"title": "A Loader of Weights"}),
    (f"- 📄 [Paper]({U}): A Loader of Weights", {"title": "A Loader of Weights"}),
    (f"- A Loader of Weights ([OSDI '24]({U}))", {"title": "A Loader of Weights", **OSDI}),
    (f"- 《权重》 [链接]({U})", {"title": "《权重》"}),
    # details before the name
    (f"- [2024/05] [Swift]({U})", {"title": "Swift", "year": 2024}),
    (f"- [2024.05] A Loader [paper]({U})", {"title": "A Loader", "year": 2024}),
    (f"- [OSDI'24] A Loader [paper]({U})", {"title": "A Loader", **OSDI}),
    (f"- \\[OSDI'24\\] A Loader {P}", {"title": "A Loader", **OSDI}),
    (f"- [[OSDI'24] A Loader]({U})", {"title": "A Loader", **OSDI}),
    (f"- [A Loader (OSDI'24)]({U})", {"title": "A Loader", **OSDI}),
    (f"- **[OSDI'24]** [A Loader]({U})", {"title": "A Loader", **OSDI}),
    (f"- `OSDI'24` [A Loader]({U})", {"title": "A Loader", **OSDI}),
    (f"- (ICML 2022) **Swift**: A Loader {P}", {"title": "Swift: A Loader", **ICML}),
    (f"- OSDI 2024 - [A Loader]({U})", {"title": "A Loader", **OSDI}),
    (f"- 2024-05 | [A Loader]({U}) | MIT", {"title": "A Loader", "year": 2024, "orgs": ("MIT",)}),
    (f"- [[2401.00001] A Loader]({U})", {"title": "A Loader", "venue": "arXiv", "year": 2024}),
    # details after the name
    (f"- [A Loader]({U}), Ada Lovelace et al., ICML 2022", {
        "title": "A Loader", "note": "Ada Lovelace et al.", **ICML}),
    (f"- [A Loader]({U}), ICML, 2022", {"title": "A Loader", **ICML}),
    (f"- [A Loader]({U}). ICML, 2022.", {"title": "A Loader", **ICML}),
    (f"- [A Loader]({U}) *ICML 2022*", {"title": "A Loader", **ICML}),
    (f"- [A Loader]({U}) ICML 2022 Oral", {"title": "A Loader", "note": "Oral", **ICML}),
    (f"- [A Loader]({U}) [ICML 2022 Spotlight] [code](https://c.example)", {
        "title": "A Loader", "note": "Spotlight", **ICML}),
    (f"- [A Loader]({U}) (ICML 2022, Stanford)", {
        "title": "A Loader", "orgs": ("Stanford",), **ICML}),
    (f"- [A Loader]({U}) (2022, Journal of Loads)", {
        "title": "A Loader", "year": 2022, "note": "Journal of Loads"}),
    (f"- [A Loader]({U}) (Findings of ACL 2022)", {
        "title": "A Loader", "venue": "ACL Findings", "year": 2022}),
    (f"- [A Loader]({U}) (2022)", {"title": "A Loader", "year": 2022}),
    (f"- [A Loader]({U}) | ICML | 2022 | [code](https://c.example)", {
        "title": "A Loader", **ICML}),
    (f"- [A Loader]({U}) by Ada Lovelace, 2022.", {
        "title": "A Loader", "note": "by Ada Lovelace", "year": 2022}),
    (f"- [A Loader]({U})  \n  *Ada L., Charles B.*  \n  ICML 2022", {
        "title": "A Loader", "note": "Ada L., Charles B.", **ICML}),
    (f"- [A Loader]({U}) (⭐ 1.2k)", {"title": "A Loader", "note": "⭐ 1.2k"}),
    (f"- [A Loader]({U}) ([code](https://c.example), [video](https://v.example))", {
        "title": "A Loader"}),
    # decoration and separators are dropped
    (f"- :fire: [Swift]({U}) :star:", {"title": "Swift"}),
    (f"- 🔥 [Swift]({U}) ⭐⭐", {"title": "Swift"}),
    (f"- [Swift]({U})[^1]", {"title": "Swift"}),
    (f"- [Swift]({U}) -", {"title": "Swift"}),
    (f"- [Swift]({U}) |", {"title": "Swift"}),
    (f"- [Swift]({U}) ,", {"title": "Swift"}),
    (f"- ~~[Swift]({U})~~", {"title": "Swift"}),
    (f"- ***[Swift]({U})***: a *loader*", {"title": "Swift: a loader"}),
    (f"- [**Swift:** a `loader` of _weights_]({U})", {"title": "Swift: a loader of weights"}),
    (f"- [Swift]({U}) ![](https://img.example/x.svg)", {"title": "Swift"}),
    (f"- [![Star](https://img.example/y.svg)](https://c.example) [Swift]({U})", {
        "title": "Swift"}),
    (f"- [Swift \\| Slow]({U}) | OSDI 24", {"title": "Swift | Slow", **OSDI}),
    (f"- [Swift]({U} \"hover\") - A loader", {"title": "Swift", "note": "A loader"}),
    (f"- [Swift]({U}) <!-- a remark -->", {"title": "Swift"}),
    (f"- [Swift]({U})\n  : a loader", {"title": "Swift: a loader"}),
    # other scripts
    (f"- [权重加载器]({U})：一个描述", {"title": "权重加载器: 一个描述"}),
    (f"- [权重加载器]({U})，清华，2022", {"title": "权重加载器", "note": "清华", "year": 2022}),
    (f"- [محمل الأوزان]({U}) - وصف", {"title": "محمل الأوزان", "note": "وصف"}),
    # text after a colon or a link continues the title; years within titles stay
    (f"- [Survey of MLLMs 2024]({U})", {"title": "Survey of MLLMs 2024"}),
    (f"- [ICML 2022]({U})", {"title": "ICML 2022"}),
    (f"- [Deep Loading]({U}) for Systems: a Survey", {
        "title": "Deep Loading for Systems: a Survey"}),
    (f"- [Loaders]({U}): Highlights from ICML 2022", {
        "title": "Loaders: Highlights from ICML 2022"}),
    (f"- [Loaders, Cheap, and Fast]({U})", {"title": "Loaders, Cheap, and Fast"}),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), STYLES)
def test_the_styles_of_other_lists_are_understood(line: str, expected: dict[str, Any]) -> None:
    imported = read_line(line)
    assert [content(entry) for entry in imported.catalog.entries] == [{"url": U, **expected}]
    assert {skipped.reason for skipped in imported.skipped} <= {"a further link of an entry"}


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("(http://a.example/x)", "https://a.example/x"),
        ("(https://a.example/x_(y))", "https://a.example/x_(y)"),
        ("(<https://a.example/x y>)", "https://a.example/x%20y"),
        ("(https://a.example/x y)", "https://a.example/x%20y"),
        (" (https://a.example/x)", "https://a.example/x"),
        ("[1]", "https://a.example/one"),
        ("[]", "https://a.example/swift"),
        ("", "https://a.example/swift"),
    ],
)
def test_links_however_written_lead_where_they_were_meant_to(written: str, url: str) -> None:
    """References with definitions, addresses with parentheses, and spaces where none may be."""
    definitions = "[1]: https://a.example/one\n"
    if not written.strip("[]"):
        definitions += "[Swift]: https://a.example/swift 'title'"
    imported = read_line(f"- [Swift]{written} - A loader.\n\n{definitions}")
    assert [content(entry) for entry in imported.catalog.entries] == [
        {"title": "Swift", "url": url, "note": "A loader."}
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("- [Mail](mailto:ada@a.example)", "a link that is no web address"),
        ("- [Guide](docs/guide.md)", "a link that is no web address"),
        ("- [Papers](#papers)", "a link within the page (table of contents)"),
        ("- Only words", "no link"),
        ("- Use the format: name | description", "no link"),
        ("- [Undefined][nowhere]", "no link"),
        ("- https://a.example/1", "no title"),
        ("- <https://a.example/1>", "no title"),
        ("- ![](https://img.example/x.svg)", "only a picture or an anchor"),
        ("-", "a bullet with no text"),
        ("- [Swift]: https://a.example/1", "a bullet with no text"),
        ("Some words.", "text that is no entry"),
        ("[Swift](https://a.example/1) is a paper.", "text that is no entry"),
        ("<!-- - [Swift](https://a.example/1) -->", "an HTML comment"),
        ("<!--\n- [Swift](https://a.example/1)\n\n-->", "an HTML comment"),
        ("```\n- [Swift](https://a.example/1)\n```", "a code block"),
        ('<li><a href="https://a.example/1">Swift</a></li>', "text that is no entry"),
    ],
)
def test_lines_that_are_not_entries_are_reported_with_line_and_reason(
    line: str, reason: str
) -> None:
    imported = read_line(line)
    assert imported.catalog.entries == ()
    assert (5, reason) in reasons(imported)


def test_a_line_too_long_for_its_markup_is_reported() -> None:
    long = "[a](https://a.example) " * 300
    parsed = read_markdown(
        f"# L\n\n{long}\n\n## S\n\n- {long}\n- [B](https://b.example)\n"
        f"\n| Title |\n|---|\n| {long} |\n",
        shipped_names(),
    )
    assert [draft.title for _, draft in parsed.sections[0].drafts] == ["B"]
    assert [skipped.reason for skipped in parsed.skipped] == ["longer than 5,000 characters"] * 2
    assert parsed.introduction == long.strip()


def test_further_links_of_an_entry_are_reported() -> None:
    imported = read_line(f"- **Swift** {P} [[code]](https://c.example/1)")
    assert [str(skipped) for skipped in imported.skipped] == [
        "line 5: a further link of an entry: https://c.example/1"
    ]


def rows(header: str, *body: str) -> str:
    return "\n".join([header, "|".join(["---"] * (header.count("|") - 1)), *body])


TABLES: list[tuple[str, str, dict[str, Any]]] = [
    ("| Title | Venue | Year | Links |", f"| [Swift]({U}) | OSDI | 2024 | - |", {
        "title": "Swift", **OSDI}),
    ("| Title | Venue | Links |", f"| Swift | OSDI'24 | [code](https://c.example) [pdf]({U}) |", {
        "title": "Swift", **OSDI}),
    ("| Title | Code | PDF |", f"| Swift | [link](https://c.example) | [link]({U}) |", {
        "title": "Swift"}),
    ("| Title | Code | PDF |", f"| Swift | [swift-repo](https://c.example) | [here]({U}) |", {
        "title": "Swift"}),
    ("| Year | Venue | Paper | Code | Institution |",
     f"| 2024 | OSDI | [Swift]({U}) | N/A | MIT, UC Berkeley |", {
        "title": "Swift", "orgs": ("MIT", "UCB"), **OSDI}),
    ("| Venue | Paper |", f"| Journal of Loads 2024 | [Swift]({U}) |", {
        "title": "Swift", "venue": "Journal of Loads", "year": 2024}),
    ("| Date | Institute | Paper | Publication |",
     f"| 2024-06 | Google | [Swift]({U}) | OSDI<br>![c](https://img.example/c) |", {
        "title": "Swift", "orgs": ("Google",), **OSDI}),
    ("| | Name | Description | Stars |", f"| 1 | [swift]({U}) | Loads, fast. | 1.2k |", {
        "title": "swift", "note": "Loads, fast.; 1.2k"}),
    ("| # | Paper |", f"| 7 | [Swift]({U}) |", {"title": "Swift"}),
    ("| Model | Size | Paper |", f"| Swift-7B | 7B | [Swift: a Model]({U}) |", {
        "title": "Swift: a Model", "note": "Swift-7B; 7B"}),
    ("| Model | Size | Paper |", f"| Swift-7B | 7B | [paper]({U}) |", {
        "title": "Swift-7B", "note": "7B"}),
    ("| Paper | Authors | Conf |", f"| [Swift]({U}) | Ada L., Charles B. | OSDI'24 |", {
        "title": "Swift", "note": "Ada L., Charles B.", **OSDI}),
    ("| Title & Authors | Links |", f"| [Swift]({U}) <br> Ada L., Charles B. | [Paper]({U}) |", {
        "title": "Swift", "note": "Ada L., Charles B."}),
    ("| Title |", f"| [Swift \\| Slow]({U}) |", {"title": "Swift | Slow"}),
    ("| Title | Links |", f"| **Swift** \\| Slow | {P} |", {"title": "Swift | Slow"}),
]  # fmt: skip


@pytest.mark.parametrize(("header", "row", "expected"), TABLES)
def test_tables_are_read_by_their_headers(header: str, row: str, expected: dict[str, Any]) -> None:
    imported = read_line(rows(header, row))
    assert [content(entry) for entry in imported.catalog.entries] == [{"url": U, **expected}]


def test_each_cell_of_a_table_without_headers_is_an_entry() -> None:
    """The first row, a header in Markdown, is a row like the others."""
    cells = [f"[{name}](https://a.example/{name})" for name in ("one", "two", "three", "four")]
    imported = read_line(rows(f"| {cells[0]} | {cells[1]} |", f"| {cells[2]} | {cells[3]} |"))
    assert [entry.title for entry in imported.catalog.entries] == ["one", "two", "three", "four"]


def test_rows_that_are_not_entries_are_reported() -> None:
    imported = read_line(rows("| Title | Link |", "| | |", "| Swift | - |"))
    assert reasons(imported)[-2:] == [(7, "an empty row"), (8, "no link")]
    assert imported.catalog.entries == ()


def test_nested_bullets_are_entries_attachments_or_groups() -> None:
    imported = read_line(
        f"""\
- [Swift]({U})
  - [code](https://c.example), [slides](https://s.example)
  - Words on it.
  - [Swift 2](https://a.example/2)
- **Loaders of the north:**
    - [North](https://a.example/3)
- Plain Paper of Note
  - Ada L., Charles B.
  - Paper: [link](https://a.example/4)
  - [code](https://c.example/4)"""
    )
    assert placed(imported) == [
        ("Section", "Swift"),
        ("Section", "Swift 2"),
        ("Section", "Plain Paper of Note"),
        ("Section > Loaders of the north", "North"),
    ]
    assert imported.catalog.entries[2].url == "https://a.example/4"
    further = "a further link of the entry above"
    assert reasons(imported) == [
        (6, further), (7, "no link"), (12, "no link"), (13, further), (14, further)
    ]  # fmt: skip


def entry_under(*headings: str) -> str:
    """A list with an entry below each of the headings."""
    return "\n\n".join(
        f"{heading}\n\n- [Paper {at}](https://a.example/{at})"
        for at, heading in enumerate(headings)
    )


@pytest.mark.parametrize(
    ("headings", "sections"),
    [
        (["# L\n\n## A", "### B", "## C"], ["A", "A > B", "C"]),
        (["# L\n\n## A", "##### Deep", "### Less"], ["A", "A > Deep", "A > Less"]),
        (["L\n=\n\nA\n-", "B\n---"], ["A", "B"]),
        (["## A", "## B"], ["A", "B"]),
        (["# One", "# Two", "## Below"], ["One", "Two", "Two > Below"]),
        (["# L\n\n# One", "# Two"], ["One", "Two"]),
        (["### Deep", "## Up"], ["Deep", "Up"]),
        (["", "## A"], ["Papers", "A"]),
        (["# L\n\n## 2024", "#### Old"], ["2024", "2024 > Old"]),
        (["# L\n\n## A\n\n#### 2024", "#### 2023"], ["A > 2024", "A > 2023"]),
        (["# L\n\n## :rocket: Fast", '## <a id="x"></a>Slow'], ["Fast", "Slow"]),
        (["# L\n\n## [A](https://h.example) [⬆](#contents)"], ["A"]),
        (['<h1 align="center">L</h1>\n\n<h2>A</h2>', '<h3 id="b">B</h3>'], ["A", "A > B"]),
        (["# L\n\n## A\n\nSome words.", "Words between."], ["A", "A"]),
    ],
)
def test_headings_of_all_kinds_and_levels_are_sections(
    headings: list[str], sections: list[str]
) -> None:
    imported = read(entry_under(*headings))
    assert [section for section, _ in placed(imported)] == sections


def test_two_headings_with_the_same_title_are_one_section() -> None:
    imported = read(entry_under("# L\n\n## A", "## B", "## A"))
    assert placed(imported) == [("A", "Paper 0"), ("A", "Paper 2"), ("B", "Paper 1")]


@pytest.mark.parametrize(
    "details",
    [
        "<details>\n<summary>Old</summary>\n\n{}\n\n</details>\n\n{}",
        "<details><summary><b>Old</b></summary>\n{}\n</details>\n\n{}",
        "<details>\n<summary>\n\n**Old**\n\n</summary>\n\n{}\n\n</details>\n\n{}",
    ],
)
def test_details_are_groups(details: str) -> None:
    lines = [f"- [Paper {at}](https://a.example/{at})" for at in range(2)]
    imported = read_line(details.format(*lines))
    assert placed(imported) == [("Section", "Paper 1"), ("Section > Old", "Paper 0")]


def test_a_summary_such_as_click_to_expand_is_not_a_section() -> None:
    imported = read_line(f"<details open><summary>Click to expand</summary>\n\n- [Swift]({U})\n")
    assert placed(imported) == [("Section", "Swift")]


DECORATED = f"""\
[![Awesome](https://img.example/a.svg)](https://awesome.example)

# [A List](https://l.example) [![CI](https://img.example/b.svg)](https://ci.example)

> A list of
> things.

Made with [care](https://c.example).

## Contents

- [Papers](#papers)
  - [Old](#old)
    - [Older](#older)
- [Contributing](#contributing)

## Papers

- [Swift]({U})

**[⬆ back to top](#contents)**

---

## Contributing

Read [the guide](CONTRIBUTING.md).

- Fork it

## License

[![CC0](https://img.example/c.svg)](https://cc.example)

[^1]: A footnote.
"""


def test_text_around_a_list_is_reported_as_skipped() -> None:
    """Badges, the table of contents, contribution guidelines and the license."""
    imported = read(DECORATED)
    assert imported.catalog.info.title == "A List"
    assert imported.catalog.info.introduction == (
        "A list of\nthings.\n\nMade with [care](https://c.example)."
    )
    assert placed(imported) == [("Papers", "Swift")]
    contents = "a link within the page (table of contents)"
    assert reasons(imported) == [
        (1, "only a picture or an anchor"),
        (10, "a heading with no entries"),
        *((line, contents) for line in range(12, 16)),
        (21, "text that is no entry"),
        (25, "a heading with no entries"),
        (27, "text that is no entry"),
        (29, "no link"),
        (31, "a heading with no entries"),
        (33, "only a picture or an anchor"),
        (35, "text that is no entry"),
    ]


@pytest.mark.parametrize(
    "text", ["", "\n", "# Only a title\n\nWords.\n", "\ufeff", "---\na: b\n---\n"]
)
def test_a_text_without_entries_gives_an_empty_list(text: str) -> None:
    assert read(text).catalog.entries == ()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_front_matter_and_line_ends_have_no_effect(newline: str) -> None:
    """Line numbers count the front matter."""
    text = f"\ufeff---\ntitle: Other\n---\n\n# L\n\n## A\n\n- [Swift]({U}): a loader\n- Words\n"
    imported = read(text.replace("\n", newline))
    assert imported.catalog.info.title == "L"
    assert placed(imported) == [("A", "Swift: a loader")]
    assert reasons(imported) == [(10, "no link")]


@pytest.mark.parametrize(
    "line",
    [
        f"- [Swift]({U}) - " + "word, " * 20_000,
        f"- [Swift]({U}) " + "(a) " * 5_000,
        f"- [Swift]({U}) " + "(" * 20_000,
        f"- [Swift]({U})" + " | x" * 5_000,
        "- " + "Ada Lovelace, " * 5_000 + f"et al. [pdf]({U})",
        "- " + "Word 2023 " * 10_000 + f"[pdf]({U})",
        "- " + "[" * 5_000,
        '- "' + "a, " * 10_000,
    ],
)
def test_very_long_lines_are_read_within_seconds(line: str) -> None:
    """A search with backtracking would take minutes for these lines."""
    start = time.process_time()
    read_line(line)
    assert time.process_time() - start < 5
