"""What earlier polls of one source left: validators, verdicts, the days that were taken."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import caught_up, checks, feeds, keys, seen

_MANY = 500  # keys in one query


@dataclass(frozen=True, slots=True)
class FeedValidators:
    """The HTTP validators that make the next request for a feed conditional."""

    etag: str | None = None
    last_modified: str | None = None


NO_VALIDATORS = FeedValidators()


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """The verdict of one poll on one feed of a source, in a word and a sentence.

    Feed names are shown to people and are unique over all sources; a source with a single feed
    names it as itself. `unseen` counts papers that were not seen before; `day` is the day of the
    announcement.
    """

    source: str
    feed: str
    verdict: str
    reason: str
    unseen: int
    day: dt.date


class SourceHistory:
    """Reads what earlier polls of one source left."""

    def __init__(self, database: Database, source: str) -> None:
        self._database, self._source = database, source

    def validators(self, url: str) -> FeedValidators:
        """The validators of the last answer for a URL."""
        query = sa.select(feeds.c.etag, feeds.c.last_modified).where(feeds.c.url == url)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return FeedValidators(row.etag, row.last_modified) if row else NO_VALIDATORS

    def seen(self, paper_keys: Collection[str], before: dt.datetime) -> frozenset[str]:
        """The keys of papers that any source had announced before a moment."""
        found: set[str] = set()
        ordered = sorted(paper_keys)
        with self._database.read() as connection:
            for at in range(0, len(ordered), _MANY):
                query = sa.select(keys.c.key).join(seen, seen.c.key == keys.c.record)
                query = query.where(keys.c.key.in_(ordered[at : at + _MANY]))
                found.update(connection.scalars(query.where(seen.c.seen_at < before)))
        return frozenset(found)

    def last_fresh(self, feed: str) -> tuple[dt.datetime, dt.date] | None:
        """When a feed was last fresh, and the announcement day of that batch."""
        query = (
            sa.select(checks.c.checked_at, checks.c.day)
            .where(*self._checks_of(feed), checks.c.verdict == "fresh")
            .order_by(checks.c.checked_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (row.checked_at, row.day) if row else None

    def first_check(self, feed: str) -> dt.datetime | None:
        """When a feed was first polled."""
        query = sa.select(checks.c.checked_at).where(*self._checks_of(feed))
        with self._database.read() as connection:
            return connection.scalar(query.order_by(checks.c.checked_at).limit(1))

    def volume(self, feed: str) -> float | None:
        """The mean number of unseen papers on a day when the feed was fresh; None without one."""
        query = sa.select(sa.func.sum(checks.c.unseen), sa.func.count(checks.c.day.distinct()))
        query = query.where(*self._checks_of(feed), checks.c.verdict == "fresh")
        with self._database.read() as connection:
            total, days = connection.execute(query).one()
        return float(total) / days if days else None

    def last_verdicts(self, since: dt.datetime) -> tuple[dt.datetime | None, dict[str, str]]:
        """The moment of the last poll after `since`, and its verdict on each feed."""
        query = sa.select(checks).where(
            checks.c.source == self._source, checks.c.checked_at >= since
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(checks.c.id)).all()
        last = max((row.checked_at for row in rows), default=None)
        return last, {row.feed: row.verdict for row in rows if row.checked_at == last}

    def taken_days(self, feed: str, since: dt.date) -> frozenset[dt.date]:
        """The announcement days whose papers were all taken, from the feed or afterwards."""
        fresh = sa.select(checks.c.day).where(
            *self._checks_of(feed), checks.c.verdict == "fresh", checks.c.day >= since
        )
        caught = sa.select(caught_up.c.day).where(
            caught_up.c.source == self._source, caught_up.c.feed == feed, caught_up.c.day >= since
        )
        with self._database.read() as connection:
            return frozenset(connection.scalars(fresh.union(caught)))

    def _checks_of(self, feed: str) -> tuple[sa.ColumnElement[bool], ...]:
        return checks.c.source == self._source, checks.c.feed == feed
