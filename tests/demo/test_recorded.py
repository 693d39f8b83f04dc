"""The recorded arXiv: the parsers of arXiv's feeds and API read it."""

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


def test_the_api_answers_with_title_and_authors() -> None:
    sample = samples()[0]
    (answer,) = parse_page(atom([sample], NOW)).papers
    assert (answer.paper.title, answer.paper.authors) == (sample.title, sample.authors)
    assert parse_page(atom([], NOW)).total == 0, "an unknown id is no error"


@pytest.mark.parametrize("path", ["rss/cs.DC+cs.LG", "api?id_list=2510.11938"])
def test_feeds_and_api_are_served_on_loopback(path: str) -> None:
    with recorded(NOW) as base, a_client() as http:
        fetched = http.fetch(f"{base}/{path}")
    assert b"FlexPipe" in getattr(fetched, "body", b"")
