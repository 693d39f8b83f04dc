"""Laws of freshness for each hour of a year: unseen ids decide, dates say what to expect."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.discovery.sources.arxiv.calendar import (
    EASTERN,
    GRACE_HOURS,
    FeedHistory,
    FeedObservation,
    Verdict,
    holidays,
    judge,
    missed_days,
    no_announcement,
    submitted_between,
)
from bot.discovery.sources.base import TROUBLE

YEARS = range(2020, 2031)
EMPTY, SEEN, UNSEEN = (
    FeedObservation(),
    FeedObservation(items=40),
    FeedObservation(items=40, unseen=12),
)
BUSY = FeedHistory(mean=16.0)
YEAR_START = datetime(2025, 1, 1, tzinfo=UTC)
HOURS = [YEAR_START + timedelta(hours=hour) for hour in range(365 * 24)]


def eastern(day: str, hour: int = 12, minute: int = 0) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, minute=minute, tzinfo=EASTERN)


moments = st.datetimes(
    datetime(2020, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)  # noqa: DTZ001
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(moments, st.integers(1, 5000), st.none() | moments)
def test_unseen_ids_are_fresh_whatever_the_dates_say(
    now: datetime, unseen: int, last: datetime | None
) -> None:
    assert (
        judge(now, FeedObservation(unseen=unseen, items=unseen), FeedHistory(last_fresh=last)).name
        == "fresh"
    )


def test_every_hour_of_a_year_without_a_new_paper() -> None:
    """Includes both changes of daylight saving time: local time in New York decides."""
    counted = dict.fromkeys(("quiet", "waiting", "stalled"), 0)
    for now in HOURS:
        local = now.astimezone(EASTERN)
        name = judge(now, EMPTY, BUSY).name
        assert name == judge(now, SEEN, BUSY).name
        if no_announcement(local.date()):
            assert name == "quiet"
        else:
            assert name == ("waiting" if local.hour < GRACE_HOURS else "stalled")
        counted[name] += 1
    # 261 weekdays, of which 11 are holidays: 250 announcement days of eight and sixteen hours.
    assert counted == {"waiting": 250 * 8, "stalled": 250 * 16, "quiet": 365 * 24 - 250 * 24}


def test_every_hour_of_a_year_with_papers_on_each_announcement_day() -> None:
    """Hourly polls, announcements at 1:00: fresh once a day, never stalled, no day missed."""
    last: datetime | None = None
    fresh = 0
    for now in HOURS:
        local = now.astimezone(EASTERN)
        comes = local.hour == 1 and not no_announcement(local.date())
        taken_today = last is not None and last.astimezone(EASTERN).date() == local.date()
        verdict = judge(now, UNSEEN if comes and not taken_today else SEEN,
                        FeedHistory(last_fresh=last, mean=16.0))  # fmt: skip
        assert verdict.name not in TROUBLE
        assert missed_days(last, now) == ()
        if verdict.name == "fresh":
            last, fresh = now, fresh + 1
    assert fresh == 250


@pytest.mark.parametrize(
    ("now", "poll", "history", "verdict"),
    [
        (eastern("2025-09-17"), UNSEEN, BUSY, Verdict("fresh", "12 new papers came.")),
        (eastern("2025-09-17"), FeedObservation(unseen=1), BUSY,
         Verdict("fresh", "1 new paper came.")),
        (eastern("2025-09-20"), UNSEEN, BUSY, Verdict("fresh", "12 new papers came.")),
        (eastern("2025-12-25"), UNSEEN, BUSY, Verdict("fresh", "12 new papers came.")),
        (eastern("2025-09-21"), SEEN, BUSY,
         Verdict("quiet", "arXiv announces nothing today: it is Sunday.")),
        (eastern("2025-12-25"), EMPTY, BUSY,
         Verdict("quiet", "arXiv announces nothing today: it is Christmas Day.")),
        (eastern("2025-09-17", 7, 59), SEEN, BUSY,
         Verdict("waiting", "Today’s batch may come until 08:00 Eastern.")),
        (eastern("2025-09-17", 8), SEEN,
         FeedHistory(mean=16.4, last_fresh=eastern("2025-09-16", 1)),
         Verdict("stalled", "No new paper since Tue 16 Sep, though about 16 a day are usual: "
                            "the feed holds 40 items, none of them new.")),
        (eastern("2025-09-17", 8), EMPTY, BUSY,
         Verdict("stalled", "No new paper, though about 16 a day are usual: the feed is empty.")),
        (eastern("2025-09-17", 8), EMPTY, FeedHistory(mean=3.0),
         Verdict("stalled", "No new paper, though about 3 a day are usual: the feed is empty.")),
        (eastern("2025-09-17", 8), EMPTY, FeedHistory(mean=2.9),
         Verdict("quiet", "Nothing new, as on many days: 2.9 are usual.")),
        (eastern("2025-09-17", 8), EMPTY, FeedHistory(),
         Verdict("quiet", "Nothing new; how much is usual is not known yet (the feed is empty).")),
        (eastern("2025-09-17", 15), SEEN,
         FeedHistory(mean=9, last_fresh=eastern("2025-09-17", 0, 12)),
         Verdict("quiet", "Today’s batch was taken at 00:12 Eastern.")),
        (eastern("2025-09-17", 1), SEEN,
         FeedHistory(mean=9, last_fresh=eastern("2025-09-17", 0, 12)),
         Verdict("quiet", "Today’s batch was taken at 00:12 Eastern.")),
        (eastern("2025-09-20"), FeedObservation(failure="HTTP 503"), BUSY,
         Verdict("failed", "HTTP 503.")),
        (eastern("2025-09-17"), FeedObservation(
            failure="truncated after 5 items", unseen=5, items=5
         ), BUSY,
         Verdict("failed", "Truncated after 5 items. 5 new papers could be read all the same.")),
    ],
)  # fmt: skip
def test_a_verdict_and_its_reason(
    now: datetime, poll: FeedObservation, history: FeedHistory, verdict: Verdict
) -> None:
    assert judge(now, poll, history) == verdict
    assert judge(now.astimezone(UTC), poll, history) == verdict


@pytest.mark.parametrize("day", ["2025-03-09", "2025-11-02"])
def test_the_day_after_a_clock_change_has_the_usual_announcement_hours(day: str) -> None:
    monday = (eastern(day) + timedelta(days=1)).date().isoformat()
    assert judge(eastern(day, 1, 30), EMPTY, BUSY).name == "quiet"
    assert judge(eastern(monday, GRACE_HOURS - 1, 59), EMPTY, BUSY).name == "waiting"
    assert judge(eastern(monday, GRACE_HOURS), EMPTY, BUSY).name == "stalled"


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2025-01-01", "New Year’s Day"),
        ("2025-01-20", "Martin Luther King Day"),
        ("2025-05-26", "Memorial Day"),
        ("2027-05-31", "Memorial Day"),
        ("2025-06-19", "Juneteenth"),
        ("2027-06-18", "Juneteenth, observed"),
        ("2025-07-04", "Independence Day"),
        ("2026-07-03", "Independence Day, observed"),
        ("2027-07-05", "Independence Day, observed"),
        ("2025-09-01", "Labor Day"),
        ("2025-11-27", "Thanksgiving"),
        ("2025-11-28", "the day after Thanksgiving"),
        ("2025-12-24", "Christmas Eve"),
        ("2025-12-25", "Christmas Day"),
        ("2022-12-26", "Christmas Day, observed"),
        ("2025-12-31", "New Year’s Eve"),
    ],
)
def test_holidays_have_no_announcement(day: str, name: str) -> None:
    when = date.fromisoformat(day)
    assert holidays(when.year)[when] == name
    assert no_announcement(when) == f"it is {name}"


@pytest.mark.parametrize("year", YEARS)
def test_every_year_has_around_two_hundred_and_fifty_announcement_days(year: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=number) for number in range(365))
    assert 248 <= sum(no_announcement(day) is None for day in days) <= 252


@pytest.mark.parametrize(
    ("last", "now", "missed"),
    [
        (None, eastern("2025-09-17"), []),
        (eastern("2025-09-17", 1), eastern("2025-09-17"), []),
        (eastern("2025-09-16", 1), eastern("2025-09-17", 7), []),
        (eastern("2025-09-16", 1), eastern("2025-09-17", 8), ["2025-09-17"]),
        (eastern("2025-09-11", 1), eastern("2025-09-16", 1), ["2025-09-12", "2025-09-15"]),
        (eastern("2025-09-12", 1), eastern("2025-09-14", 23), []),
        (eastern("2025-11-26", 1), eastern("2025-12-01", 7), []),
        (eastern("2025-11-26", 1), eastern("2025-12-01", 8), ["2025-12-01"]),
        (eastern("2025-09-18"), eastern("2025-09-17"), []),
        (eastern("2025-10-31", 23, 59), eastern("2025-11-03", 9), ["2025-11-03"]),
    ],
)
def test_missed_announcement_days_are_listed(
    last: datetime | None, now: datetime, missed: list[str]
) -> None:
    assert [day.isoformat() for day in missed_days(last, now)] == missed


def test_missed_days_are_limited_to_a_year() -> None:
    assert len(missed_days(eastern("2024-09-17"), eastern("2025-09-17"))) == 250
    assert len(missed_days(eastern("1999-09-17"), eastern("2025-09-17"))) < 260


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2025-09-16", "2025-09-16", ("2025-09-12", "2025-09-15")),  # Tuesday
        ("2025-09-15", "2025-09-15", ("2025-09-11", "2025-09-12")),  # Monday
        ("2025-09-17", "2025-09-19", ("2025-09-15", "2025-09-18")),
        ("2025-12-01", "2025-12-01", ("2025-11-25", "2025-11-26")),  # after Thanksgiving
    ],
)
def test_the_submission_window_of_an_announcement_day(
    first: str, last: str, expected: tuple[str, str]
) -> None:
    found = submitted_between(date.fromisoformat(first), date.fromisoformat(last))
    assert tuple(day.isoformat() for day in found) == expected
