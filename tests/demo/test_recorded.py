"""Laws of the recorded arXiv: what polls read of arXiv itself they read of it."""

import datetime as dt

import pytest

from bot.demo.recorded import atom, recorded, rss, samples
from bot.discovery.sources.arxiv.api import parse_page
from bot.discovery.sources.arxiv.rss import parse_feed
from tests.test_http import a_client

NOW = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)


def test_a_feed_holds_the_papers_of_its_categories() -> None:
    feed = parse_feed(rss(samples(), ["cs.DC"], NOW))
    wanted = {paper.arxiv for paper in samples() if "cs.DC" in paper.categories}
    assert {item.paper.arxiv for item in feed.items} == wanted
    assert not feed.faults


def test_the_api_tells_of_a_paper_what_is_known() -> None:
    one = samples()[0]
    (found,) = parse_page(atom([one], NOW)).papers
    assert (found.paper.title, found.paper.authors) == (one.title, one.authors)
    assert parse_page(atom([], NOW)).total == 0, "an id that nobody knows is no error"


@pytest.mark.parametrize("path", ["rss/cs.DC+cs.LG", "api?id_list=2510.11938"])
def test_it_is_served_on_loopback(path: str) -> None:
    with recorded(NOW) as base, a_client() as http:
        fetched = http.fetch(f"{base}/{path}")
    assert b"FlexPipe" in getattr(fetched, "body", b"")
