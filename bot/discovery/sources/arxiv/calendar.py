"""Is a feed fresh, quiet, waiting, stalled or failed? Judged by ids that were not seen before.

arXiv rebuilds its feeds at midnight in the US East, in the nights that begin on Sunday to
Thursday: the announcement days are Monday to Friday there. A feed can be yesterday's while its
dates are today's, and empty for good reasons; so dates say when to expect something, never that
it came.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from bot.text import pluralize

EASTERN = ZoneInfo("America/New_York")
GRACE_HOURS = 8
"""Until this hour of the East a day's batch may still come: rebuilds have been late by hours."""
SMALL = 3.0
"""Below this many papers on a day, a day without any is nothing to tell people of."""
LONGEST_GAP = 366
"""Days that are looked back for missed batches; who was away for longer starts anew."""

_MONDAY, _THURSDAY, _SATURDAY = 0, 3, 5
_DAY = timedelta(days=1)
_CLOSING_HOUR = 14  # of the East: what comes later is announced a day later

Name = Literal["fresh", "quiet", "waiting", "stalled", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedObservation:
    """What one poll has brought for a category."""

    unseen: int = 0
    """New papers and cross-lists whose ids were never met in this category."""
    items: int = 0
    """All items of the category, seen ones and replacements included; 0 in an empty channel."""
    is_unchanged: bool = False
    """Whether arXiv said that the feed is the one that was there at the last poll."""
    failure: str | None = None
    """Why the feed could not be fetched, or not to its end, in the words of an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHistory:
    """What earlier polls have brought for a category."""

    last_fresh: datetime | None = None
    mean: float | None = None
    """Unseen ids on an announcement day so far; None as long as nothing is known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word for programs, a sentence for people."""

    name: Name
    reason: str

    @property
    def is_trouble(self) -> bool:
        """Whether people are to be told unasked."""
        return self.name in {"stalled", "failed"}


def judge(now: datetime, poll: FeedObservation, history: FeedHistory) -> Verdict:
    """The verdict on a category. `now` may be in any zone, but must have one."""
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
    """A weekday's batch has not come within its hours."""
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
    """Why arXiv announces nothing on a day of the East; None on an announcement day."""
    if day.weekday() >= _SATURDAY:
        return f"it is {day:%A}"
    holiday = holidays(day.year).get(day)
    return f"it is {holiday}" if holiday else None


def missed_days(last_fresh: datetime | None, now: datetime) -> tuple[date, ...]:
    """The announcement days since the last fresh poll whose batch was never taken, oldest first.

    `last_fresh` is the one *before* the poll of `now`: a feed holds one day, so today's batch says
    nothing of yesterday's. Today is missed once its hours are over. A first start misses nothing:
    how far it looks back is a setting.
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
    found = {
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
        found[date(year, month, day)] = name
        found.setdefault(_observed(date(year, month, day)), f"{name}, observed")
    return found


def last_announcement(now: datetime) -> date:
    """The newest announcement day of the East: today, or the one before a weekend or holiday."""
    today = now.astimezone(EASTERN).date()
    return _day_before(today) if no_announcement(today) else today


def announced_on(submitted: datetime) -> date:
    """In the feed of which day a paper stands that was submitted then; inverse to the above."""
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
