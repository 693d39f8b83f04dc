"""The outbox in the database: put in with a decision, taken out by the one sender.

    decision's transaction ──put──► due ──attempting──► sent        an edit makes it due again
                                     └── no use ──► dead ──retry──► due

Before a message is posted, the attempt is committed. So after a crash a row says whether its
message may be in Slack already; the sender then looks there before it posts.
"""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from bot.db.engine import Database, Moment
from bot.outbox.message import Message, OutboxRow, QueueDepth
from bot.outbox.tables import outbox

LONGEST_WAIT = dt.timedelta(minutes=15)
"""Nothing is put off for longer at a time."""

_FIELDS = (
    "id", "key", "channel", "kind", "content", "version", "sent_version", "state", "attempted",
    "tries", "thread_of", "posted_in", "ts", "problem", "created_at",
)  # fmt: skip


def enqueue(connection: sa.Connection, say: Message, now: dt.datetime) -> None:
    """Have it said, in the caller's transaction. The same thing twice is said once."""
    query = sa.select(outbox).where(outbox.c.key == say.key).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        values = {
            "key": say.key,
            "channel": say.channel,
            "thread_of": say.thread_of,
            "kind": say.kind,
            "content": dict(say.content),
            "version": 1,
            "sent_version": 0,
            "state": "due",
            "tries": 0,
            "next_at": now,
            "created_at": now,
        }
        connection.execute(outbox.insert().values(**values))
    elif row.content != dict(say.content):
        edit = {
            "content": dict(say.content),
            "version": row.version + 1,
            "state": "due",
            "tries": 0,
            "next_at": now,
        }
        connection.execute(outbox.update().where(outbox.c.id == row.id).values(**edit))


