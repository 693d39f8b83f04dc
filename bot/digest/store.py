"""Subscriptions and editions in the database.

What is due depends on `covered_until` alone, and an edition moves it in the transaction that puts
the edition into the outbox. So of two processes that issue at once, one finds it moved; and after
a crash either both have happened or neither.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from bot.db.engine import Database
from bot.digest.edition import Edition, without_repeats
from bot.digest.messages import to_messages
from bot.digest.model import Schedule, Subscription, SubscriptionRequest, Topic, apply_change
from bot.digest.periods import Period, first_begin
from bot.digest.tables import edition_papers, editions, subscriptions
from bot.errors import PapersError
from bot.outbox.store import enqueue

SubscriptionChange = Literal["added", "changed", "same"]
MAX_SUBSCRIPTIONS = 20
"""Subscriptions of one channel."""
_TRIES = 3
_MANY = 500  # keys in one query
_LONGEST_KEY = 512


@dataclass(frozen=True, slots=True)
class SavedSubscription:
    """A subscription as it is now, and what has become of it."""

    subscription: Subscription
    change: SubscriptionChange


class TooManySubscriptionsError(PapersError):
    """The channel has as many subscriptions as one may have."""


class TopicTakenError(PapersError):
    """The channel has another subscription to this topic."""


class DigestStore:
    """Digests' part of the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self) -> tuple[Subscription, ...]:
        """Every subscription that holds, the oldest first."""
        return self._all(subscriptions.c.removed_at.is_(None))

    def list_for_channel(self, channel: str) -> tuple[Subscription, ...]:
        """What a channel is subscribed to, the oldest first."""
        ours = subscriptions.c.channel == channel
        return self._all(sa.and_(ours, subscriptions.c.removed_at.is_(None)))

    def get(self, number: int) -> Subscription | None:
        """A subscription that holds."""
        this = subscriptions.c.id == number
        return next(iter(self._all(sa.and_(this, subscriptions.c.removed_at.is_(None)))), None)

    def subscribe(self, order: SubscriptionRequest, now: dt.datetime) -> SavedSubscription:
        """Subscribe a channel; to a topic that it has, this sets another schedule.

        Raises TooManyError.
        """
        try:
            return self._there(order, now) or self._add(order, now)
        except IntegrityError:  # somebody else did at the same moment
            return self._there(order, now) or self._add(order, now)

    def change(
        self, number: int, wanted: Subscription, now: dt.datetime
    ) -> SavedSubscription | None:
        """Give a subscription the topic, schedule and quiet of `wanted`; None if it has ended.

        Raises TakenError when the channel has another one to the topic.
        """
        try:
            with self._database.write() as connection:
                row = _locked(connection, number)
                if row is None:
                    return None
                before = _subscription(row)
                after = apply_change(before, wanted, now)
                if after == before:
                    return SavedSubscription(before, "same")
                connection.execute(_this(number).values(**_as_row(after)))
                return SavedSubscription(after, "changed")
        except IntegrityError:
            raise TopicTakenError from None

    def remove(self, number: int, channel: str, who: str, now: dt.datetime) -> Subscription | None:
        """End a subscription of this channel; None if there is none of this number."""
        with self._database.write() as connection:
            row = _locked(connection, number)
            if row is None or row.channel != channel:
                return None
            values = {"removed_at": now, "removed_by": who, "active_key": None}
            connection.execute(_this(number).values(**values))
            return _subscription(row)

    def sent_keys(self, channel: str, keys: Iterable[str]) -> frozenset[str]:
        """Which of the keys belong to papers that the channel was told of."""
        with self._database.read() as connection:
            return _told(connection, channel, keys)

    def issue(
        self, one: Subscription, period: Period, draft: Edition, now: dt.datetime
    ) -> Edition | None:
        """Have an edition said, without what the channel was told of; None if it is not due.

        It is not when another process has issued it, or when the subscription was changed since.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._issue(one, period, draft, now)
            except IntegrityError:  # another edition told the channel of a paper at this moment
                continue
        return self._issue(one, period, draft, now)

    def issued_periods(self, number: int) -> tuple[Period, ...]:
        """The periods of the editions of a subscription, the oldest first."""
        query = sa.select(editions).where(editions.c.subscription == number)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(editions.c.id)).all()
        return tuple(Period(row.period, row.begins, row.ends) for row in rows)

    def _there(self, order: SubscriptionRequest, now: dt.datetime) -> SavedSubscription | None:
        """The channel's subscription to this topic, as it is ordered now."""
        for one in self.list_for_channel(order.channel):
            if one.topic.key == order.topic.key:
                wanted = replace(one, schedule=order.schedule, is_quiet=order.is_quiet)
                return self.change(one.id, wanted, now)
        return None

    def _add(self, order: SubscriptionRequest, now: dt.datetime) -> SavedSubscription:
        begin = first_begin(order.schedule, now)
        new = Subscription(
            id=0,
            channel=order.channel,
            topic=order.topic,
            schedule=order.schedule,
            is_quiet=order.is_quiet,
            created_by=order.requested_by,
            created_at=now,
            changed_at=now,
            since=begin,
            covered_until=begin,
        )
        with self._database.write() as connection:
            ours = subscriptions.c.channel == order.channel
            count = sa.select(sa.func.count()).select_from(subscriptions).where(ours)
            count = count.where(subscriptions.c.removed_at.is_(None))
            if (connection.scalar(count) or 0) >= MAX_SUBSCRIPTIONS:
                raise TooManySubscriptionsError
            insertion = subscriptions.insert().values(**_as_row(new))
            number = connection.execute(insertion).inserted_primary_key
        return SavedSubscription(replace(new, id=int(number[0]) if number else 0), "added")

    def _issue(
        self, one: Subscription, period: Period, draft: Edition, now: dt.datetime
    ) -> Edition | None:
        with self._database.write() as connection:
            there = _locked(connection, one.id)
            if there is None or _subscription(there) != one or one.covered_until != period.begin:
                return None
            keys = {key for paper in draft.papers for key in paper.keys}
            edition = without_repeats(draft, _told(connection, one.channel, keys))
            is_said = not (one.is_quiet and edition.may_be_silent)
            row = {
                "subscription": one.id,
                "period": period.key,
                "begins": period.begin,
                "ends": period.end,
                "issued_at": now,
                "papers": len(edition.papers),
                "is_said": is_said,
            }
            _keep(connection, row, one.channel, edition)
            connection.execute(_this(one.id).values(covered_until=period.end))
            if is_said:
                for say in to_messages(edition, one.channel, edition_key(one, period)):
                    enqueue(connection, say, now)
            return edition

    def _all(self, where: sa.ColumnElement[bool]) -> tuple[Subscription, ...]:
        query = sa.select(subscriptions).where(where).order_by(subscriptions.c.id)
        with self._database.read() as connection:
            return tuple(_subscription(row) for row in connection.execute(query))


