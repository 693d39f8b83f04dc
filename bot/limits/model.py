"""Daily limits of what one person may do that writes or notifies. Pure.

A day is the last 24 hours. What changes nothing is not counted, and neither are the decisions of
reviewers, lookups and the end of a subscription.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.errors import PapersError
from bot.text import pluralize

Activity = Literal["suggest", "second", "subscribe", "share"]

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """The number of acts of one kind that a person may do within a day."""

    most: int
    done: str
    """The acts in words, after "You have"."""


DAILY_LIMITS: Mapping[Activity, DailyLimit] = {
    # Each one takes a reviewer's time: a paper, a correction, a rejected paper suggested again.
    "suggest": DailyLimit(10, "suggested {} papers or corrections"),
    "second": DailyLimit(50, "supported {} suggestions"),
    "subscribe": DailyLimit(50, "changed subscriptions {} times"),
    "share": DailyLimit(50, "shared {} answers"),
}


class DailyLimitError(PapersError):
    """A person has done as much as they may within a day."""


def check_limit(activity: Activity, earlier: dt.datetime | None, now: dt.datetime) -> None:
    """Check that a person may act once more.

    `earlier` is the moment of their act that is `most` acts ago, None if it was not within a day.
    Raises DailyLimitError, which says when they may go on.
    """
    if earlier is None:
        return
    limit = DAILY_LIMITS[activity]
    raise DailyLimitError(
        f"You have {limit.done.format(limit.most)} within 24 hours, which is the most that one "
        f"person may. You can go on in {_duration(earlier + DAY - now)}."
    )


def _duration(wait: dt.timedelta) -> str:
    """A wait in whole hours, or minutes below two hours, rounded up."""
    minutes = max(1, math.ceil(wait.total_seconds() / 60))
    if minutes < 120:  # noqa: PLR2004  # two hours
        return pluralize(minutes, "minute")
    return pluralize(math.ceil(minutes / 60), "hour")
