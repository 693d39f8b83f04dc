"""Laws of citations: every list survives writing and reading back, and nothing is made up."""

import datetime as dt
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import Entry as BibtexEntry
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.bibliography.atom import write_atom
from bot.catalog.bibliography.author_name import AuthorName, read_author_name
from bot.catalog.bibliography.bibtex import write_bibtex
from bot.catalog.bibliography.cited_paper import (
    CitedPaper,
    PaperType,
    citation_keys,
    cited_papers,
    one_line,
    paper_type,
)
from bot.catalog.bibliography.csl import write_csl
from bot.catalog.bibliography.list_json import write_json
from bot.catalog.bibliography.ris import write_ris
from bot.catalog.facts import PaperFacts
from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog, Entry, ListInfo, Section

ATOM = "{http://www.w3.org/2005/Atom}"
INFO = ListInfo(title="Birds & <Owls>", sections=(Section(id="owls", title="Owls"),))
HOSTILE = [
    "100% of {braces} & \\backslashes_ $5 #1 ~ ^",
    "an {unclosed brace",
    "a closed} brace}",
    "ends in a backslash \\",
    "`ticks' ``twice'' \"quoted\" -- and --- dashes",
    "@article{fake, title = {x}}",
    "TI  - x\r\nER  - \nTY  - JOUR",
    "Ångström Łukasz 知识 ß ﬁ é ñ ø",
    "</title><script> ]]> &amp;",
    "O(n²) attention and $O(n^2)$ more",
    "NUL \0 and \u202e turned \u200b text",
]


def listing(*pairs: tuple[Entry, PaperFacts]) -> Catalog:
    facts = {entry_key(entry): fact for entry, fact in pairs}
    return Catalog(INFO, tuple(entry for entry, _ in pairs), facts)


def entry(
    title: str,
    arxiv: str | None = None,
    *,
    venue: str | None = None,
    year: int | None = None,
    added: dt.date | None = None,
) -> Entry:
    url = f"https://arxiv.org/abs/{arxiv}" if arxiv else None
    return Entry(title=title, arxiv=arxiv, url=url, venue=venue, year=year, added=added,
                 sections=("owls",))  # fmt: skip


def read_feed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314  # written a moment ago


def read_bibtex(text: str) -> list[BibtexEntry]:
    library = parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert not library.failed_blocks
    return library.entries


def read_ris(text: str) -> list[list[tuple[str, str]]]:
    records: list[list[tuple[str, str]]] = []
    for line in filter(None, text.split("\n")):
        tag, _, value = line.partition("  - ")
        assert len(tag) == 2
        if tag == "TY":
            records.append([])
        records[-1].append((tag, value))
    return records


def assert_survives(catalog: Catalog) -> None:
    """Check that titles, authors, years and ids are those of the papers, in all formats."""
    papers = cited_papers(catalog, catalog.entries)
    bibtex, ris = read_bibtex(write_bibtex(papers)), read_ris(write_ris(papers))
    csl = json.loads(write_csl(papers))
    assert len(bibtex) == len(ris) == len(csl) == len(papers)
    for paper, written, record, item in zip(papers, bibtex, ris, csl, strict=True):
        fields = {field.key: field.value for field in written.fields}
        assert written.key == paper.key == dict(record)["ID"] == item["id"]
        assert _read(fields["title"]) == _read(paper.title)
        assert dict(record)["TI"] == item["title"] == paper.title
        assert fields.get("year") == (str(paper.year) if paper.year else None)
        assert fields.get("eprint") == paper.arxiv
        venue = fields.get("booktitle", fields.get("journal", ""))
        assert _read(venue) == _read(paper.venue or "")
        authors = [value for tag, value in record if tag == "AU"]
        assert len(authors) == len(paper.authors) == len(item.get("author", ()))
        assert ("author" in fields) is bool(paper.authors)


def _read(text: str) -> str:
    """Text without what the test's reader changes: it takes `\\textasciicircum` for an accent."""
    return text.replace("\u02c6", "^")


