"""Periods cover every instant once, over restarts, clock changes and summer time."""

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest import periods
from bot.digest.model import EVERYTHING, Schedule, Subscription, describe_subscription
from bot.digest.periods import Period

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = dt.timedelta(hours=1)
ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Africa/Casablanca",  # back for Ramadan
    "Pacific/Apia",  # skipped a day in 2011
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "UTC",
]

schedules = st.builds(
    Schedule,
    rhythm=st.sampled_from(["weekly", "daily"]),
    weekday=st.integers(0, 6),
    time=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
    zone=st.sampled_from(ZONES),
)
moments = st.integers(0, 30 * 366 * 24 * 60).map(
    lambda minutes: dt.datetime(2005, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
)
waits = st.one_of(
    st.integers(0, 3 * 3600), st.integers(0, 3 * 86400), st.integers(0, 40 * 86400)
).map(lambda seconds: dt.timedelta(seconds=seconds))


def subscription(schedule: Schedule, now: dt.datetime) -> Subscription:
    begin = periods.last_due(schedule, now)
    return Subscription(
        id=1,
        channel="C1",
        topic=EVERYTHING,
        schedule=schedule,
        created_by="U1",
        created_at=now,
        changed_at=now,
        since=begin,
        covered_until=begin,
    )


def issue(current: Subscription, now: dt.datetime) -> tuple[Subscription, Period | None]:
    """Issue the due edition, if there is current; only the end of its period is stored."""
    period = periods.due_period(current, now)
    return (replace(current, covered_until=period.end), period) if period else (current, None)


def berlin(*parts: int, fold: int = 0) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=BERLIN, fold=fold)  # type: ignore[misc,arg-type]  # a test's shorthand


@given(schedule=schedules, start=moments, steps=st.lists(waits, min_size=1, max_size=30))
def test_every_instant_is_in_exactly_one_period(
    schedule: Schedule, start: dt.datetime, steps: list[dt.timedelta]
) -> None:
    """Periods are contiguous, end at due moments, and have different keys."""
    current, now, issued = subscription(schedule, start), start, list[Period]()
    begin = current.covered_until
    for step in steps:
        now += step
        current, period = issue(current, now)
        if period:
            assert period.begin < period.end <= now
            assert start < period.end
            issued.append(period)
            assert periods.due_period(current, now) is None, "one edition after any time"
        assert periods.due_after(schedule, now) > now
        assert periods.last_due(schedule, now) <= now
        assert periods.last_due(schedule, now) <= max(current.covered_until, current.changed_at)
    edges = [begin, *(period.end for period in issued)]
    assert [period.begin for period in issued] == edges[:-1]
    assert len({period.key for period in issued}) == len(issued)


@given(
    schedule=schedules,
    start=moments,
    ticks=st.lists(st.tuples(waits, st.integers(-3600, 3600)), min_size=1, max_size=30),
)
def test_a_clock_that_jumps_an_hour_repeats_and_loses_no_period(
    schedule: Schedule, start: dt.datetime, ticks: list[tuple[dt.timedelta, int]]
) -> None:
    current, true_now, issued = subscription(schedule, start), start, list[Period]()
    for step, jump in ticks:
        true_now += step
        current, period = issue(current, true_now + dt.timedelta(seconds=jump))
        if period:
            assert not issued or period.begin == issued[-1].end
            issued.append(period)
    assert len({period.key for period in issued}) == len(issued)
    current, _ = issue(current, true_now + 9 * dt.timedelta(days=1))
    assert current.covered_until >= true_now, "complete once the clock is right"


@given(
    schedule=schedules, start=moments, changes=st.lists(st.tuples(waits, schedules), max_size=6)
)
def test_a_changed_schedule_repeats_no_key_and_leaves_no_gap(
    schedule: Schedule, start: dt.datetime, changes: list[tuple[dt.timedelta, Schedule]]
) -> None:
    current, now, issued = subscription(schedule, start), start, list[Period]()
    for wait, other in changes:
        for _ in range(4):
            now += wait
            current, period = issue(current, now)
            issued += [period] if period else []
        current = replace(current, schedule=other, revision=current.revision + 1, changed_at=now)
        assert periods.due_period(current, now) is None, "a change alone makes no edition due"
        assert periods.next_due(current, now) > now
    assert len({period.key for period in issued}) == len(issued)
    assert all(a.end == b.begin for a, b in pairwise(issued))


