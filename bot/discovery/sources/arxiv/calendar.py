"""arXiv's announcement calendar, and the verdict on a feed by it.

Pure. arXiv rebuilds its feeds at midnight in the US East, in the nights that begin on Sunday to
Thursday: the announcement days are Monday to Friday there. A feed can be yesterday's while its
dates are today's, and empty for good reasons; so dates say when to expect papers, and only ids
that were not seen before prove that papers came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from bot.discovery.sources.base import VerdictName
from bot.text import pluralize

EASTERN = ZoneInfo("America/New_York")
GRACE_HOURS = 8
"""The hour (Eastern) until which a day's batch may still come: rebuilds have been hours late."""
SMALL = 3.0
"""Papers a day; below that, a day without any is no stall."""
LONGEST_GAP = 366
"""Days that are searched for missed batches."""

_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5
_DAY = timedelta(days=1)
_CLOSING_HOUR = 14  # of the East: what comes later is announced a day later


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedObservation:
    """The outcome of one poll for a category."""

    unseen: int = 0
    """New papers and cross-lists that were never seen before."""
    items: int = 0
    """All items of the category, seen ones and replacements included; 0 in an empty channel."""
    is_unchanged: bool = False
    """Whether arXiv answered that the feed is unchanged since the last poll."""
    failure: str | None = None
    """The reason why the feed could not be fetched, or not to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """The outcome of earlier polls for a category."""

    last_fresh: datetime | None = None
    mean: float | None = None
    """Unseen papers on an announcement day so far; None before the first fresh poll."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict: a word for programs, a sentence for people."""

    name: VerdictName
    reason: str


def judge(now: datetime, poll: FeedObservation, history: FeedHistory) -> Verdict:
    """Judge a category. `now` may be in any zone, but must have one."""
    if poll.failure:
        read = (
            f" {pluralize(poll.unseen, 'new paper')} could be read all the same."
            if poll.unseen
            else ""
        )
        return Verdict("failed", f"{_sentence(poll.failure)}{read}")
    if poll.unseen:
        return Verdict("fresh", f"{pluralize(poll.unseen, 'new paper')} came.")
    local = now.astimezone(EASTERN)
    if reason := no_announcement(local.date()):
        return Verdict("quiet", f"arXiv announces nothing today: {reason}.")
    if taken := _taken_today(local, history.last_fresh):
        return Verdict("quiet", f"Today’s batch was taken at {taken:%H:%M} Eastern.")
    if local.hour < GRACE_HOURS:
        return Verdict("waiting", f"Today’s batch may come until {GRACE_HOURS:02}:00 Eastern.")
    return _late(poll, history)


def _late(poll: FeedObservation, history: FeedHistory) -> Verdict:
    """The verdict when a weekday's batch has not come within its hours."""
    what = (
        "the feed is still the one before"
        if poll.is_unchanged
        else f"the feed holds {pluralize(poll.items, 'item')}, none of them new"
        if poll.items
        else "the feed is empty"
    )
    if history.mean is None:
        return Verdict("quiet", f"Nothing new; how much is usual is not known yet ({what}).")
    if history.mean < SMALL:
        return Verdict("quiet", f"Nothing new, as on many days: {history.mean:.1f} are usual.")
    since = (
        f" since {history.last_fresh.astimezone(EASTERN):%a %d %b}" if history.last_fresh else ""
    )
    return Verdict(
        "stalled",
        f"No new paper{since}, though about {history.mean:.0f} a day are usual: {what}.",
    )


def no_announcement(day: date) -> str | None:
    """The reason why arXiv announces nothing on a day; None on an announcement day."""
    if day.weekday() >= _SATURDAY:
        return f"it is {day:%A}"
    holiday = holidays(day.year).get(day)
    return f"it is {holiday}" if holiday else None


def missed_days(last_fresh: datetime | None, now: datetime) -> tuple[date, ...]:
    """The announcement days since the last fresh poll whose batch was never taken, oldest first.

    `last_fresh` precedes the poll of `now`: a feed holds one day, so today's batch says nothing of
    yesterday's. Today is missed once its hours are over. Without a fresh poll no day is missed.
    """
    if last_fresh is None:
        return ()
    local = now.astimezone(EASTERN)
    last = local.date() if local.hour >= GRACE_HOURS else local.date() - _DAY
    first = max(last_fresh.astimezone(EASTERN).date() + _DAY, last - LONGEST_GAP * _DAY)
    return tuple(day for day in _days(first, last) if no_announcement(day) is None)


def submitted_between(first: date, last: date) -> tuple[date, date]:
    """The days (GMT) on which the papers announced from `first` to `last` were submitted.

    What is submitted by 14:00 Eastern is announced that evening, in the feed of the next day: the
    papers of Tuesday's feed came from Friday 14:00 to Monday 14:00. Those that moderators held for
    longer are older; a feed alone can tell of them.
    """
    return _day_before(_day_before(first)), _day_before(last)


@cache
def holidays(year: int) -> dict[date, str]:
    """The US holidays that arXiv keeps, where observed if they fall on a weekend.

    They explain an empty feed and never suppress a full one, so one too many does no harm.
    https://info.arxiv.org/help/availability.html
    """
    thanksgiving = _nth(year, 11, _THURSDAY, 4)
    days = {
        _nth(year, 1, _MONDAY, 3): "Martin Luther King Day",
        _last_monday(year, 5): "Memorial Day",
        _nth(year, 9, _MONDAY, 1): "Labor Day",
        thanksgiving: "Thanksgiving",
        thanksgiving + _DAY: "the day after Thanksgiving",
        date(year, 12, 24): "Christmas Eve",
        date(year, 12, 31): "New Year’s Eve",
    }
    for month, day, name in (
        (1, 1, "New Year’s Day"),
        (6, 19, "Juneteenth"),
        (7, 4, "Independence Day"),
        (12, 25, "Christmas Day"),
    ):
        days[date(year, month, day)] = name
        days.setdefault(_observed(date(year, month, day)), f"{name}, observed")
    return days


def last_announcement(now: datetime) -> date:
    """The newest announcement day of the East: today, or the one before a weekend or holiday."""
    today = now.astimezone(EASTERN).date()
    return _day_before(today) if no_announcement(today) else today


def announced_on(submitted: datetime) -> date:
    """The day of the feed that announces a paper submitted at a moment."""
    local = submitted.astimezone(EASTERN)
    closes = local.date() if local.hour < _CLOSING_HOUR else local.date() + _DAY
    while no_announcement(closes):
        closes += _DAY
    day = closes + _DAY
    while no_announcement(day):
        day += _DAY
    return day


def _taken_today(local: datetime, last_fresh: datetime | None) -> datetime | None:
    taken = last_fresh.astimezone(EASTERN) if last_fresh else None
    return taken if taken and taken.date() == local.date() else None


def _day_before(day: date) -> date:
    """The announcement day before a day."""
    day -= _DAY
    while no_announcement(day):
        day -= _DAY
    return day


def _days(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + ((weekday - first.weekday()) % 7 + 7 * (number - 1)) * _DAY


def _last_monday(year: int, month: int) -> date:
    mondays = (_nth(year, month, _MONDAY, number) for number in range(1, 6))
    return [*takewhile(lambda day: day.month == month, mondays)][-1]


def _observed(day: date) -> date:
    """A holiday on Saturday is kept on Friday, one on Sunday on Monday."""
    return day + {5: -1, 6: 1}.get(day.weekday(), 0) * _DAY


def _sentence(words: str) -> str:
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(('.', '!', '?')) else '.'}"
