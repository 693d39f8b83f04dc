"""Laws of the arXiv API: requests are bounded, and responses are parsed or refused."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.discovery.sources.arxiv.api import id_list_url, parse_page, window_url
from bot.discovery.sources.feed_document import FeedError
from tests.discovery.corpus import BILLION_LAUGHS, HTML, rss

BASE = "https://export.arxiv.org/api/query"
HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"\
 xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
  <id>https://arxiv.org/api/made-up</id>
  <title>arXiv Query: search_query=&amp;id_list=2509.00001&amp;start=0&amp;max_results=100</title>
  <updated>2025-09-17T16:00:00Z</updated>
  <opensearch:itemsPerPage>100</opensearch:itemsPerPage>
  <opensearch:totalResults>321</opensearch:totalResults>
  <opensearch:startIndex>200</opensearch:startIndex>
"""
ENTRY = """  <entry>
    <id>http://arxiv.org/abs/{id}</id>
    <title>{title}</title>
    <updated>2025-09-16T08:00:00Z</updated>
    <link href="https://arxiv.org/abs/{id}" rel="alternate" type="text/html"/>
    <link href="https://arxiv.org/pdf/{id}" rel="related" type="application/pdf" title="pdf"/>
    <summary>  We water
  flowers.</summary>
    <category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/>
    <category term="68T07" scheme="http://arxiv.org/schemas/atom"/>
    <category term="cs.DC" scheme="http://arxiv.org/schemas/atom"/>
    <published>2025-09-01T08:00:00Z</published>
    <arxiv:comment>Accepted at Gardens&#39; 25</arxiv:comment>
    <arxiv:primary_category term="cs.DC"/>
    <arxiv:journal_ref>Proc. Gardens 2025</arxiv:journal_ref>
    <author><name>Ada Lark</name><arxiv:affiliation>Nest, Tree</arxiv:affiliation></author>
    <author><name>Bo Wren, Jr.</name></author>
    <arxiv:doi>10.1145/1.2</arxiv:doi>
  </entry>
"""
ERROR = """  <entry>
    <id>https://arxiv.org/api/errors#incorrect_id_format_for_abc</id>
    <title>Error</title>
    <summary>incorrect id format for abc</summary>
  </entry>
"""
TAIL = "</feed>\n"


def answer(*entries: str) -> bytes:
    return f"{HEAD}{''.join(entries)}{TAIL}".encode()


def entry(arxiv: str = "2509.00001v2", title: str = "Paged\n  Gardens") -> str:
    return ENTRY.format(id=arxiv, title=title)


def test_a_paper_is_parsed_with_its_dates_and_metadata() -> None:
    read = parse_page(answer(entry()))
    assert (read.total, read.start, read.faults) == (321, 200, ())
    (found,) = read.papers
    assert (found.version, found.published) == (2, datetime(2025, 9, 1, 8, tzinfo=UTC))
    paper = found.paper
    assert (paper.arxiv, paper.title, paper.abstract) == (
        "2509.00001",
        "Paged Gardens",
        "We water flowers.",
    )
    assert paper.authors == ("Ada Lark", "Bo Wren, Jr.")
    assert paper.categories == ("cs.DC", "cs.LG")
    assert (paper.doi, paper.journal_ref) == ("10.1145/1.2", "Proc. Gardens 2025")
    assert paper.comment == "Accepted at Gardens' 25"


def test_old_ids_are_parsed_and_a_bad_entry_is_skipped_alone() -> None:
    read = parse_page(answer(entry("cs/0112017v1"), entry("nonsense"), entry(title=" "), entry()))
    assert [found.paper.arxiv for found in read.papers] == ["cs/0112017", "2509.00001"]
    assert len(read.faults) == 2


def test_an_empty_result_is_valid() -> None:
    assert parse_page(answer()).papers == ()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (answer(ERROR), "arXiv’s API says: incorrect id format for abc"),
        (answer(ERROR.replace("<summary>incorrect id format for abc</summary>", "")), "no reason"),
        (HTML, "an HTML page"),
        (b"", "an empty answer"),
        (rss(), "an RSS feed"),
        (BILLION_LAUGHS, "document type"),
    ],
    ids=["error", "error without words", "html", "empty", "rss", "bomb"],
)
def test_an_invalid_response_is_refused_with_the_reason(body: bytes, words: str) -> None:
    with pytest.raises(FeedError, match=words):
        parse_page(body)


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_truncated_page_is_refused(tenth: int) -> None:
    """Pages are counted by their papers: half a page taken for a whole one would lose the rest."""
    whole = answer(*(entry(f"2509.{number:05}v1") for number in range(1, 6)))
    with pytest.raises(FeedError, match="cut off"):
        parse_page(whole[: len(whole) * tenth // 10])


def test_papers_are_requested_in_hundreds() -> None:
    ids = [f"2509.{number:05}" for number in range(100)]
    asked = parse_qs(urlsplit(id_list_url(BASE, ids)).query)
    assert asked == {"id_list": [",".join(ids)], "max_results": ["100"]}
    assert "cs/0112017" in id_list_url(BASE, ["cs/0112017"])
    for wrong in ([], [*ids, "2509.00100"]):
        with pytest.raises(ValueError, match="1 to 100"):
            id_list_url(BASE, wrong)


def test_a_window_is_requested_oldest_first() -> None:
    url = window_url(f"{BASE}/", ["cs.DC", "cs.LG"], date(2025, 1, 2), date(2025, 1, 3), 200, 100)
    assert url.startswith(f"{BASE}?")
    assert parse_qs(urlsplit(url).query) == {
        "search_query": [
            "(cat:cs.DC OR cat:cs.LG) AND submittedDate:[202501020000 TO 202501032359]"
        ],
        "sortBy": ["submittedDate"],
        "sortOrder": ["ascending"],
        "start": ["200"],
        "max_results": ["100"],
    }
