"""The queue of decisions to publish, in the order of the decisions.

A decision adds a row in its own transaction. The publisher writes the change to data/, publishes
it as configured and closes the row. Each step may be repeated after an interruption.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.catalog.change import Change
from bot.db.engine import Database
from bot.outbox.message import Message
from bot.outbox.store import enqueue
from bot.review.model import Event, Person, Suggestion
from bot.review.service import CHANGE, card_key, card_message
from bot.review.store import from_row, lock_suggestion, record_event, to_row
from bot.review.tables import publications, suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePublication:
    """A queued decision."""

    id: int
    suggestion: Suggestion
    forward: bool
    """Whether the change is made; else it is reversed."""
    change: Change
    author: Person
    at: dt.datetime
    tries: int

    @property
    def key(self) -> str:
        """The key of this decision in commits and pull requests."""
        return f"{self.suggestion.mark}.{self.id}"


class PublicationQueue:
    """The queue in the database."""

    def __init__(self, database: Database, channel: str | None) -> None:
        """Results are posted to the threads of the cards in `channel`, if there is one."""
        self._database, self._channel = database, channel

    def due(self, now: dt.datetime) -> tuple[DuePublication, ...]:
        """The decisions to publish now: the first open one of each suggestion."""
        first = (
            sa.select(sa.func.min(publications.c.id))
            .where(publications.c.state == "due")
            .group_by(publications.c.suggestion)
        )
        # A row without a try was not postponed; its time may be of a clock set back since.
        is_time = sa.or_(publications.c.next_at <= now, publications.c.tries == 0)
        query = (
            sa.select(publications)
            .where(publications.c.id.in_(first), is_time)
            .order_by(publications.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            numbers = sorted({row.suggestion for row in rows})
            query = sa.select(suggestions).where(suggestions.c.id.in_(numbers))
            by_number = {row.id: from_row(row) for row in connection.execute(query)}
        return tuple(
            DuePublication(
                id=row.id,
                suggestion=by_number[row.suggestion],
                forward=row.forward,
                change=CHANGE.validate_python(row.change),
                author=Person(row.author, row.name),
                at=row.at,
                tries=row.tries,
            )
            for row in rows
        )

    def mark_published(
        self,
        due: DuePublication,
        now: dt.datetime,
        run: str,
        *,
        commit: str | None,
        url: str | None,
    ) -> None:
        """Record that a decision is published, and that this run wrote it to data/."""
        outcome = url or commit
        with self._database.write() as connection:
            _update(connection, due, {"state": "done", "outcome": outcome, "problem": None})
            _mark_written(connection, due.suggestion, run)
            if outcome or due.tries:  # earlier problems were posted, so their end is, too
                self._notify(connection, due, now, {"commit": commit, "url": url})
            if outcome:
                event = Event(
                    suggestion=due.suggestion.id,
                    at=now,
                    actor="",
                    what="published" if due.forward else "unpublished",
                    detail={"where": outcome},
                )
                record_event(connection, event)
            self._update_card(connection, due, now, {"published": outcome, "trouble": None})

    def mark_failed(
        self, due: DuePublication, problem: str, until: dt.datetime, now: dt.datetime
    ) -> None:
        """Record a failure; the decision is tried again at `until`."""
        values = {"tries": due.tries + 1, "next_at": until, "problem": problem}
        with self._database.write() as connection:
            _update(connection, due, values)
            self._notify(connection, due, now, {"problem": problem})
            self._update_card(connection, due, now, {"trouble": problem})

    def depth(self) -> tuple[int, tuple[str, ...]]:
        """The number of queued decisions, and their distinct problems."""
        query = sa.select(publications.c.problem).where(publications.c.state == "due")
        with self._database.read() as connection:
            problems = list(connection.scalars(query))
        return len(problems), tuple(dict.fromkeys(filter(None, problems)))

    def unsettled(self) -> tuple[tuple[Suggestion, str | None], ...]:
        """Published decisions that data/ may lose, in order, with the run that wrote each."""
        queued = sa.select(publications.c.suggestion).where(publications.c.state == "due")
        query = (
            sa.select(suggestions)
            .where(suggestions.c.settled.is_(False), suggestions.c.id.not_in(queued))
            .order_by(suggestions.c.decided_at, suggestions.c.id)
        )
        with self._database.read() as connection:
            return tuple((from_row(row), row.applied_in) for row in connection.execute(query))

    def mark_settled(self, suggestion: Suggestion) -> None:
        """Record that data/ holds a decision for good, or that a person has changed it since."""
        with self._database.write() as connection:
            this = suggestions.c.id == suggestion.id
            connection.execute(suggestions.update().where(this).values(settled=True))

    def mark_rewritten(self, suggestion: Suggestion, run: str) -> None:
        """Record that this run wrote a decision to data/ again."""
        with self._database.write() as connection:
            _mark_written(connection, suggestion, run)

    def _notify(
        self,
        connection: sa.Connection,
        due: DuePublication,
        now: dt.datetime,
        result: Mapping[str, Any],
    ) -> None:
        """Enqueue a message about the result in the card's thread."""
        if self._channel:
            message = Message(
                key=f"suggestion:{due.suggestion.id}:publishing:{due.id}",
                channel=self._channel,
                kind="publishing",
                content={"suggestion": due.suggestion.id, "forward": due.forward, **result},
                thread_of=card_key(due.suggestion.id),
            )
            enqueue(connection, message, now)

    def _update_card(
        self,
        connection: sa.Connection,
        due: DuePublication,
        now: dt.datetime,
        values: Mapping[str, Any],
    ) -> None:
        """Store the result in the suggestion and its card, unless its decision has changed."""
        before = lock_suggestion(connection, due.suggestion.id)
        if before is None or (before.state == "approved") != due.forward:
            return
        if all(getattr(before, name) == value for name, value in values.items()):
            return
        after = replace(before, version=before.version + 1, **values)
        change = suggestions.update().where(suggestions.c.id == after.id)
        connection.execute(change.values(**to_row(after)))
        if self._channel:
            enqueue(connection, card_message(self._channel, after), now)


def _update(connection: sa.Connection, due: DuePublication, values: Mapping[str, Any]) -> None:
    connection.execute(publications.update().where(publications.c.id == due.id).values(**values))


def _mark_written(connection: sa.Connection, suggestion: Suggestion, run: str) -> None:
    this = suggestions.c.id == suggestion.id
    connection.execute(suggestions.update().where(this).values(applied_in=run))
