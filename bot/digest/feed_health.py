"""How the feeds did in a period, in one sentence. Pure.

A weekday's batch is over at 8:00 in the US East (`calendar.GRACE_HOURS`); the day counts in the
period that holds this moment, so each day is told of once.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from bot.discovery.sources.arxiv.calendar import EASTERN, GRACE_HOURS, no_announcement
from bot.discovery.store import FeedCheck

_DAY = dt.timedelta(days=1)
_TOLD = 3
_NAMED = 3
_REASON = 80
_WHATS = {"failed": "failed", "stalled": "brought nothing", "": "not asked"}


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """One sentence, and whether it tells of trouble."""

    sentence: str
    is_trouble: bool


@dataclass(frozen=True)
class FeedChecks:
    """What is known of the feeds: checks, the oldest first, and the days that were taken whole.

    `watched_since` is the first check ever, None when there was none.
    """

    checks: Sequence[tuple[dt.datetime, FeedCheck]] = ()
    taken: Mapping[str, frozenset[dt.date]] = field(default_factory=dict)
    watched_since: dt.datetime | None = None

    @cached_property
    def verdicts(self) -> Mapping[tuple[str, dt.date], Sequence[FeedCheck]]:
        """The checks of each category on each day of the East."""
        found: dict[tuple[str, dt.date], list[FeedCheck]] = {}
        for at, check in self.checks:
            day = at.astimezone(EASTERN).date()
            found.setdefault((check.category, day), []).append(check)
        return found

    @cached_property
    def categories(self) -> Sequence[str]:
        """The categories that were asked for."""
        return sorted({check.category for _, check in self.checks} | set(self.taken))


@dataclass(frozen=True, slots=True)
class _Fault:
    """The same fate of the same categories, on some days."""

    what: str
    """A verdict; empty when there was no check."""
    categories: tuple[str, ...]
    is_mended: bool


def feed_health(news: FeedChecks, begin: dt.datetime, end: dt.datetime) -> FeedHealth:
    """The sentence on the feeds between two moments."""
    if news.watched_since is None:
        return FeedHealth("arXiv: not asked yet.", is_trouble=False)
    days = [
        day
        for day in _days(begin, end)
        if no_announcement(day) is None and _over(news.watched_since) <= day
    ]
    if not days:
        return FeedHealth("arXiv: no announcement was due.", is_trouble=False)
    if faults := _faults(news, days):
        more = f"; {len(faults) - _TOLD} more" if len(faults) > _TOLD else ""
        told = [_in_words(fault, of, news) for fault, of in list(faults.items())[:_TOLD]]
        is_trouble = any(not fault.is_mended for fault in faults)
        return FeedHealth(f"arXiv: {'; '.join(told)}{more}.", is_trouble)
    quiet = [day for day in days if not any(_is_fresh(news, c, day) for c in news.categories)]
    if not quiet:
        fresh = "fresh every weekday" if len(days) > 1 else "fresh"
        return FeedHealth(f"arXiv: {fresh}.", is_trouble=False)
    others = ", fresh on the others" if len(quiet) < len(days) else ""
    named = ", ".join(map(_date, quiet[:_TOLD]))
    return FeedHealth(f"arXiv: quiet on {named}{others}.", is_trouble=False)


def _over(moment: dt.datetime) -> dt.date:
    """The first day whose hours end after a moment."""
    local = moment.astimezone(EASTERN)
    return local.date() if local.hour < GRACE_HOURS else local.date() + _DAY


def _days(begin: dt.datetime, end: dt.datetime) -> Iterator[dt.date]:
    """The days of the East whose hours end after `begin` and not after `end`."""
    day, last = _over(begin), _over(end)
    while day < last:
        yield day
        day += _DAY


def _is_fresh(news: FeedChecks, category: str, day: dt.date) -> bool:
    checks = news.verdicts.get((category, day), ())
    return any(check.verdict == "fresh" for check in checks)


def _faults(news: FeedChecks, days: Iterable[dt.date]) -> Mapping[_Fault, list[dt.date]]:
    """What went wrong, and on which days; categories with the same fate together."""
    found: dict[_Fault, list[dt.date]] = {}
    for day in days:
        fates: dict[tuple[str, bool], list[str]] = {}
        for category in news.categories:
            checks = news.verdicts.get((category, day), ())
            verdict = checks[-1].verdict if checks else ""
            if verdict in _WHATS and not _is_fresh(news, category, day):
                is_mended = day in news.taken.get(category, ())
                fates.setdefault((verdict, is_mended), []).append(category)
        for (verdict, is_mended), categories in fates.items():
            found.setdefault(_Fault(verdict, tuple(categories), is_mended), []).append(day)
    return found


def _in_words(fault: _Fault, days: Sequence[dt.date], news: FeedChecks) -> str:
    is_all = len(fault.categories) == len(news.categories)
    who = "" if is_all else f"{_listed(fault.categories)} "
    mended = ", made up for since" if fault.is_mended else ""
    why = _why(fault, days[0], news)
    return f"{who}{_WHATS[fault.what]} on {_listed(map(_date, days))}{why}{mended}"


def _why(fault: _Fault, day: dt.date, news: FeedChecks) -> str:
    """The reason of a failure, of the first feed on the first day."""
    if fault.what != "failed":
        return ""
    reason = news.verdicts[fault.categories[0], day][-1].reason.rstrip(".")
    short = reason if len(reason) <= _REASON else f"{reason[: _REASON - 1].rstrip()}…"
    return f" ({short})" if short else ""


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    if len(names) > _NAMED:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _date(day: dt.date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