@given(schedule=schedules, now=moments)
def test_the_first_edition_covers_the_period_before_it(
    schedule: Schedule, now: dt.datetime
) -> None:
    current = subscription(schedule, now)
    assert periods.due_period(current, now) is None
    first = periods.next_due(current, now)
    assert now < first <= now + periods.period_length(schedule) + 25 * HOUR
    period = periods.due_period(current, first)
    assert period is not None
    assert period.end == first
    assert period.begin <= now


@given(schedule=schedules, now=moments)
def test_editions_are_due_at_the_local_time(schedule: Schedule, now: dt.datetime) -> None:
    """In summer and winter, except where clocks skip that time."""
    moment = periods.due_after(schedule, now)
    local = moment.astimezone(schedule.zone_info)
    if local.time() != schedule.time:
        before = (moment - dt.timedelta(days=1)).astimezone(schedule.zone_info)
        assert before.utcoffset() != local.utcoffset(), "only where clocks are changed"
    elif schedule.rhythm == "weekly" and schedule.zone != "Pacific/Apia":
        assert local.weekday() == schedule.weekday


def test_a_skipped_time_is_due_as_long_after_midnight_as_it_says() -> None:
    half_past_two = Schedule(rhythm="daily", time=dt.time(2, 30), zone="Europe/Berlin")
    before = berlin(2026, 3, 28, 12)
    assert periods.due_after(half_past_two, before) == berlin(2026, 3, 29, 3, 30)
    assert periods.due_after(half_past_two, berlin(2026, 3, 29, 3, 30)) == berlin(
        2026, 3, 30, 2, 30
    )


def test_a_repeated_time_is_due_the_first_time() -> None:
    half_past_two = Schedule(rhythm="daily", time=dt.time(2, 30), zone="Europe/Berlin")
    current = subscription(half_past_two, berlin(2026, 10, 24, 12))
    current, period = issue(current, berlin(2026, 10, 25, 2, 30, fold=0))
    assert period is not None
    assert period.key == "2026-10-25"
    assert periods.due_period(current, berlin(2026, 10, 25, 2, 30, fold=1)) is None
    assert periods.next_due(current, berlin(2026, 10, 25, 3)) == berlin(2026, 10, 26, 2, 30)


def test_a_day_that_a_zone_skips_has_no_edition() -> None:
    nine = Schedule(rhythm="daily", zone="Pacific/Apia")
    current = subscription(nine, dt.datetime(2011, 12, 28, 20, tzinfo=dt.UTC))
    keys = []
    for hours in range(24 * 5):
        current, period = issue(current, dt.datetime(2011, 12, 29, tzinfo=dt.UTC) + hours * HOUR)
        keys += [period.key] if period else []
    assert keys == ["2011-12-29", "2011-12-31", "2012-01-01", "2012-01-02", "2012-01-03"]


def test_missed_due_moments_make_one_edition() -> None:
    """The bot was down over several Mondays."""
    monday = Schedule(zone="Europe/Berlin")
    current = subscription(monday, berlin(2026, 12, 15, 10))
    current, period = issue(current, berlin(2027, 1, 5, 17))
    assert period == Period("2027-W01", berlin(2026, 12, 14, 9), berlin(2027, 1, 4, 9))
    assert issue(current, berlin(2027, 1, 11, 8, 59))[1] is None
    _, period = issue(current, berlin(2027, 1, 11, 9))
    assert period is not None
    assert period.key == "2027-W02"


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(zone="Europe/Berlin"), "every Monday at 9:00 (Europe/Berlin): every new paper"),
        (
            Schedule(rhythm="daily", time=dt.time(17, 5)),
            "every day at 17:05 (UTC): every new paper",
        ),
    ],
)
def test_a_description_names_the_time_zone(schedule: Schedule, words: str) -> None:
    assert describe_subscription(subscription(schedule, berlin(2026, 1, 1))) == words
