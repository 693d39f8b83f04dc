"""Composes the editions that are due, and issues them.

    subscriptions ──► due periods ──► material, read once ──► drafts ──► issue, each a transaction

Whether an edition is due is decided from the database, so it does not matter when the last call
was.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames
from bot.db.engine import Database
from bot.digest.edition import LATE, Edition, draft_edition, without_repeats
from bot.digest.feed_health import feed_health
from bot.digest.material import MaterialReader
from bot.digest.model import Subscription
from bot.digest.periods import Period, due_period, period_length
from bot.digest.store import DigestStore
from bot.digest.topics import TopicSearch


@dataclass(frozen=True, slots=True)
class DueEdition:
    """The edition of a subscription for a period."""

    subscription: Subscription
    period: Period
    edition: Edition


class Composer:
    """Composes and issues editions."""

    def __init__(
        self, database: Database, catalog: Callable[[], Catalog], shipped: KnownNames
    ) -> None:
        """`catalog` gives the present list."""
        self._digests, self._reader = DigestStore(database), MaterialReader(database)
        self._catalog, self._shipped = catalog, shipped

    def due_editions(self, now: dt.datetime) -> tuple[DueEdition, ...]:
        """The editions that `issue_due` would issue, without any change."""
        sent: dict[str, set[str]] = defaultdict(set)
        due = []
        for draft in self._drafts(now):
            channel = draft.subscription.channel
            before = self._digests.sent_keys(channel, draft.edition.keys) | sent[channel]
            edition = without_repeats(draft.edition, before)
            sent[channel].update(edition.keys)
            due.append(replace(draft, edition=edition))
        return tuple(due)

    def issue_due(self, now: dt.datetime) -> tuple[DueEdition, ...]:
        """Issue the due editions; returns those that this call issued."""
        issued = []
        for draft in self._drafts(now):
            edition = self._digests.issue(draft.subscription, draft.period, draft.edition, now)
            issued += [replace(draft, edition=edition)] if edition else []
        return tuple(issued)

    def preview(self, subscription: Subscription, now: dt.datetime) -> Edition:
        """An example edition of the time just past, with papers that the channel has had."""
        begin = now - period_length(subscription.schedule)
        period = Period("preview", begin, now)
        (draft,) = self._compose([(replace(subscription, since=begin), period)])
        return without_repeats(draft.edition, ())

    def _drafts(self, now: dt.datetime) -> Iterator[DueEdition]:
        due = [
            (subscription, period)
            for subscription in self._digests.active()
            if (period := due_period(subscription, now)) is not None
        ]
        return self._compose(due) if due else iter(())

    def _compose(self, due: Sequence[tuple[Subscription, Period]]) -> Iterator[DueEdition]:
        """Drafts that share the material, the lookups of topics and the health of the feeds."""
        since = min(max(each.since, period.begin - LATE) for each, period in due)
        material = self._reader.read(self._catalog(), since)
        topics = TopicSearch(material.catalog, self._shipped)
        health = cache(partial(feed_health, material.feeds))
        for subscription, period in due:
            match = topics.find(subscription.topic)
            fetched = health(period.begin, period.end)
            edition = draft_edition(subscription, period, material, match, fetched)
            yield DueEdition(subscription, period, edition)
