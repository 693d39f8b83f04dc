"""The moment of arXiv's next poll.

arXiv is polled once a day, soon after the feeds are rebuilt at midnight in the US East; then again
through the day until every category is fresh, or has good reason to be quiet.
"""

import datetime as dt

from bot.discovery.feed_history import SourceHistory
from bot.discovery.sources.arxiv.calendar import EASTERN, GRACE_HOURS
from bot.discovery.sources.base import TROUBLE

_AFTER_MIDNIGHT = dt.timedelta(minutes=20)
_SOON, _LATER = dt.timedelta(minutes=30), dt.timedelta(hours=2)
_LATE_HOUR = GRACE_HOURS + 4
_ABSURD = dt.timedelta(days=1)
_LOOK_BACK = dt.timedelta(days=7)


def next_poll_of(history: SourceHistory, now: dt.datetime) -> dt.datetime:
    """The moment of the next poll by the outcome of the last one; it may have passed."""
    last, verdicts = history.last_verdicts(now - _LOOK_BACK)
    is_settled = not ({"waiting"} | TROUBLE) & set(verdicts.values())
    return next_poll(last, now, is_settled=is_settled)


def next_poll(last: dt.datetime | None, now: dt.datetime, *, is_settled: bool) -> dt.datetime:
    """The moment of the next poll; it may have passed.

    `last` is the moment of the previous poll; `is_settled` says whether each category was fresh or
    quiet then.
    """
    if last is None or last > now + _ABSURD:  # a clock that was set back
        return now
    local = last.astimezone(EASTERN)
    if is_settled:
        morning = dt.datetime.combine(local.date(), dt.time(), EASTERN) + _AFTER_MIDNIGHT
        if morning <= local:
            tomorrow = local.date() + dt.timedelta(days=1)
            morning = dt.datetime.combine(tomorrow, dt.time(), EASTERN) + _AFTER_MIDNIGHT
        return morning.astimezone(dt.UTC)
    return last + (_SOON if local.hour < _LATE_HOUR else _LATER)
