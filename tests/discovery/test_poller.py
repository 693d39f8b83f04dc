"""Laws of a poll: a verdict for every category, no day lost, no paper twice."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.poller import PollOutcome, describe_listed, poll_sources
from bot.discovery.rate_limit import RateLimit
from bot.discovery.service import no_progress
from bot.discovery.sources.arxiv.source import EVERY, ArxivAddresses, ArxivSource
from bot.discovery.sources.base import SourceError
from bot.discovery.store import PaperStore
from bot.http import HttpClient
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import FeedPaper

MONDAY = dt.date(2025, 9, 15)
CATEGORIES = ("cs.DC", "cs.LG", "cs.AI", "cs.OS")


def noon(day: dt.date) -> dt.datetime:
    """Noon in New York, well after the announcement."""
    return dt.datetime.combine(day, dt.time(16), dt.UTC)


def later(days: int) -> dt.date:
    return MONDAY + dt.timedelta(days=days)


def made(number: int, *categories: str) -> FeedPaper:
    return FeedPaper(
        id=f"2509.{number:05}",
        title=f"Garden {number} and its Rain",
        categories=categories or ("cs.DC",),
    )


@dataclass
class Setting:
    arxiv: ArXiv
    store: PaperStore
    source: Callable[[int], ArxivSource]
    """By how many days a first poll looks back."""
    limit: RateLimit

    def poll(self, day: dt.date, lookback: int = 0) -> PollOutcome:
        return poll_sources(self.store, [self.source(lookback)], noon(day), no_progress)

    def describe(self, ids: list[str]) -> None:
        outcome = PollOutcome(noon(MONDAY))
        keys = [f"arxiv:{arxiv}" for arxiv in ids]
        describe_listed(self.store, [self.source(0)], keys, noon(MONDAY), outcome, no_progress)
        assert outcome.trouble == []

    def verdicts(self, report: PollOutcome) -> dict[str, str]:
        return {check.feed: check.verdict for check in report.checks}

    def seen(self) -> list[str]:
        return sorted(paper.arxiv or "" for paper in self.store.background())


@pytest.fixture
def setting(httpserver: HTTPServer, database: Database) -> Setting:
    store = PaperStore(database)
    limit = RateLimit(database, lambda: noon(MONDAY), lambda _: None, name="arxiv", every=EVERY)
    rss, api = httpserver.url_for("/rss"), httpserver.url_for("/api/query")

    def http() -> HttpClient:
        return HttpClient(
            agent="tests", clock=time.monotonic, now=lambda: noon(MONDAY), wait=limit.wait
        )

    def source(lookback: int) -> ArxivSource:
        return ArxivSource(ArxivAddresses(rss, api, lookback), lambda: CATEGORIES, http, limit)

    return Setting(ArXiv(httpserver), store, source, limit)


def test_new_papers_are_stored_once_and_the_next_poll_transfers_no_body(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1), made(2, "cs.LG"), made(3, "cs.AI", "cs.OS"))
    report = setting.poll(MONDAY)
    assert report.new == 3
    assert setting.verdicts(report) == dict.fromkeys(CATEGORIES, "fresh")
    again = setting.poll(MONDAY)
    assert again.new == 0
    assert setting.verdicts(again) == dict.fromkeys(CATEGORIES, "quiet")
    assert setting.seen() == ["2509.00001", "2509.00002", "2509.00003"]


def test_a_paper_of_two_feeds_is_one_paper_and_both_categories_are_fresh(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI", "cs.LG"))
    report = setting.poll(MONDAY)
    assert report.new == 1
    assert setting.verdicts(report)["cs.AI"] == setting.verdicts(report)["cs.LG"] == "fresh"


def test_a_failed_feed_affects_no_other_and_has_its_reason(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI"), made(2, "cs.DC"))
    setting.arxiv.broken["cs.AI"] = Response("<html>down</html>", status=503)
    report = setting.poll(MONDAY)
    verdicts = setting.verdicts(report)
    assert verdicts["cs.AI"] == "failed"
    assert verdicts["cs.DC"] == "fresh"
    assert any("503" in check.reason for check in report.checks if check.verdict == "failed")
    assert setting.seen() == ["2509.00002"]


def test_a_day_that_failed_is_filled_from_the_api_on_the_next(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI"), made(2))
    setting.poll(MONDAY)
    setting.arxiv.announce(later(1), made(3, "cs.AI"), made(4))
    setting.arxiv.broken["/rss/cs.AI"] = Response(status=500)
    setting.poll(later(1))
    assert "2509.00003" not in setting.seen()
    setting.arxiv.broken.clear()
    setting.arxiv.announce(later(2), made(5, "cs.AI"), made(6))
    report = setting.poll(later(2))
    assert "2509.00003" in setting.seen()
    assert report.caught_up == 1
    assert len(setting.seen()) == 6


def test_after_a_fortnight_of_downtime_no_announcement_day_is_lost(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1))
    setting.poll(MONDAY)
    number = 1
    for day in range(1, 15):
        if later(day).weekday() < 5:
            setting.arxiv.announce(
                later(day), made(number := number + 1), made(number := number + 1, "cs.LG")
            )
    setting.poll(later(14))
    assert setting.seen() == [f"2509.{n:05}" for n in range(1, number + 1)]
    days = {
        waiting.paper.arxiv: waiting.day
        for waiting in CandidateStore(setting.store.database).waiting(MONDAY)
    }
    assert days["2509.00002"] == later(1)
    before = len(setting.arxiv.requests)
    setting.poll(later(14))
    assert not any("api" in path for path in setting.arxiv.requests[before:]), "asked again"


def test_an_interrupted_catch_up_is_reported_and_continues_at_the_next_poll(
    setting: Setting,
) -> None:
    setting.arxiv.announce(MONDAY, made(1))
    setting.poll(MONDAY)
    setting.arxiv.announce(later(1), made(2))
    setting.arxiv.announce(later(2), made(3))
    setting.arxiv.broken["/api/query"] = Response("<html>busy</html>", status=200)
    report = setting.poll(later(2))
    assert any("cut short" in trouble for trouble in report.trouble)
    setting.arxiv.broken.clear()
    assert setting.poll(later(2)).caught_up == 1
    assert setting.seen() == ["2509.00001", "2509.00002", "2509.00003"]


def test_a_first_poll_looks_back_by_the_configured_days(setting: Setting) -> None:
    for day in range(5):
        setting.arxiv.announce(later(day), made(day + 1))
    setting.poll(later(4), lookback=3)
    assert setting.seen() == ["2509.00002", "2509.00003", "2509.00004", "2509.00005"]


def test_a_replacement_is_no_new_paper(setting: Setting) -> None:
    """It does not make a category fresh either."""
    setting.arxiv.announce(MONDAY, made(1), made(9))
    setting.poll(MONDAY)
    revised = [replace(made(n), kind="replace", version=2) for n in (1, 7)]
    setting.arxiv.announce(later(1), *revised)
    report = setting.poll(later(1))
    assert report.new == 0
    assert setting.verdicts(report)["cs.DC"] != "fresh"
    assert setting.seen() == ["2509.00001", "2509.00009"]


def test_a_weekday_without_anything_new_is_stalled_where_papers_are_usual(
    setting: Setting,
) -> None:
    """Ids decide, not dates: a feed can repeat yesterday's papers with today's date."""
    setting.arxiv.announce(MONDAY, *(made(n) for n in range(1, 9)))
    setting.poll(MONDAY)
    report = setting.poll(later(1))
    verdicts = setting.verdicts(report)
    assert verdicts["cs.DC"] == "stalled"
    reasons = {check.feed: check.reason for check in report.checks}
    assert "8 a day are usual" in reasons["cs.DC"]
    assert setting.verdicts(setting.poll(later(5)))["cs.DC"] == "quiet", "a Saturday"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # thousands of papers, 7 s
def test_a_feed_near_the_cap_is_requested_again_by_category(setting: Setting) -> None:
    """A feed puts replacements first, so the cap cuts off new papers."""
    many = [made(n, "cs.LG", "cs.OS") for n in range(1, 1950)]
    setting.arxiv.announce(MONDAY, *many)
    setting.poll(MONDAY)
    singles = [path for path in setting.arxiv.requests if path in {"/rss/cs.LG", "/rss/cs.OS"}]
    assert len(singles) == 2


def test_a_poll_waits_for_a_short_retry_after_and_not_for_a_long_one(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI"))
    setting.arxiv.broken["/rss/cs.AI"] = Response(status=429, headers={"Retry-After": "5"})
    setting.poll(MONDAY)
    assert setting.arxiv.requests.count("/rss/cs.AI") == 2
    setting.arxiv.broken["/rss/cs.AI"] = Response(status=429, headers={"Retry-After": "900"})
    setting.poll(MONDAY)
    assert setting.arxiv.requests.count("/rss/cs.AI") == 3


def test_a_long_retry_after_ends_the_poll_and_is_honoured_by_the_next_ones(
    setting: Setting,
) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI"))
    setting.arxiv.broken["/rss/"] = Response(status=429, headers={"Retry-After": "3600"})
    outcome = setting.poll(MONDAY)
    asked = len(setting.arxiv.requests)
    assert asked == 1
    assert {"asked to wait until" in check.reason.lower() for check in outcome.checks} == {True}, (
        outcome
    )
    setting.poll(MONDAY)
    with pytest.raises(SourceError, match="asked to wait until"):
        list(setting.source(0).look_up(["arxiv:2509.00001"], no_progress))
    assert len(setting.arxiv.requests) == asked
    next_poll = setting.source(0).next_poll(setting.store.history("arXiv"), noon(MONDAY))
    assert next_poll >= noon(MONDAY) + dt.timedelta(hours=1)


def test_the_second_retry_after_of_a_request_is_honoured_too(setting: Setting) -> None:
    setting.arxiv.announce(MONDAY, made(1, "cs.AI"))
    setting.arxiv.broken["/rss/cs.AI"] = Response(status=429, headers={"Retry-After": "50"})
    setting.poll(MONDAY)
    assert setting.arxiv.requests.count("/rss/cs.AI") == 2
    assert setting.limit.held_until() == noon(MONDAY) + dt.timedelta(seconds=50)


def test_listed_papers_are_looked_up_once_in_hundreds(setting: Setting) -> None:
    setting.arxiv.listed = tuple(made(n) for n in range(1, 251))
    ids = [f"2509.{n:05}" for n in range(1, 254)]
    setting.describe(ids)
    assert sum(key.startswith("arxiv:") for key in setting.store.listed_papers()) == 250
    assert len(setting.arxiv.requests) == 3
    setting.describe(ids)
    assert len(setting.arxiv.requests) == 3, "unknown ids are not asked for again"
