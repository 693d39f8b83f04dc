"""The queue of what is to be written into the list and published, in the order of the decisions.

A decision puts a row here in its own transaction. The publisher writes the change into data/,
publishes it as configured, and closes the row; whatever is killed when, it begins again, and what
is done already is done once.
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
from bot.review.model import Event, Person, Suggestion, What
from bot.review.service import CHANGE, card_key
from bot.review.store import SuggestionStore, from_row, lock_suggestion, record_event, to_row
from bot.review.tables import publications, suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePublication:
    """A decision to publish."""

    id: int
    suggestion: Suggestion
    forward: bool
    """Whether the change is made; else it is taken back."""
    change: Change
    author: Person
    at: dt.datetime
    tries: int

    @property
    def key(self) -> str:
        """The same whenever this decision is published."""
        return f"{self.suggestion.mark}.{self.id}"


class PublicationQueue:
    """The queue in the database."""

    def __init__(self, database: Database, channel: str | None) -> None:
        """What happens is told in the threads of the cards in `channel`."""
        self._database, self._channel = database, channel
        self.suggestions = SuggestionStore(database)

    def due(self, now: dt.datetime) -> tuple[DuePublication, ...]:
        """What may be published now: of each suggestion the first that is open."""
        first = (
            sa.select(sa.func.min(publications.c.id))
            .where(publications.c.state == "due")
            .group_by(publications.c.suggestion)
        )
        # What was never tried is not put off; its moment may be of a clock that was set back.
        is_time = sa.or_(publications.c.next_at <= now, publications.c.tries == 0)
        query = (
            sa.select(publications)
            .where(publications.c.id.in_(first), is_time)
            .order_by(publications.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
            wanted = sorted({row.suggestion for row in rows})
            found = connection.execute(sa.select(suggestions).where(suggestions.c.id.in_(wanted)))
            ones = {row.id: from_row(row) for row in found}
        return tuple(
            DuePublication(
                id=row.id,
                suggestion=ones[row.suggestion],
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
        """It is in data/, written by this run, and published."""
        outcome = url or commit
        with self._database.write() as connection:
            self._close(connection, due, {"state": "done", "outcome": outcome, "problem": None})
            written = suggestions.update().where(suggestions.c.id == due.suggestion.id)
            connection.execute(written.values(applied_in=run))
            if outcome or due.tries:  # what went wrong before was told; so is its end
                self._tell_of(connection, due, now, {"commit": commit, "url": url})
            if outcome:
                what: What = "published" if due.forward else "unpublished"
                event = Event(
                    suggestion=due.suggestion.id,
                    at=now,
                    actor="",
                    what=what,
                    detail={"where": outcome},
                )
                record_event(connection, event)
            self._show(connection, due, now, {"published": outcome, "trouble": None})

    def mark_failed(
        self, due: DuePublication, problem: str, until: dt.datetime, now: dt.datetime
    ) -> None:
        """It could not be done; it is tried again then."""
        values = {"tries": due.tries + 1, "next_at": until, "problem": problem}
        with self._database.write() as connection:
            self._close(connection, due, values)
            self._tell_of(connection, due, now, {"problem": problem})
            self._show(connection, due, now, {"trouble": problem})

    def depth(self) -> tuple[int, tuple[str, ...]]:
        """How many decisions are still to be published, and what stands in their way."""
        query = sa.select(publications.c.problem).where(publications.c.state == "due")
        with self._database.read() as connection:
            problems = list(connection.scalars(query))
        return len(problems), tuple(dict.fromkeys(filter(None, problems)))

    def mark_settled(self, one: Suggestion) -> None:
        """What was decided needs no more care: data/ holds it for good, or a person's edit."""
        with self._database.write() as connection:
            this = suggestions.c.id == one.id
            connection.execute(suggestions.update().where(this).values(settled=True))

    def mark_rewritten(self, one: Suggestion, run: str) -> None:
        """It was written into data/ once more, by this run."""
        with self._database.write() as connection:
            this = suggestions.c.id == one.id
            connection.execute(suggestions.update().where(this).values(applied_in=run))

    def unsettled_writers(self) -> Mapping[int, str | None]:
        """Which run has written the suggestions that are not settled, and not queued either."""
        queued = sa.select(publications.c.suggestion).where(publications.c.state == "due")
        query = sa.select(suggestions.c.id, suggestions.c.applied_in).where(
            suggestions.c.settled.is_(False), suggestions.c.id.not_in(queued)
        )
        with self._database.read() as connection:
            return {row.id: row.applied_in for row in connection.execute(query)}

    def _close(
        self, connection: sa.Connection, due: DuePublication, values: Mapping[str, Any]
    ) -> None:
        this = publications.c.id == due.id
        connection.execute(publications.update().where(this).values(**values))

    def _tell_of(
        self,
        connection: sa.Connection,
        due: DuePublication,
        now: dt.datetime,
        content: Mapping[str, Any],
    ) -> None:
        if self._channel:
            say = Message(
                key=f"suggestion:{due.suggestion.id}:publishing:{due.id}",
                channel=self._channel,
                kind="publishing",
                content={"suggestion": due.suggestion.id, "forward": due.forward, **content},
                thread_of=card_key(due.suggestion.id),
            )
            enqueue(connection, say, now)

    def _show(
        self,
        connection: sa.Connection,
        due: DuePublication,
        now: dt.datetime,
        values: Mapping[str, Any],
    ) -> None:
        """Have the card show how publishing stands, if its decision is still that one."""
        one = lock_suggestion(connection, due.suggestion.id)
        if one is None or (one.state == "approved") != due.forward:
            return
        if all(getattr(one, name) == value for name, value in values.items()):
            return
        shown = replace(one, version=one.version + 1, **values)
        connection.execute(
            suggestions.update().where(suggestions.c.id == one.id).values(**to_row(shown))
        )
        if self._channel:
            content = {"suggestion": one.id, "version": shown.version}
            say = Message(
                key=card_key(one.id), channel=self._channel, kind="card", content=content
            )
            enqueue(connection, say, now)
