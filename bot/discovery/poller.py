"""One poll of the sources: store what each gives, batch by batch.

A poll may be killed anywhere and begun again: what is stored is known, the rest is asked for
again.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.base import FetchedBatch, Progress, Source, SourceError
from bot.discovery.store import PaperStore


@dataclass(slots=True)
class PollOutcome:
    """The outcome of a poll, for people."""

    at: dt.datetime
    checks: list[FeedCheck] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Items that could not be read, a sentence each."""
    trouble: list[str] = field(default_factory=list)
    """Everything else that did not work, a sentence each."""
    new: int = 0
    caught_up: int = 0
    """New papers of days that were missed."""

    def add(self, batch: FetchedBatch, new: int) -> None:
        """Count a batch, `new` of whose papers are new."""
        self.checks += batch.checks
        self.faults += batch.faults
        self.trouble += batch.trouble
        if batch.is_catch_up:
            self.caught_up += new
        else:
            self.new += new


def poll_sources(
    store: PaperStore, sources: Iterable[Source], now: dt.datetime, progress: Progress
) -> PollOutcome:
    """Poll each source; one that fails does not keep the others from being polled."""
    outcome = PollOutcome(now)
    for source in sources:
        try:
            for batch in source.poll(store.history(source.name), now, progress):
                outcome.add(batch, store.take(source.name, batch, now))
        except SourceError as error:
            outcome.trouble.append(f"{error} The next poll asks again.")
    return outcome


def describe_listed(  # noqa: PLR0913, PLR0917  # the whole task
    store: PaperStore,
    sources: Iterable[Source],
    keys: Sequence[str],
    now: dt.datetime,
    outcome: PollOutcome,
    progress: Progress,
) -> None:
    """Look up the listed papers that no source has been asked about yet."""
    for source in sources:
        try:
            for answer in source.look_up(store.unknown_listed(keys), progress):
                store.keep_listed(source.name, answer, now)
        except SourceError as error:
            outcome.trouble.append(
                f"{source.name} gave nothing about listed papers: {error.reason}. "
                "The next poll asks again."
            )
