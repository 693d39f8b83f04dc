"""The outbox in the database: filled with each decision, emptied by the one sender.

    decision's transaction ──enqueue──► due ──attempt──► sent         an edit makes it due again
                                         └─undeliverable─► dead ──retry──► due

The attempt is committed before a message is posted, so after a crash the row tells whether the
message may be in Slack already; the sender then looks there before it posts.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

import sqlalchemy as sa

from bot.db.engine import Database, Moment
from bot.outbox.message import Message, OutboxRow, QueueDepth
from bot.outbox.tables import outbox

LONGEST_WAIT = dt.timedelta(minutes=15)
"""The longest time that a message is postponed by at once."""

_FIELDS = (
    "id", "key", "channel", "kind", "content", "version", "sent_version", "state", "attempted",
    "tries", "thread_of", "posted_in", "ts", "problem", "created_at",
)  # fmt: skip
_parent = outbox.alias("parent")
_with_parent = outbox.outerjoin(_parent, _parent.c.key == outbox.c.thread_of)
# A message of a thread has to wait until the thread's first message is posted.
_is_deliverable = sa.and_(
    outbox.c.state == "due", sa.or_(outbox.c.thread_of.is_(None), _parent.c.ts.is_not(None))
)


# A thread stays in its channel when messages of its kind go to another one, and with its pace.
_channel = sa.func.coalesce(_parent.c.channel, outbox.c.channel)
# Enqueued anew or retried, a message may have its thread started again once more.
_posted_in = sa.case((outbox.c.ts.is_(None), None), else_=outbox.c.posted_in)


def enqueue(connection: sa.Connection, message: Message, now: dt.datetime) -> None:
    """Queue a message in the caller's transaction; the same content under a key is queued once."""
    query = sa.select(outbox).where(outbox.c.key == message.key).with_for_update()
    row = connection.execute(query).first()
    content = dict(message.content)
    due = {"content": content, "state": "due", "tries": 0, "next_at": now}
    if row is None:
        insertion = outbox.insert().values(
            **due,
            key=message.key,
            channel=message.channel,
            thread_of=message.thread_of,
            kind=message.kind,
            version=1,
            sent_version=0,
            created_at=now,
        )
        connection.execute(insertion)
    elif row.content != content:
        edit = outbox.update().where(outbox.c.id == row.id)
        connection.execute(edit.values(**due, version=row.version + 1, posted_in=_posted_in))