def test_all_entries_of_the_list_survive_writing_and_reading_back(catalog: Catalog) -> None:
    assert_survives(catalog)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_titles_and_names_survive_writing_and_reading_back(text: str) -> None:
    facts = PaperFacts(authors=(text, f"{text} and Others", "Ada Example"))
    listed = listing((entry(text, "2401.00001", venue=text, year=2024), facts))
    assert_survives(listed)
    (written,) = read_bibtex(write_bibtex(cited_papers(listed, listed.entries)))
    assert written.entry_type == "inproceedings"
    assert str(written["author"]).endswith(" and Example, Ada")


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4))
def test_any_text_survives_writing_and_reading_back(texts: list[str]) -> None:
    titles = [title for text in texts if (title := one_line(text))]
    pairs = [(entry(title), PaperFacts(authors=(title,))) for title in titles]
    assert_survives(listing(*pairs))


@given(st.text(alphabet="{}\\%&$#_~^'\"`-=@,\n a", max_size=30))
def test_bibtex_braces_are_balanced_also_as_bibtex_counts_them(text: str) -> None:
    """BibTeX knows no escaped brace."""
    paper = CitedPaper(key="k", type=PaperType.PAGE, title=one_line(f"x{text}"), url=text,
                       authors=(AuthorName(one_line(f"x{text}")),))  # fmt: skip
    depth = 0
    for character in write_bibtex([paper]):
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0


def test_what_is_unknown_is_absent() -> None:
    listed = listing((entry("Owls at Night"), PaperFacts()))
    papers = cited_papers(listed, listed.entries)
    assert write_bibtex(papers) == "@misc{owls,\n  title = {Owls at Night},\n}\n"
    assert write_ris(papers) == "TY  - ELEC\nID  - owls\nTI  - Owls at Night\nER  - \n"
    assert set(json.loads(write_csl(papers))[0]) == {"id", "citation-key", "type", "title"}
    assert set(json.loads(write_json(listed))["entries"][0]) == {"key", "title", "sections"}


def test_the_year_of_a_preprint_is_not_that_of_its_venue() -> None:
    listed = listing((entry("Owls", "2301.00001", venue="OSDI"), PaperFacts()))
    (paper,) = cited_papers(listed, listed.entries)
    assert (paper.year, paper.key) == (None, "owls")


def test_more_authors_than_are_known_are_others() -> None:
    facts = PaperFacts(authors=("Ada Example",), more_authors=True)
    listed = listing((entry("Owls", "2301.00001"), facts))
    written = write_bibtex(cited_papers(listed, listed.entries))
    assert "author = {Example, Ada and others}" in written


@pytest.mark.parametrize(
    ("title", "author", "key"),
    [
        ("vLLM: Paged Attention", "Woosuk Kwon", "kwon2023vllm"),
        ("The Art of Owls", "Ludwig van Beethoven", "vanbeethoven2023art"),
        ("A Study of DéjàVu", "Łukasz Müller-Lüdenscheidt", "mullerludenscheidt2023study"),
        ("Owls", None, "owls2023"),
        ("猫头鹰", "李 明", "ming2023mao"),
    ],
)
def test_a_key_is_surname_year_and_name_in_ascii(title: str, author: str | None, key: str) -> None:
    facts = PaperFacts(authors=(author,) if author else (), year=2023)
    (paper,) = cited_papers(listed := listing((entry(title), facts)), listed.entries)
    assert paper.key == key


def test_keys_are_unique_and_an_addition_to_the_list_changes_none() -> None:
    old = [entry(f"Owls: Part {number}", f"2301.{number:05}") for number in range(30)]
    new = entry("Owls: Newest", "2301.00000", added=dt.date(2026, 1, 1))
    before = _keys(old)
    after = _keys([new, *reversed(old)])
    assert len(set(after.values())) == 31
    assert before == {title: key for title, key in after.items() if title != new.title}
    assert {"owls2023", "owls2023a", "owls2023z", "owls2023ab"} <= set(before.values())


def test_a_suffixed_key_is_never_another_papers_own_key() -> None:
    keys = _keys([entry("Owl: X"), entry("Owl: Y"), entry("Owla: Z")])
    assert len(set(keys.values())) == 3
    assert keys["Owla: Z"] == "owla"


