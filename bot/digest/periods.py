"""Due moments and the periods of editions. Pure: the clock is a parameter.

    ──covered_until──────────────due────────────due────now──►
           └── one period, however many due moments passed ──┘ (up to the last of them)

A due moment is a local time of the schedule's zone. Where clocks skip it in spring, it is as long
after midnight as it says (2:30 is 3:30 then); where they repeat it in autumn, the first one counts
(both are `fold=0`, https://peps.python.org/pep-0495/). So it comes once a day or week.

The only state is `covered_until`, which never decreases. So no period is lost or repeated after a
restart, a suspended machine or a clock that goes back.
"""

import datetime as dt
from dataclasses import dataclass

from bot.digest.model import Schedule, Subscription

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The time that an edition covers, from `begin` until before `end`, its due moment.

    `key` is the ISO week or the day of the due moment in the schedule's zone. A schedule gives
    each key once. The keys of a subscription's later schedules carry their number, so that a
    Monday's edition and, after a change, the same week's Friday's are two.
    """

    key: str
    begin: dt.datetime
    end: dt.datetime


def due_period(subscription: Subscription, now: dt.datetime) -> Period | None:
    """The period whose edition is due now; None if none is."""
    end = last_due(subscription.schedule, now)
    if end <= max(subscription.covered_until, subscription.changed_at):
        return None
    return Period(_key(subscription, end), subscription.covered_until, end)


def next_due(subscription: Subscription, now: dt.datetime) -> dt.datetime:
    """When the next edition is due: `now` if it is overdue."""
    if due_period(subscription, now):
        return now
    after = max(now, subscription.covered_until, subscription.changed_at)
    return due_after(subscription.schedule, after)


def last_due(schedule: Schedule, now: dt.datetime) -> dt.datetime:
    """The last due moment until `now`; a new schedule's first period begins there."""
    return _moment(schedule, _last_day(schedule, now))


def due_after(schedule: Schedule, moment: dt.datetime) -> dt.datetime:
    """The first due moment after a moment."""
    return _moment(schedule, _last_day(schedule, moment) + period_length(schedule))


def period_length(schedule: Schedule) -> dt.timedelta:
    """The usual length of a period."""
    return 7 * _DAY if schedule.rhythm == "weekly" else _DAY


def _moment(schedule: Schedule, day: dt.date) -> dt.datetime:
    local = dt.datetime.combine(day, schedule.time.replace(fold=0), schedule.zone_info)
    return local.astimezone(dt.UTC)


def _last_day(schedule: Schedule, moment: dt.datetime) -> dt.date:
    """The last day of the schedule whose due moment is not after a moment.

    Where clocks skip a whole day (Apia in 2011), two days share one due moment, the second's.
    """
    step = period_length(schedule)
    day = moment.astimezone(schedule.zone_info).date() + 2 * step
    if schedule.rhythm == "weekly":
        day -= (day.weekday() - schedule.weekday) % 7 * _DAY
    while _moment(schedule, day) > moment:
        day -= step
    return day


def _key(subscription: Subscription, end: dt.datetime) -> str:
    day = _last_day(subscription.schedule, end)
    year, week, _ = day.isocalendar()
    is_weekly = subscription.schedule.rhythm == "weekly"
    name = f"{year}-W{week:02}" if is_weekly else day.isoformat()
    return name if subscription.revision == 1 else f"{name}.{subscription.revision}"
