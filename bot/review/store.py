"""Suggestions as rows and back again, and the questions that are asked of them."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.catalog.change import Change
from bot.catalog.model import compact
from bot.db.engine import Database
from bot.review.model import OPEN, Event, Subject, Suggestion
from bot.review.tables import history, pauses, suggestions

SUBJECT: TypeAdapter[Subject] = TypeAdapter(Subject)
_PLAIN = (
    "id", "identity", "state", "version", "source", "suggested_at", "wake_at", "decided_by",
    "decided_at", "reason", "published", "trouble",
)  # fmt: skip


def to_row(one: Suggestion) -> dict[str, Any]:
    """The columns of a suggestion, its id left out."""
    row = {name: getattr(one, name) for name in _PLAIN if name != "id"}
    return row | {
        "open_identity": one.identity if one.state in OPEN else None,
        "title_key": title_key(one.subject),
        "subject": SUBJECT.dump_python(one.subject, mode="json"),
        "seconds": list(one.seconds),
        "approvals": list(one.approvals),
    }


def from_row(row: sa.Row[Any]) -> Suggestion:
    """The suggestion in a row."""
    plain: Mapping[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return Suggestion(
        **plain,
        subject=SUBJECT.validate_python(row.subject),
        seconds=tuple(row.seconds),
        approvals=tuple(row.approvals),
    )


def title_key(subject: Subject) -> str:
    """The same for additions of one title; empty for what changes a listed entry."""
    return compact(subject.entry.title)[:255] if subject.kind == "addition" else ""


def lock_suggestion(connection: sa.Connection, number: int) -> Suggestion | None:
    """A suggestion, its row held until the transaction ends."""
    query = sa.select(suggestions).where(suggestions.c.id == number).with_for_update()
    row = connection.execute(query).first()
    return from_row(row) if row else None


def find_existing(connection: sa.Connection, identity: str, title: str) -> Suggestion | None:
    """The suggestion that this paper has already: an open one, else the last one made."""
    same = suggestions.c.identity == identity
    if title:
        same = sa.or_(same, suggestions.c.title_key == title)
    query = sa.select(suggestions).where(same)
    query = query.order_by(suggestions.c.open_identity.is_(None), suggestions.c.id.desc())
    row = connection.execute(query).first()
    return from_row(row) if row else None


def record_event(connection: sa.Connection, event: Event) -> None:
    """Add a line to the history."""
    connection.execute(
        history.insert().values(
            suggestion=event.suggestion,
            at=event.at,
            actor=event.actor,
            what=event.what,
            detail=dict(event.detail),
        )
    )


class SuggestionStore:
    """What can be asked of the suggestions without changing them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, number: int) -> Suggestion | None:
        """The suggestion of a number."""
        return self._first(sa.select(suggestions).where(suggestions.c.id == number))

    def find_by_identity(self, identity: str) -> Suggestion | None:
        """The suggestion of a paper: the open one, else the last one made."""
        with self._database.read() as connection:
            return find_existing(connection, identity, "")

    def existing_identities(self, identities: Collection[str]) -> frozenset[str]:
        """Which of these papers have a suggestion, open or decided."""
        column = suggestions.c.identity
        query = sa.select(column).where(column.in_(sorted(identities)))
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))

    def open(self) -> tuple[Suggestion, ...]:
        """What is still to be decided, the oldest first."""
        return self._all(suggestions.c.state.in_(sorted(OPEN)))

    def decided_since(self, since: dt.datetime) -> tuple[Suggestion, ...]:
        """What was decided since a moment, the earliest first."""
        return self._all(suggestions.c.decided_at >= since)

    def rejected(self) -> tuple[Suggestion, ...]:
        """What reviewers did not want."""
        return self._all(suggestions.c.state == "rejected")

    def gathering(self, now: dt.datetime) -> tuple[Suggestion, ...]:
        """What arXiv is to be asked about now."""
        at = suggestions.c.next_try_at
        is_time = sa.or_(at.is_(None), at <= now)
        return self._all(sa.and_(suggestions.c.state == "gathering", is_time))

    def expired_postponements(self, now: dt.datetime) -> tuple[Suggestion, ...]:
        """What was put off until now."""
        return self._all(sa.and_(suggestions.c.state == "postponed", suggestions.c.wake_at <= now))

    def history(self, number: int) -> tuple[Event, ...]:
        """What happened to a suggestion, from the beginning."""
        query = sa.select(history).where(history.c.suggestion == number).order_by(history.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Event(
                suggestion=row.suggestion,
                at=row.at,
                actor=row.actor,
                what=row.what,
                detail=row.detail,
            )
            for row in rows
        )

    def event_counts(self) -> Mapping[str, int]:
        """How often each thing has happened to suggestions."""
        query = sa.select(history.c.what, sa.func.count()).group_by(history.c.what)
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}

    def revision(self) -> int:
        """Grows whenever what lookups show may have changed."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.max(history.c.id))) or 0

    def unsettled(self) -> tuple[tuple[Suggestion, Change], ...]:
        """What the list is to become beyond what data/ is known to hold, in order of decision."""
        query = (
            sa.select(suggestions)
            .where(suggestions.c.settled.is_(False))
            .order_by(suggestions.c.decided_at, suggestions.c.id)
        )
        with self._database.read() as connection:
            found = [from_row(row) for row in connection.execute(query)]
        return tuple((one, target_change(one)) for one in found)

    def paused_until(self, now: dt.datetime) -> tuple[dt.datetime, str] | None:
        """Until when the bot proposes nothing of its own, and who wants that."""
        query = sa.select(pauses).order_by(pauses.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (row.until, row.by) if row and row.until > now else None

    def _first(self, query: sa.Select[Any]) -> Suggestion | None:
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return from_row(row) if row else None

    def _all(self, where: sa.ColumnElement[bool]) -> tuple[Suggestion, ...]:
        query = sa.select(suggestions).where(where).order_by(suggestions.c.id)
        with self._database.read() as connection:
            return tuple(from_row(row) for row in connection.execute(query))


def target_change(one: Suggestion) -> Change:
    """What the list is to become by a suggestion: its change, or that taken back."""
    if one.state == "approved":
        return one.change
    if one.subject.kind == "addition":
        # The entry that an approval had added carries the mark, which an open one has not yet.
        return Change(before=replace(one.subject.entry, by=one.mark), after=None)
    return one.change.reverse
