"""The health of the feeds in a period, one sentence for each source. Pure.

arXiv's batch of a weekday is complete at 8:00 Eastern (`calendar.GRACE_HOURS`). A day belongs to
the period with this moment, so each day is in one period. The days of other sources are those on
which they were polled.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.arxiv.calendar import EASTERN, GRACE_HOURS, no_announcement
from bot.discovery.sources.arxiv.identifiers import ARXIV

_DAY = dt.timedelta(days=1)
_MAX_FAULTS = 3
_MAX_NAMES = 3
_MAX_REASON = 80
_WORDS = {"failed": "failed", "stalled": "brought nothing", "": "not asked"}


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """A sentence on the feeds, and whether it is about trouble."""

    sentence: str
    is_trouble: bool


@dataclass(frozen=True)
class FeedChecks:
    """Checks of the feeds, oldest first, and the days that were fetched completely.

    `watched_since` is the time of the first check ever, None if there was none.
    """

    checks: Sequence[tuple[dt.datetime, FeedCheck]] = ()
    taken: Mapping[str, frozenset[dt.date]] = field(default_factory=dict)
    watched_since: dt.datetime | None = None
    source: str = ARXIV

    def of(self, source: str) -> "FeedChecks":
        """The part of one source."""
        feeds = {check.feed: check.source for _, check in self.checks}
        return replace(
            self,
            checks=[(at, check) for at, check in self.checks if check.source == source],
            taken={f: days for f, days in self.taken.items() if feeds.get(f, ARXIV) == source},
            source=source,
        )

    def is_due(self, day: dt.date) -> bool:
        """Whether papers could come on a day."""
        if self.source == ARXIV:
            return no_announcement(day) is None
        return any(checked == day for _, checked in self.verdicts)

    @cached_property
    def verdicts(self) -> Mapping[tuple[str, dt.date], Sequence[FeedCheck]]:
        """The checks of each category on each Eastern day."""
        verdicts: dict[tuple[str, dt.date], list[FeedCheck]] = {}
        for at, check in self.checks:
            day = at.astimezone(EASTERN).date()
            verdicts.setdefault((check.feed, day), []).append(check)
        return verdicts

    @cached_property
    def categories(self) -> Sequence[str]:
        """The categories with checks or days."""
        return sorted({check.feed for _, check in self.checks} | set(self.taken))


@dataclass(frozen=True, slots=True)
class _Fault:
    """A fault of some categories, the same on each of its days."""

    verdict: str
    """Empty if there was no check."""
    categories: tuple[str, ...]
    is_mended: bool


def feed_health(checks: FeedChecks, begin: dt.datetime, end: dt.datetime) -> FeedHealth:
    """The health of the feeds between two moments, arXiv's first."""
    others = sorted({check.source for _, check in checks.checks} - {ARXIV})
    parts = [_health_of(checks.of(source), begin, end) for source in (ARXIV, *others)]
    sentence = " ".join(part.sentence for part in parts if part.sentence)
    return FeedHealth(sentence, any(part.is_trouble for part in parts))


def _health_of(checks: FeedChecks, begin: dt.datetime, end: dt.datetime) -> FeedHealth:
    """The health of one source; an empty sentence for one other than arXiv without polls."""
    is_arxiv = checks.source == ARXIV
    since = checks.watched_since if is_arxiv else begin
    if since is None:
        return FeedHealth("arXiv: not asked yet.", is_trouble=False)
    days = [day for day in _days(begin, end) if checks.is_due(day) and _over(since) <= day]
    if not days:
        return FeedHealth("arXiv: no announcement was due." if is_arxiv else "", is_trouble=False)
    if faults := _faults(checks, days):
        parts = [_describe(fault, of, checks) for fault, of in list(faults.items())[:_MAX_FAULTS]]
        if len(faults) > _MAX_FAULTS:
            parts.append(f"{len(faults) - _MAX_FAULTS} more")
        is_trouble = any(not fault.is_mended for fault in faults)
        return FeedHealth(f"{checks.source}: {'; '.join(parts)}.", is_trouble)
    quiet = [day for day in days if not any(_is_fresh(checks, c, day) for c in checks.categories)]
    if not quiet:
        fresh = "fresh every weekday" if is_arxiv and len(days) > 1 else "fresh"
        return FeedHealth(f"{checks.source}: {fresh}.", is_trouble=False)
    others = ", fresh on the others" if len(quiet) < len(days) else ""
    named = ", ".join(map(_date, quiet[:_MAX_FAULTS]))
    return FeedHealth(f"{checks.source}: quiet on {named}{others}.", is_trouble=False)


def _over(moment: dt.datetime) -> dt.date:
    """The first day whose batch is not complete at a moment."""
    local = moment.astimezone(EASTERN)
    return local.date() if local.hour < GRACE_HOURS else local.date() + _DAY


def _days(begin: dt.datetime, end: dt.datetime) -> Iterator[dt.date]:
    """The Eastern days whose batch is completed after `begin` and not after `end`."""
    day, last = _over(begin), _over(end)
    while day < last:
        yield day
        day += _DAY


def _is_fresh(checks: FeedChecks, category: str, day: dt.date) -> bool:
    return any(check.verdict == "fresh" for check in checks.verdicts.get((category, day), ()))


def _faults(checks: FeedChecks, days: Iterable[dt.date]) -> Mapping[_Fault, list[dt.date]]:
    """The faults with their days; categories with the same fault are one."""
    faults: dict[_Fault, list[dt.date]] = {}
    for day in days:
        by_verdict: dict[tuple[str, bool], list[str]] = {}
        for category in checks.categories:
            verdicts = checks.verdicts.get((category, day), ())
            verdict = verdicts[-1].verdict if verdicts else ""
            if verdict in _WORDS and not _is_fresh(checks, category, day):
                is_mended = day in checks.taken.get(category, ())
                by_verdict.setdefault((verdict, is_mended), []).append(category)
        for (verdict, is_mended), categories in by_verdict.items():
            faults.setdefault(_Fault(verdict, tuple(categories), is_mended), []).append(day)
    return faults


def _describe(fault: _Fault, days: Sequence[dt.date], checks: FeedChecks) -> str:
    is_all = len(fault.categories) == len(checks.categories)
    who = "" if is_all else f"{_listed(fault.categories)} "
    mended = ", made up for since" if fault.is_mended else ""
    reason = _reason(fault, days[0], checks)
    return f"{who}{_WORDS[fault.verdict]} on {_listed(map(_date, days))}{reason}{mended}"


def _reason(fault: _Fault, day: dt.date, checks: FeedChecks) -> str:
    """The reason of a failure, from the first category on the first day."""
    if fault.verdict != "failed":
        return ""
    reason = checks.verdicts[fault.categories[0], day][-1].reason.rstrip(".")
    if len(reason) > _MAX_REASON:
        reason = f"{reason[: _MAX_REASON - 1].rstrip()}…"
    return f" ({reason})" if reason else ""


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    if len(names) > _MAX_NAMES:
        return f"{', '.join(names[:_MAX_NAMES])} and {len(names) - _MAX_NAMES} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _date(day: dt.date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
