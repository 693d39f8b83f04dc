"""The weekly budget of proposals. Pure.

A week's budget is released in equal steps, Monday to Friday; what a day does not use stays for the
next. The best of the pool is proposed, from any day: a paper that was beaten on its day can still
be proposed later. A paper that was beaten all week stays in the pool for some weeks more, at a
handicap that grows by the week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

CARRY_WEEKS = 4
HANDICAP = 1.0  # log-odds a week
_WORKDAYS = 5


@dataclass(frozen=True, slots=True)
class RankedPaper:
    """A paper that could be proposed: its score, and the day on which it was announced."""

    key: str
    score: float
    day: date


def monday(day: date) -> date:
    """The first day of a day's ISO week."""
    return day - timedelta(days=day.weekday())


def weeks_old(paper: RankedPaper, today: date) -> int:
    """The age of a paper in weeks; 0 is this week."""
    return (monday(today) - monday(paper.day)).days // 7


def allowance(today: date, budget: int, spent: int) -> int:
    """The number of papers that may be proposed now, after `spent` since Monday.

    Never more than the week's budget, however long the bot was away.
    """
    released = budget * min(today.weekday() + 1, _WORKDAYS) // _WORKDAYS
    return max(0, released - spent)


def choose(
    pool: Iterable[RankedPaper], today: date, *, budget: int, spent: int, carry: int = CARRY_WEEKS
) -> tuple[RankedPaper, ...]:
    """The papers to propose today, best first.

    With `carry` 0 only papers of this week are proposed, as in the replay's streaming recall.
    """
    alive = [paper for paper in pool if paper.day <= today and weeks_old(paper, today) <= carry]
    alive.sort(key=lambda paper: (-(paper.score - HANDICAP * weeks_old(paper, today)), paper.key))
    return tuple(alive[: allowance(today, budget, spent)])
