"""Subscriptions and editions in the database.

Whether an edition is due depends on `covered_until` alone, which the edition's own transaction
moves. So of two processes that issue at once, the second finds it moved; and after a crash an
edition is issued with all its messages, or not at all.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa

from bot.catalog.keys import bounded_key
from bot.db.engine import Database
from bot.digest.edition import Edition, without_repeats
from bot.digest.messages import to_messages
from bot.digest.model import Schedule, Subscription, SubscriptionRequest, Topic, apply_change
from bot.digest.periods import Period, last_due
from bot.digest.tables import edition_papers, editions, subscriptions
from bot.errors import PapersError
from bot.limits.store import spend
from bot.outbox.store import enqueue

SubscriptionChange = Literal["added", "changed", "same"]
MAX_SUBSCRIPTIONS = 20
"""Subscriptions of one channel."""
_BATCH = 500  # keys in one query
_PLAIN = (
    "channel", "is_quiet", "created_by", "created_at", "changed_at", "revision", "since",
    "covered_until",
)  # fmt: skip
_is_active = subscriptions.c.removed_at.is_(None)


@dataclass(frozen=True, slots=True)
class SavedSubscription:
    """A subscription after a request, and what the request changed."""

    subscription: Subscription
    change: SubscriptionChange


class TooManySubscriptionsError(PapersError):
    """The channel has `MAX_SUBSCRIPTIONS` subscriptions."""


class TopicTakenError(PapersError):
    """The channel has another subscription to this topic."""


class DigestStore:
    """Subscriptions and editions in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def active(self) -> tuple[Subscription, ...]:
        """All active subscriptions, oldest first."""
        return self._select(sa.true())

    def list_for_channel(self, channel: str) -> tuple[Subscription, ...]:
        """The active subscriptions of a channel, oldest first."""
        return self._select(subscriptions.c.channel == channel)

    def get(self, number: int) -> Subscription | None:
        """The active subscription with a number."""
        return next(iter(self._select(subscriptions.c.id == number)), None)

    def subscribe(self, request: SubscriptionRequest, now: dt.datetime) -> SavedSubscription:
        """Subscribe a channel; its subscription to the same topic gets the new schedule.

        Raises TooManySubscriptionsError and DailyLimitError.
        """
        with self._database.write() as connection:
            present = _select(connection, subscriptions.c.channel == request.channel)
            for before in present:
                if before.topic.key == request.topic.key:
                    schedule, is_quiet = request.schedule, request.is_quiet
                    wanted = replace(before, schedule=schedule, is_quiet=is_quiet)
                    return _change(connection, before, wanted, request.requested_by, now)
            if len(present) >= MAX_SUBSCRIPTIONS:
                raise TooManySubscriptionsError
            spend(connection, "subscribe", request.requested_by, now)
            begin = last_due(request.schedule, now)
            new = Subscription(
                id=0,
                channel=request.channel,
                topic=request.topic,
                schedule=request.schedule,
                is_quiet=request.is_quiet,
                created_by=request.requested_by,
                created_at=now,
                changed_at=now,
                since=begin,
                covered_until=begin,
            )
            insertion = subscriptions.insert().values(**_to_row(new))
            key = connection.execute(insertion).inserted_primary_key
            return SavedSubscription(replace(new, id=int(key[0]) if key else 0), "added")

    def change(
        self, number: int, wanted: Subscription, who: str, now: dt.datetime
    ) -> SavedSubscription | None:
        """Give a subscription the topic, schedule and `is_quiet` of `wanted`; None if it ended.

        Raises TopicTakenError and DailyLimitError.
        """
        with self._database.write() as connection:
            before = _lock(connection, number)
            return _change(connection, before, wanted, who, now) if before else None

    def remove(self, number: int, channel: str, who: str, now: dt.datetime) -> Subscription | None:
        """End a subscription of a channel; None if the channel has none with this number."""
        with self._database.write() as connection:
            subscription = _lock(connection, number)
            if subscription is None or subscription.channel != channel:
                return None
            _update(connection, number, removed_at=now, removed_by=who, active_key=None)
            return subscription

    def sent_keys(self, channel: str, keys: Iterable[str]) -> frozenset[str]:
        """The keys whose papers were in an edition of the channel."""
        with self._database.read() as connection:
            return _sent_keys(connection, channel, keys)

    def issue(
        self, subscription: Subscription, period: Period, draft: Edition, now: dt.datetime
    ) -> Edition | None:
        """Issue an edition without the papers that the channel has had; None if it is not due.

        It is not due if another process has issued it or the subscription was changed.
        """
        with self._database.write() as connection:
            present = _lock(connection, subscription.id)
            if present != subscription or subscription.covered_until != period.begin:
                return None
            sent = _sent_keys(connection, subscription.channel, draft.keys)
            edition = without_repeats(draft, sent)
            is_posted = not (subscription.is_quiet and edition.may_be_silent)
            row = {
                "subscription": subscription.id,
                "period": period.key,
                "begins": period.begin,
                "ends": period.end,
                "issued_at": now,
                "papers": len(edition.papers),
                "is_said": is_posted,
            }
            _record(connection, row, subscription.channel, edition.keys)
            _update(connection, subscription.id, covered_until=period.end)
            if is_posted:
                key = edition_key(subscription, period)
                for message in to_messages(edition, subscription.channel, key):
                    enqueue(connection, message, now)
            return edition

    def _select(self, where: sa.ColumnElement[bool]) -> tuple[Subscription, ...]:
        with self._database.read() as connection:
            return _select(connection, where)


