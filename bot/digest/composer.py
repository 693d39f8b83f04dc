"""Makes the editions that are due, and has them said.

    subscriptions ──► due periods ──► news, gathered once ──► drafts ──► issue, each a transaction

Called often; what is due is decided from the database, so when it was called last does not matter.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames
from bot.db.engine import Database
from bot.digest import periods as calendar
from bot.digest.edition import LATE, Edition, EditionMaterial, draft_edition, without_repeats
from bot.digest.feed_health import FeedHealth, feed_health
from bot.digest.material import MaterialReader
from bot.digest.model import Subscription
from bot.digest.periods import Period
from bot.digest.store import DigestStore
from bot.digest.topics import TopicSearch


@dataclass(frozen=True, slots=True)
class DueEdition:
    """An edition of a subscription, for a period."""

    subscription: Subscription
    period: Period
    edition: Edition


class Composer:
    """Makes editions."""

    def __init__(
        self, database: Database, catalog: Callable[[], Catalog], shipped: KnownNames
    ) -> None:
        """`catalog` gives the list as it is now."""
        self._digests, self._newsroom = DigestStore(database), MaterialReader(database)
        self._catalog, self._shipped = catalog, shipped

    def due_editions(self, now: dt.datetime) -> tuple[DueEdition, ...]:
        """What would be issued now, as it would be said; nothing is changed."""
        told: dict[str, set[str]] = defaultdict(set)
        found = []
        for one in self._drafts(now):
            channel = one.subscription.channel
            keys = {key for paper in one.edition.papers for key in paper.keys}
            edition = without_repeats(
                one.edition, self._digests.sent_keys(channel, keys) | told[channel]
            )
            told[channel] |= {key for paper in edition.papers for key in paper.keys}
            found.append(replace(one, edition=edition))
        return tuple(found)

    def issue_due(self, now: dt.datetime) -> tuple[DueEdition, ...]:
        """Issue what is due; what this call has issued."""
        issued = []
        for one in self._drafts(now):
            edition = self._digests.issue(one.subscription, one.period, one.edition, now)
            issued += [replace(one, edition=edition)] if edition else []
        return tuple(issued)

    def preview(self, one: Subscription, now: dt.datetime) -> Edition:
        """What an edition would look like, of the time just past; told papers are in it, too."""
        begin = now - calendar.period_length(one.schedule)
        period = Period("preview", begin, now)
        (found,) = self._made([(replace(one, since=begin), period)])
        return without_repeats(found.edition, ())

    def _drafts(self, now: dt.datetime) -> Iterator[DueEdition]:
        """Before anything is dropped that a channel was told of."""
        due = [
            (one, period)
            for one in self._digests.active()
            if (period := calendar.due_period(one, now)) is not None
        ]
        return self._made(due) if due else iter(())

    def _made(self, due: Iterable[tuple[Subscription, Period]]) -> Iterator[DueEdition]:
        """The news is gathered, each topic looked up and each period's feeds told of once."""
        due = list(due)
        since = min(max(one.since, period.begin - LATE) for one, period in due)
        news = self._newsroom.read(self._catalog(), since)
        topics, feeds = TopicSearch(news.catalog, self._shipped), _Feeds(news)
        for one, period in due:
            found = topics.find(one.topic)
            edition = draft_edition(one, period, news, found, feeds.health(period))
            yield DueEdition(one, period, edition)


class _Feeds:
    """The sentences on the feeds; many subscriptions share a period."""

    def __init__(self, news: EditionMaterial) -> None:
        self._news = news
        self._said: dict[tuple[dt.datetime, dt.datetime], FeedHealth] = {}

    def health(self, period: Period) -> FeedHealth:
        """The sentence for a period."""
        key = (period.begin, period.end)
        if key not in self._said:
            self._said[key] = feed_health(self._news.feeds, *key)
        return self._said[key]
