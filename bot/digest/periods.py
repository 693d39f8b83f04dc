"""When editions are due, and which time they cover. Pure: the clock is a parameter.

    ──covered_until──────────────due────────────due────now──►
           └── one period, however many due moments passed ──┘ (up to the last of them)

A due moment is a time on the wall of a zone. Where clocks skip it in spring, it comes as long
after midnight as it says (2:30 is 3:30 then); where they show it twice in autumn, the first time
counts (both are `fold=0`, https://peps.python.org/pep-0495/). So it comes once a day or week.

Nothing is remembered but `covered_until`, which only grows, so restarts, sleep and clocks that go
back neither lose a period nor repeat one.
"""

import datetime as dt
from dataclasses import dataclass

from bot.digest.model import Schedule, Subscription

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """What one edition covers: from `begin` on, before `end`, which is its due moment.

    `key` is the ISO week or the day of the due moment in the schedule's zone. A schedule gives
    each key once; those of a second, third… schedule of a subscription carry its number, so that
    a Monday's edition and, after a change, the same week's Friday's are two.
    """

    key: str
    begin: dt.datetime
    end: dt.datetime


def due_period(one: Subscription, now: dt.datetime) -> Period | None:
    """The period for which an edition is to be issued now; None if none is."""
    end = last_due(one.schedule, now)
    if end <= max(one.covered_until, one.changed_at):
        return None
    return Period(_key(one, end), one.covered_until, end)


def next_due(one: Subscription, now: dt.datetime) -> dt.datetime:
    """When the next edition comes: `now` if it is overdue."""
    if due_period(one, now):
        return now
    return due_after(one.schedule, max(now, one.covered_until, one.changed_at))


def first_begin(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    """Where the first period of a schedule made now begins: one period before it is first due."""
    return last_due(schedule, now)


def last_due(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    """The last due moment that is not after `now`."""
    return _moment(schedule, _last_day(schedule, now))


def due_after(schedule: Schedule, moment: dt.datetime) -> dt.datetime:
    """The first due moment that is after a moment."""
    return _moment(schedule, _last_day(schedule, moment) + _step(schedule))


def period_length(schedule: Schedule) -> dt.timedelta:
    """How long a period usually is."""
    return _step(schedule)


def _step(schedule: Schedule) -> dt.timedelta:
    return 7 * _DAY if schedule.rhythm == "weekly" else _DAY


def _on_schedule(schedule: Schedule, day: dt.date) -> dt.date:
    """The day, or the last one before it that has the schedule's weekday."""
    if schedule.rhythm == "daily":
        return day
    return day - (day.weekday() - schedule.weekday) % 7 * _DAY


def _moment(schedule: Schedule, day: dt.date) -> dt.datetime:
    local = dt.datetime.combine(day, schedule.time.replace(fold=0), schedule.zone_info)
    return local.astimezone(dt.UTC)


def _last_day(schedule: Schedule, moment: dt.datetime) -> dt.date:
    """The last day of the schedule whose due moment is not after a moment.

    Where clocks skip a whole day (Apia in 2011) two days share one due moment; it is the second's.
    """
    step = _step(schedule)
    day = _on_schedule(schedule, moment.astimezone(schedule.zone_info).date()) + 2 * step
    while _moment(schedule, day) > moment:
        day -= step
    return day


def _key(one: Subscription, end: dt.datetime) -> str:
    day = _last_day(one.schedule, end)
    year, week, _ = day.isocalendar()
    name = f"{year}-W{week:02}" if one.schedule.rhythm == "weekly" else day.isoformat()
    return name if one.revision == 1 else f"{name}.{one.revision}"
