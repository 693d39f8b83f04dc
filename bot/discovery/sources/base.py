"""The interface of a source of papers, and the values that it gives.

Adding a source is adding a folder with a class that has these methods, its own recorded test data
and its own politeness; the composition root passes an instance to `DiscoveryService`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.discovery.feed_history import (
    NO_VALIDATORS,
    FeedCheck,
    FeedValidators,
    SourceHistory,
)
from bot.discovery.paper import Paper
from bot.errors import PapersError

Progress = Callable[[str, int, int], None]
"""Shows a step's name, and how much of how much is done."""
VerdictName = Literal["fresh", "quiet", "waiting", "stalled", "failed"]
TROUBLE: frozenset[str] = frozenset({"stalled", "failed"})
"""The verdicts that people are told of unasked."""


class SourceError(PapersError):
    """A source did not answer, or not in a form that can be read."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source} gave no answer: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Arrival:
    """A paper that a source announces.

    A revision (`is_new` is false) refreshes a known paper and never makes one. `day` is the day of
    the announcement.
    """

    paper: Paper
    version: int
    day: dt.date
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """The outcome of one request, stored with its verdicts last.

    `days` are pairs of a feed and an announcement day that is complete with this batch.
    """

    arrivals: tuple[Arrival, ...] = ()
    checks: tuple[FeedCheck, ...] = ()
    url: str | None = None
    validators: FeedValidators = NO_VALIDATORS
    """For the next request of `url`; stored only together with the papers."""
    days: tuple[tuple[str, dt.date], ...] = ()
    faults: tuple[str, ...] = ()
    """A sentence for every item that could not be read."""
    trouble: tuple[str, ...] = ()
    """A sentence for everything else that did not work."""
    is_catch_up: bool = False
    """Whether the papers are of days that were missed."""


@dataclass(frozen=True, slots=True)
class DatedPaper:
    """A paper with the day on which its source announced it, as far as that is known."""

    paper: Paper
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class LookUpBatch:
    """The answer to one request about known papers: the keys asked about, the papers by key."""

    asked: tuple[str, ...]
    papers: Mapping[str, DatedPaper]


class Source(Protocol):
    """A place where papers are announced."""

    @property
    def name(self) -> str:
        """The name for people and for the database, such as `arXiv`; it must not change."""
        ...

    def next_poll(self, history: SourceHistory, now: dt.datetime) -> dt.datetime:
        """The moment of the next poll; it may have passed."""
        ...

    def poll(
        self, history: SourceHistory, now: dt.datetime, progress: Progress
    ) -> Iterator[FetchedBatch]:
        """Yield the papers announced since the last poll, with a verdict on every feed.

        Each batch is stored before the next is asked for; one that was not stored to its end is
        given again by the next poll. Raises SourceError when nothing else can be given; a feed
        that fails is a verdict, not an error.
        """
        ...

    def look_up(self, keys: Collection[str], progress: Progress) -> Iterator[LookUpBatch]:
        """Look up papers by key; keys that the source cannot look up are left out.

        Raises SourceError when the source does not answer.
        """
        ...
