"""Laws of a poll of each document of the corpus: the right verdict, and no good paper lost."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from bot.discovery.sources.arxiv.calendar import FeedHistory, FeedObservation, Verdict, judge
from bot.discovery.sources.arxiv.rss import Feed, parse_feed
from bot.discovery.sources.feed_document import FeedError
from bot.http import Fetched, FetchError, HttpClient
from tests.discovery.corpus import CASES, Case

HISTORY = FeedHistory(last_fresh=datetime(2025, 9, 16, 5, tzinfo=UTC), mean=16.0)
SLOWEST = 10.0  # seconds; 2,000 items take about two


@pytest.fixture(scope="module")
def http() -> Iterator[HttpClient]:
    """One client for all cases: a fault of one server must not affect the next fetch."""
    clock, now = time.monotonic, lambda: datetime(2025, 9, 17, 16, tzinfo=UTC)
    with HttpClient(agent="tests", clock=clock, now=now) as client:
        yield client


def poll(case: Case, server: HTTPServer, http: HttpClient) -> tuple[Verdict, Feed | None]:
    """Poll one category without any history."""
    server.expect_request("/rss/cs.DC").respond_with_data(case.body, case.status, case.headers)
    feed = None
    try:
        fetched = http.fetch(server.url_for("/rss/cs.DC"))
        assert isinstance(fetched, Fetched)
        feed = parse_feed(fetched.body)
    except (FetchError, FeedError) as error:
        outcome = FeedObservation(failure=error.reason)
    else:
        fresh = [item for item in feed.items if item.kind in {"new", "cross"}]
        failure = f"truncated after {len(feed.items)} items" if feed.truncated else None
        outcome = FeedObservation(unseen=len(fresh), items=len(feed.items), failure=failure)
    return judge(case.now, outcome, HISTORY), feed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_document_gets_its_verdict_and_keeps_its_papers(
    case: Case, httpserver: HTTPServer, http: HttpClient
) -> None:
    started = time.monotonic()
    verdict, feed = poll(case, httpserver, http)
    assert verdict.name == case.verdict, verdict
    assert case.reason.lower() in verdict.reason.lower()
    found = tuple(item.paper.arxiv for item in feed.items) if feed else ()
    assert found == case.ids
    if feed:
        assert len(feed.faults) == case.faults, feed.faults
        assert feed.truncated == case.truncated
    assert time.monotonic() - started < SLOWEST


def test_the_corpus_has_at_least_a_hundred_cases_with_different_names() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
