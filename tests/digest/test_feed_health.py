"""The sentence on the feeds distinguishes fresh, quiet, failed, stalled and not asked."""

import datetime as dt

import pytest

from bot.digest.feed_health import FeedChecks, FeedHealth, feed_health
from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.arxiv.calendar import EASTERN

BOTH = ("cs.DC", "cs.LG")


def eastern(day: int, hour: int = 3) -> dt.datetime:
    """A moment of November 2026; the 16th is a Monday, the 26th Thanksgiving."""
    return dt.datetime(2026, 11, day, hour, tzinfo=EASTERN)


MONDAY, NEXT = eastern(16), eastern(23)
Plan = dict[int, tuple[str, ...] | str]


def feeds(plan: Plan, taken: dict[str, list[int]] | None = None, since: int = 1) -> FeedChecks:
    """Checks with, for each day, a verdict for both categories or one for each."""
    checks = []
    for day, verdicts in plan.items():
        both = (verdicts, verdicts) if isinstance(verdicts, str) else verdicts
        for category, verdict in zip(BOTH, both, strict=True):
            if verdict:
                check = FeedCheck("arXiv", category, verdict, "HTTP 503.", 1, eastern(day).date())
                checks.append((eastern(day, 6), check))
    days = {c: frozenset(eastern(d).date() for d in (taken or {}).get(c, [])) for c in BOTH}
    return FeedChecks(checks, days, eastern(since))


FRESH: Plan = dict.fromkeys((16, 17, 18, 19, 20), "fresh")


@pytest.mark.parametrize(
    ("checks", "sentence", "is_trouble"),
    [
        (feeds(FRESH), "arXiv: fresh every weekday.", False),
        (feeds(FRESH | {18: ("fresh", "quiet")}), "arXiv: fresh every weekday.", False),
        (
            feeds(FRESH | {18: "quiet"}),
            "arXiv: quiet on Wed 18 Nov, fresh on the others.",
            False,
        ),
        (
            feeds(FRESH | {17: ("failed", "fresh")}),
            "arXiv: cs.DC failed on Tue 17 Nov (HTTP 503).",
            True,
        ),
        (
            feeds(FRESH | {17: ("failed", "fresh")}, {"cs.DC": [17]}),
            "arXiv: cs.DC failed on Tue 17 Nov (HTTP 503), made up for since.",
            False,
        ),
        (feeds(FRESH | {17: "stalled"}), "arXiv: brought nothing on Tue 17 Nov.", True),
        (
            feeds(FRESH | {19: ("", "fresh"), 20: "failed"}),
            "arXiv: cs.DC not asked on Thu 19 Nov; failed on Fri 20 Nov (HTTP 503).",
            True,
        ),
        (
            feeds({}),
            "arXiv: not asked on Mon 16 Nov, Tue 17 Nov, Wed 18 Nov and 2 more.",
            True,
        ),
        (feeds({19: "fresh", 20: "fresh"}, since=19), "arXiv: fresh every weekday.", False),
        (FeedChecks(), "arXiv: not asked yet.", False),
    ],
)
def test_the_sentence_names_the_faults_and_their_days(
    checks: FeedChecks,
    sentence: str,
    is_trouble: bool,  # noqa: FBT001  # pytest gives it by name
) -> None:
    assert feed_health(checks, MONDAY, NEXT) == FeedHealth(sentence, is_trouble)


def test_a_failure_before_a_good_check_of_the_day_is_no_fault() -> None:
    failed = feeds({16: "failed"})
    late = (eastern(16, 7), FeedCheck("arXiv", "cs.DC", "fresh", "", 3, MONDAY.date()))
    other = (eastern(16, 7), FeedCheck("arXiv", "cs.LG", "fresh", "", 3, MONDAY.date()))
    made_good = FeedChecks([*failed.checks, late, other], failed.taken, failed.watched_since)
    assert feed_health(made_good, MONDAY, eastern(17)).sentence == "arXiv: fresh."


def test_weekends_and_holidays_are_no_fault() -> None:
    assert feed_health(feeds({}), eastern(20, 9), eastern(22)).sentence == (
        "arXiv: no announcement was due."
    )
    assert feed_health(feeds({}), eastern(26), eastern(27)).sentence == (
        "arXiv: no announcement was due."
    )


def test_each_day_belongs_to_one_period() -> None:
    """At nine in Berlin the day's batch is not complete, so the day is in the next period."""
    week = feeds({16: "fresh", 17: "failed", 18: "fresh"})
    trouble = [
        feed_health(week, eastern(day), eastern(day + 1)).is_trouble for day in (15, 16, 17, 18)
    ]
    assert trouble == [False, False, True, False]