class Outbox:
    """What the sender and the operator see of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due_rows(self, now: dt.datetime) -> tuple[OutboxRow, ...]:
        """The first thing to say in every channel, the oldest first.

        What belongs in a thread is due once the thread's first message is there.
        """
        parent = outbox.alias("parent")
        ready = (
            sa.select(sa.func.min(outbox.c.id))
            .outerjoin(parent, parent.c.key == outbox.c.thread_of)
            .where(outbox.c.state == "due", _is_time(now))
            .where(sa.or_(outbox.c.thread_of.is_(None), parent.c.ts.is_not(None)))
            .group_by(outbox.c.channel)
        )
        query = (
            sa.select(outbox, parent.c.ts.label("thread_ts"))
            .outerjoin(parent, parent.c.key == outbox.c.thread_of)
            .where(outbox.c.id.in_(ready))
            .order_by(outbox.c.id)
        )
        with self._database.read() as connection:
            return tuple(_item(row, row.thread_ts) for row in connection.execute(query))

    def mark_attempted(self, item: OutboxRow) -> None:
        """From now on the message may be in Slack."""
        self._change(item.id, attempted=item.version)

    def mark_posted(
        self, item: OutboxRow, version: int, channel: str, ts: str, now: dt.datetime
    ) -> None:
        """A version of the message is in Slack, under this id."""
        there = {"posted_in": channel, "ts": ts, "attempted": None, "problem": None, "tries": 0}
        with self._database.write() as connection:
            this = outbox.c.id == item.id
            current = connection.scalar(sa.select(outbox.c.version).where(this).with_for_update())
            state = "sent" if current == version else "due"
            values = {**there, "sent_version": version, "sent_at": now, "state": state}
            connection.execute(outbox.update().where(this).values(**values))

    def mark_not_posted(self, item: OutboxRow) -> None:
        """Slack has refused the post itself: the message is not there."""
        self._change(item.id, attempted=None)

    def postpone(self, item: OutboxRow, until: dt.datetime, problem: str, *, counts: bool) -> None:
        """Try again later. Waiting because Slack asked for it does not count as a try."""
        tries = item.tries + 1 if counts else item.tries
        self._change(item.id, next_at=until, problem=problem, tries=tries)

    def forget_posting(self, key: str) -> None:
        """Post it anew: the message is not in Slack any more."""
        gone = {"ts": None, "posted_in": None, "attempted": None, "state": "due"}
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.key == key).values(**gone))

    def mark_dead(self, item: OutboxRow, problem: str) -> None:
        """Give up until somebody asks for it again (`papers outbox retry`)."""
        self._change(item.id, state="dead", problem=problem)

    def dead_rows(self) -> tuple[OutboxRow, ...]:
        """What was given up, the oldest first."""
        return self._in_state("dead")

    def pending_rows(self) -> tuple[OutboxRow, ...]:
        """What is still to be said, the oldest first."""
        return self._in_state("due")

    def retry(self, now: dt.datetime, keys: Iterable[str] | None = None) -> int:
        """Have what was given up tried again; how many there are."""
        change = outbox.update().where(outbox.c.state == "dead")
        if keys is not None:
            change = change.where(outbox.c.key.in_(list(keys)))
        with self._database.write() as connection:
            return connection.execute(change.values(state="due", tries=0, next_at=now)).rowcount

    def depth(self) -> QueueDepth:
        """How much is waiting, and since when the oldest of what nothing stands before is.

        A message waits since it was put in; an edit since it was last tried, or put in.
        """
        query = sa.select(outbox.c.state, sa.func.count())
        query = query.where(outbox.c.state != "sent").group_by(outbox.c.state)
        parent = outbox.alias("parent")
        since = sa.case((outbox.c.sent_version == 0, outbox.c.created_at), else_=outbox.c.next_at)
        oldest = (
            sa.select(sa.func.min(sa.type_coerce(since, Moment)))
            .outerjoin(parent, parent.c.key == outbox.c.thread_of)
            .where(outbox.c.state == "due")
            .where(sa.or_(outbox.c.thread_of.is_(None), parent.c.ts.is_not(None)))
        )
        with self._database.read() as connection:
            found = {row[0]: int(row[1]) for row in connection.execute(query)}
            return QueueDepth(found.get("due", 0), connection.scalar(oldest), found.get("dead", 0))

    def problems(self) -> tuple[str, ...]:
        """Why messages that are still to be said were put off."""
        query = sa.select(outbox.c.problem).where(outbox.c.state == "due").distinct()
        with self._database.read() as connection:
            return tuple(filter(None, connection.scalars(query)))

    def last_sent(self) -> dt.datetime | None:
        """When a message last went out."""
        with self._database.read() as connection:
            found: dt.datetime | None = connection.scalar(sa.select(sa.func.max(outbox.c.sent_at)))
        return found

    def delete_delivered_before(self, before: dt.datetime) -> int:
        """Forget what was said before a moment; cards stay, since they may still change."""
        old = outbox.delete().where(
            outbox.c.state == "sent", outbox.c.sent_at < before, outbox.c.kind != "card"
        )
        with self._database.write() as connection:
            return connection.execute(old).rowcount

    def get(self, key: str) -> OutboxRow | None:
        """The row of a key."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(outbox).where(outbox.c.key == key)).first()
        return _item(row) if row else None

    def _in_state(self, state: str) -> tuple[OutboxRow, ...]:
        query = sa.select(outbox).where(outbox.c.state == state).order_by(outbox.c.id)
        with self._database.read() as connection:
            return tuple(_item(row) for row in connection.execute(query))

    def _change(self, number: int, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.id == number).values(**values))


def _is_time(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a row's moment has come; one beyond every wait is of a clock that was set back."""
    return sa.or_(outbox.c.next_at <= now, outbox.c.next_at > now + LONGEST_WAIT)


def _item(row: sa.Row[tuple[object, ...]], thread_ts: str | None = None) -> OutboxRow:
    return OutboxRow(**{name: getattr(row, name) for name in _FIELDS}, thread_ts=thread_ts)