def _keys(entries: Sequence[Entry]) -> dict[str, str]:
    keys = citation_keys(Catalog(INFO, tuple(entries)))
    return {each.title: keys[id(each)] for each in entries}


@pytest.mark.parametrize(
    ("venue", "arxiv", "dblp", "kind"),
    [
        ("OSDI", "2401.00001", None, PaperType.INPROCEEDINGS),
        ("MICRO", None, None, PaperType.INPROCEEDINGS),
        ("ICML ES-FoMo Workshop", None, None, PaperType.INPROCEEDINGS),
        ("JMLR", None, None, PaperType.ARTICLE),
        ("IEEE Transactions on Computers", None, None, PaperType.ARTICLE),
        ("VLDB", None, "journals/pvldb/X24", PaperType.ARTICLE),
        ("OSDI", None, "journals/corr/abs-2401", PaperType.INPROCEEDINGS),
        (None, "2401.00001", "journals/corr/abs-2401", PaperType.PREPRINT),
        (None, None, None, PaperType.PAGE),
    ],
)
def test_the_type_follows_from_dblp_venue_and_arxiv(
    venue: str | None, arxiv: str | None, dblp: str | None, kind: PaperType
) -> None:
    assert paper_type(venue, arxiv, dblp) is kind


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Woosuk Kwon", AuthorName("Kwon", "Woosuk")),
        ("Felix Xiaozhu Lin", AuthorName("Lin", "Felix Xiaozhu")),
        ("Ludwig van Beethoven", AuthorName("van Beethoven", "Ludwig")),
        ("Joe de la Cruz Jr.", AuthorName("de la Cruz", "Joe", "Jr.")),
        ("DeepSeek-AI", AuthorName("DeepSeek-AI")),
        ("Science and Industry Group", AuthorName("Science and Industry Group")),
        ("Acme, Inc.", AuthorName("Acme, Inc.")),
    ],
)
def test_a_name_is_parted_only_where_its_parts_are_clear(name: str, person: AuthorName) -> None:
    assert read_author_name(name) == person
    assert person.name == name


def test_the_feed_is_valid_atom_with_stable_ids(catalog: Catalog) -> None:
    """As RFC 4287 requires: ids, titles and dates once each, authors, the latest first."""
    text = write_atom(catalog)
    feed = read_feed(text)
    items = feed.findall(f"{ATOM}entry")
    assert len(items) == len(catalog.entries)
    ids = [_texts(item, "id")[0] for item in [feed, *items]]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("urn:uuid:") for each in ids)
    for item in [feed, *items]:
        assert all(len(_texts(item, tag)) == 1 for tag in ("id", "title", "updated"))
        dt.datetime.fromisoformat(_texts(item, "updated")[0])
    days = [_texts(item, "updated")[0] for item in items]
    assert all(first >= second for first, second in pairwise(days))
    turned = read_feed(write_atom(replace(catalog, entries=catalog.entries[::-1])))
    again = {_texts(item, "id")[0] for item in turned.findall(f"{ATOM}entry")}
    assert again == set(ids[1:])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_survive_in_the_feed(text: str) -> None:
    facts = PaperFacts(authors=(text,))
    feed = read_feed(write_atom(listing((entry(text, "2401.00001", venue=text), facts))))
    assert list(_all_texts(feed, "entry", "title")) == [one_line(text)]
    assert list(_all_texts(feed, "entry", "author", "name")) == [one_line(text)]


def _texts(item: ET.Element, tag: str) -> list[str]:
    return [child.text or "" for child in item.findall(f"{ATOM}{tag}")]


def _all_texts(feed: ET.Element, *path: str) -> Iterator[str]:
    for element in feed.findall("/".join(f"{ATOM}{tag}" for tag in path)):
        yield element.text or ""


def test_the_json_has_all_entries_with_their_facts(catalog: Catalog) -> None:
    listed = json.loads(write_json(catalog))["entries"]
    assert [each["title"] for each in listed] == [each.title for each in catalog.entries]
    by_key = {each["key"]: each for each in listed}
    assert by_key["dao2022flashattention"]["authors"][0] == "Tri Dao"