def edition_key(one: Subscription, period: Period) -> str:
    """The outbox's key of an edition."""
    return f"digest:{one.channel}:{one.id}:{period.key}"


def _keep(
    connection: sa.Connection, row: Mapping[str, Any], channel: str, edition: Edition
) -> None:
    """The edition, and that the channel was told of its papers."""
    number = connection.execute(editions.insert().values(**row)).inserted_primary_key
    keys = dict.fromkeys(key for paper in edition.papers for key in paper.keys)
    if keys and number:
        told = [{"channel": channel, "paper": key, "edition": number[0]} for key in keys]
        connection.execute(edition_papers.insert(), told)


def _told(connection: sa.Connection, channel: str, keys: Iterable[str]) -> frozenset[str]:
    ordered, found = sorted(keys), set[str]()
    for at in range(0, len(ordered), _MANY):
        some = edition_papers.c.paper.in_(ordered[at : at + _MANY])
        query = sa.select(edition_papers.c.paper).where(some)
        found.update(connection.scalars(query.where(edition_papers.c.channel == channel)))
    return frozenset(found)


def _locked(connection: sa.Connection, number: int) -> sa.Row[Any] | None:
    """The row of a subscription that holds, held until the transaction ends."""
    query = sa.select(subscriptions).where(subscriptions.c.id == number)
    query = query.where(subscriptions.c.removed_at.is_(None)).with_for_update()
    return connection.execute(query).first()


def _this(number: int) -> sa.Update:
    return subscriptions.update().where(subscriptions.c.id == number)


def _as_row(one: Subscription) -> dict[str, Any]:
    """The columns of a subscription that holds, its id left out."""
    return {
        "channel": one.channel,
        "topic": one.topic.text,
        "section": one.topic.section,
        "active_key": f"{one.channel}:{one.topic.key}"[:_LONGEST_KEY],
        "rhythm": one.schedule.rhythm,
        "weekday": one.schedule.weekday,
        "time": one.schedule.time,
        "zone": one.schedule.zone,
        "is_quiet": one.is_quiet,
        "created_by": one.created_by,
        "created_at": one.created_at,
        "changed_at": one.changed_at,
        "revision": one.revision,
        "since": one.since,
        "covered_until": one.covered_until,
    }


def _subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        channel=row.channel,
        topic=Topic(row.topic, row.section),
        schedule=Schedule(rhythm=row.rhythm, weekday=row.weekday, time=row.time, zone=row.zone),
        is_quiet=row.is_quiet,
        created_by=row.created_by,
        created_at=row.created_at,
        changed_at=row.changed_at,
        revision=row.revision,
        since=row.since,
        covered_until=row.covered_until,
    )