class Outbox:
    """The outbox as the sender and the operator use it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, message: Message, now: dt.datetime) -> None:
        """Queue a message in a transaction of its own."""
        with self._database.write() as connection:
            enqueue(connection, message, now)

    def due_rows(self, now: dt.datetime) -> tuple[OutboxRow, ...]:
        """The first deliverable message of every channel, oldest first.

        The `channel` of a row in a thread is that of the thread's first message.
        """
        first = (
            sa.select(sa.func.min(outbox.c.id))
            .select_from(_with_parent)
            .where(_is_deliverable, _is_time(now))
            .group_by(_channel)
        )
        thread = (_parent.c.ts.label("thread_ts"), _parent.c.posted_in.label("thread_in"))
        query = (
            sa.select(outbox, _channel.label("pace_channel"), *thread)
            .select_from(_with_parent)
            .where(outbox.c.id.in_(first))
            .order_by(outbox.c.id)
        )
        with self._database.read() as connection:
            return tuple(
                replace(
                    _to_row(row),
                    channel=row.pace_channel,
                    thread_ts=row.thread_ts,
                    thread_in=row.thread_in or None,
                )
                for row in connection.execute(query)
            )

    def mark_attempted(self, row: OutboxRow) -> None:
        """Record that a post is about to start: from now on the message may be in Slack."""
        self._update(row, attempted=row.version)

    def mark_posted(
        self, row: OutboxRow, version: int, channel: str, ts: str, now: dt.datetime
    ) -> None:
        """Record that a version of the message is in Slack as `ts` of `channel`.

        The row stays due where a newer version was enqueued meanwhile.
        """
        posting = {"posted_in": channel, "ts": ts, "attempted": None, "problem": None, "tries": 0}
        with self._database.write() as connection:
            this = outbox.c.id == row.id
            current = connection.scalar(sa.select(outbox.c.version).where(this).with_for_update())
            state = "sent" if current == version else "due"
            values = {**posting, "sent_version": version, "sent_at": now, "state": state}
            connection.execute(outbox.update().where(this).values(**values))

    def mark_not_posted(self, row: OutboxRow) -> None:
        """Record that Slack refused the post, so the message is not there."""
        self._update(row, attempted=None)

    def postpone(self, row: OutboxRow, until: dt.datetime, problem: str, *, counts: bool) -> None:
        """Try again later; `counts` is false where Slack asked to wait, which is no failed try."""
        tries = row.tries + 1 if counts else row.tries
        self._update(row, next_at=until, problem=problem, tries=tries)

    def forget_posting(self, key: str) -> None:
        """Have a message posted again, since it is no longer in Slack."""
        absent = {"ts": None, "posted_in": None, "attempted": None, "state": "due"}
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.key == key).values(**absent))

    def restart_thread(self, row: OutboxRow, until: dt.datetime, problem: str) -> None:
        """Have the first message of a row's thread posted again, and try the row later.

        The row is marked in the same transaction, so that it causes this once.
        """
        absent = {"ts": None, "posted_in": None, "attempted": None, "state": "due"}
        marked = {"posted_in": row.channel, "next_at": until, "problem": problem}
        head = sa.and_(outbox.c.key == row.thread_of, outbox.c.ts == row.thread_ts)
        with self._database.write() as connection:
            connection.execute(outbox.update().where(head).values(**absent))
            connection.execute(outbox.update().where(outbox.c.id == row.id).values(**marked))

    def mark_dead(self, row: OutboxRow, problem: str) -> None:
        """Give a message up until an operator retries it (`papers outbox retry`)."""
        self._update(row, state="dead", problem=problem)

    def dead_rows(self) -> tuple[OutboxRow, ...]:
        """The messages that were given up, oldest first."""
        return self._in_state("dead")

    def pending_rows(self) -> tuple[OutboxRow, ...]:
        """The messages that are still to be delivered, oldest first."""
        return self._in_state("due")

    def retry(self, now: dt.datetime, keys: Iterable[str] | None = None) -> int:
        """Make dead messages due again, all of them without `keys`; returns their number."""
        change = outbox.update().where(outbox.c.state == "dead")
        if keys is not None:
            change = change.where(outbox.c.key.in_(list(keys)))
        with self._database.write() as connection:
            again = {"state": "due", "tries": 0, "next_at": now, "posted_in": _posted_in}
            return connection.execute(change.values(**again)).rowcount

    def depth(self) -> QueueDepth:
        """The number of due and dead messages, and since when the oldest deliverable one waits.

        A message waits since it was enqueued, an edit since it was enqueued or last tried.
        """
        query = sa.select(outbox.c.state, sa.func.count())
        query = query.where(outbox.c.state != "sent").group_by(outbox.c.state)
        since = sa.case((outbox.c.sent_version == 0, outbox.c.created_at), else_=outbox.c.next_at)
        oldest = sa.select(sa.func.min(sa.type_coerce(since, Moment))).select_from(_with_parent)
        with self._database.read() as connection:
            counts = {row[0]: int(row[1]) for row in connection.execute(query)}
            since_when = connection.scalar(oldest.where(_is_deliverable))
        return QueueDepth(counts.get("due", 0), since_when, counts.get("dead", 0))

    def problems(self) -> tuple[str, ...]:
        """The distinct reasons for which due messages were postponed."""
        query = sa.select(outbox.c.problem).where(outbox.c.state == "due").distinct()
        with self._database.read() as connection:
            return tuple(filter(None, connection.scalars(query)))

    def delete_delivered_before(self, before: dt.datetime) -> int:
        """Delete messages sent before a moment, except cards, which may still change."""
        old = outbox.delete().where(
            outbox.c.state == "sent", outbox.c.sent_at < before, outbox.c.kind != "card"
        )
        with self._database.write() as connection:
            return connection.execute(old).rowcount

    def get(self, key: str) -> OutboxRow | None:
        """The row of a key."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(outbox).where(outbox.c.key == key)).first()
        return _to_row(row) if row else None

    def _in_state(self, state: str) -> tuple[OutboxRow, ...]:
        query = sa.select(outbox).where(outbox.c.state == state).order_by(outbox.c.id)
        with self._database.read() as connection:
            return tuple(_to_row(row) for row in connection.execute(query))

    def _update(self, row: OutboxRow, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(outbox.update().where(outbox.c.id == row.id).values(**values))


def _is_time(now: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a row is due; a time beyond the longest wait is of a clock that was set back."""
    return sa.or_(outbox.c.next_at <= now, outbox.c.next_at > now + LONGEST_WAIT)


def _to_row(row: sa.Row[tuple[object, ...]]) -> OutboxRow:
    return OutboxRow(**{name: getattr(row, name) for name in _FIELDS})