def edition_key(subscription: Subscription, period: Period) -> str:
    """The outbox key of an edition."""
    return f"digest:{subscription.channel}:{subscription.id}:{period.key}"


def _select(connection: sa.Connection, where: sa.ColumnElement[bool]) -> tuple[Subscription, ...]:
    query = sa.select(subscriptions).where(where, _is_active).order_by(subscriptions.c.id)
    return tuple(map(_from_row, connection.execute(query)))


def _lock(connection: sa.Connection, number: int) -> Subscription | None:
    """Load an active subscription and lock its row until the transaction ends."""
    query = sa.select(subscriptions).where(subscriptions.c.id == number, _is_active)
    row = connection.execute(query.with_for_update()).first()
    return _from_row(row) if row else None


def _change(
    connection: sa.Connection,
    before: Subscription,
    wanted: Subscription,
    who: str,
    now: dt.datetime,
) -> SavedSubscription:
    after = apply_change(before, wanted, now)
    if after == before:
        return SavedSubscription(before, "same")
    row = _to_row(after)
    taken = sa.select(subscriptions.c.id).where(
        subscriptions.c.active_key == row["active_key"], subscriptions.c.id != before.id
    )
    if connection.execute(taken).first():
        raise TopicTakenError
    spend(connection, "subscribe", who, now)
    _update(connection, before.id, **row)
    return SavedSubscription(after, "changed")


def _update(connection: sa.Connection, number: int, **values: object) -> None:
    change = subscriptions.update().where(subscriptions.c.id == number)
    connection.execute(change.values(**values))


def _record(
    connection: sa.Connection, row: Mapping[str, Any], channel: str, keys: Iterable[str]
) -> None:
    """Store an edition and the keys of its papers."""
    number = connection.execute(editions.insert().values(**row)).inserted_primary_key
    papers = [{"channel": channel, "paper": key, "edition": number[0]} for key in keys if number]
    if papers:
        connection.execute(edition_papers.insert(), papers)


def _sent_keys(connection: sa.Connection, channel: str, keys: Iterable[str]) -> frozenset[str]:
    ordered, sent = sorted(keys), set[str]()
    ours = sa.select(edition_papers.c.paper).where(edition_papers.c.channel == channel)
    for at in range(0, len(ordered), _BATCH):
        query = ours.where(edition_papers.c.paper.in_(ordered[at : at + _BATCH]))
        sent.update(connection.scalars(query))
    return frozenset(sent)


def _to_row(subscription: Subscription) -> dict[str, Any]:
    """The columns of an active subscription, except its id."""
    schedule, topic = subscription.schedule, subscription.topic
    return {name: getattr(subscription, name) for name in _PLAIN} | {
        "topic": topic.text,
        "section": topic.section,
        "active_key": bounded_key(f"{subscription.channel}:{topic.key}"),
        "rhythm": schedule.rhythm,
        "weekday": schedule.weekday,
        "time": schedule.time,
        "zone": schedule.zone,
    }


def _from_row(row: sa.Row[Any]) -> Subscription:
    plain: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return Subscription(
        **plain,
        id=row.id,
        topic=Topic(row.topic, row.section),
        schedule=Schedule(rhythm=row.rhythm, weekday=row.weekday, time=row.time, zone=row.zone),
    )
