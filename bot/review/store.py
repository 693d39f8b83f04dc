"""Suggestions in the database: rows and back, and queries."""

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.catalog.change import Change
from bot.catalog.identity import keys
from bot.catalog.keys import bounded_key
from bot.catalog.model import Entry, compact
from bot.db.engine import Database
from bot.discovery.record_store import same_keys
from bot.review.model import OPEN, Event, Subject, Suggestion
from bot.review.tables import history, pauses, suggestions

SUBJECT: TypeAdapter[Subject] = TypeAdapter(Subject)
_MARK = re.compile(r"suggestion-([0-9]{1,9})")
_TITLE_KEY_LENGTH = 255
_PLAIN = (
    "identity", "state", "version", "source", "suggested_at", "wake_at", "decided_by",
    "decided_at", "reason", "published", "trouble",
)  # fmt: skip


def to_row(suggestion: Suggestion) -> dict[str, Any]:
    """The columns of a suggestion, except its id."""
    return {name: getattr(suggestion, name) for name in _PLAIN} | {
        "open_identity": suggestion.identity if suggestion.state in OPEN else None,
        "title_key": addition_title(suggestion.subject),
        "subject": SUBJECT.dump_python(suggestion.subject, mode="json"),
        "seconds": list(suggestion.seconds),
        "approvals": list(suggestion.approvals),
    }


def from_row(row: sa.Row[Any]) -> Suggestion:
    """The suggestion of a row."""
    plain: Mapping[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    return Suggestion(
        **plain,
        id=row.id,
        subject=SUBJECT.validate_python(row.subject),
        seconds=tuple(row.seconds),
        approvals=tuple(row.approvals),
    )


def addition_title(subject: Subject) -> str:
    """The compacted title of an addition, equal for its spellings; empty for other kinds."""
    if subject.kind != "addition":
        return ""
    return bounded_key(compact(subject.entry.title), _TITLE_KEY_LENGTH)


def lock_suggestion(connection: sa.Connection, number: int) -> Suggestion | None:
    """Load a suggestion and lock its row until the transaction ends."""
    query = sa.select(suggestions).where(suggestions.c.id == number).with_for_update()
    row = connection.execute(query).first()
    return from_row(row) if row else None


def find_existing(connection: sa.Connection, identity: str, title: str) -> Suggestion | None:
    """The suggestion that this paper has, under any of its keys: an open one, else the last."""
    identities = same_keys(connection, [identity])[identity]
    same: sa.ColumnElement[bool] = suggestions.c.identity.in_(sorted(identities))
    if title:
        same = sa.or_(same, suggestions.c.title_key == title)
    query = sa.select(suggestions).where(same)
    query = query.order_by(suggestions.c.open_identity.is_(None), suggestions.c.id.desc())
    row = connection.execute(query).first()
    return from_row(row) if row else None


def record_event(connection: sa.Connection, event: Event) -> None:
    """Append an event to a suggestion's history."""
    connection.execute(
        history.insert().values(
            suggestion=event.suggestion,
            at=event.at,
            actor=event.actor,
            what=event.what,
            detail=dict(event.detail),
        )
    )


def events_of(connection: sa.Connection, number: int) -> tuple[Event, ...]:
    """The events of a suggestion, oldest first."""
    query = sa.select(history).where(history.c.suggestion == number).order_by(history.c.id)
    return tuple(
        Event(
            suggestion=row.suggestion,
            at=row.at,
            actor=row.actor,
            what=row.what,
            detail=row.detail,
        )
        for row in connection.execute(query)
    )


def target_change(suggestion: Suggestion) -> Change:
    """The change of the list that follows from a decision: the suggested one, or its reverse."""
    if suggestion.state == "approved":
        return suggestion.change
    if suggestion.subject.kind == "addition":
        # The approval had added the entry with its mark, which an open suggestion's lacks.
        return Change(before=replace(suggestion.subject.entry, by=suggestion.mark), after=None)
    return suggestion.change.reverse


class SuggestionStore:
    """Read-only queries of suggestions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, number: int) -> Suggestion | None:
        """The suggestion with a number."""
        return next(iter(self._all(suggestions.c.id == number)), None)

    def approval_of(self, entry: Entry) -> Suggestion | None:
        """The approved suggestion that added an entry; None if this database does not have it.

        The list may come from another installation, whose suggestions have the same numbers.
        """
        mark = _MARK.fullmatch(entry.by or "")
        suggestion = self.get(int(mark[1])) if mark else None
        if suggestion is None or suggestion.state != "approved":
            return None
        return suggestion if keys(suggestion.subject.entry) & keys(entry) else None

    def find_by_identity(self, identity: str) -> Suggestion | None:
        """The suggestion of a paper: the open one, else the last one."""
        with self._database.read() as connection:
            return find_existing(connection, identity, "")

    def existing_identities(self, identities: Collection[str]) -> frozenset[str]:
        """The papers of these that have a suggestion, open or decided, under any of their keys."""
        column = suggestions.c.identity
        with self._database.read() as connection:
            same = same_keys(connection, identities)
            every = sorted(frozenset().union(*same.values()))
            taken = set(connection.scalars(sa.select(column).where(column.in_(every))))
        return frozenset(identity for identity, keys in same.items() if keys & taken)

    def open(self) -> tuple[Suggestion, ...]:
        """The suggestions without a decision, oldest first."""
        return self._all(suggestions.c.state.in_(sorted(OPEN)))

    def decided_since(self, since: dt.datetime) -> tuple[Suggestion, ...]:
        """The suggestions decided since a moment, oldest first."""
        return self._all(suggestions.c.decided_at >= since)

    def rejected(self) -> tuple[Suggestion, ...]:
        """The rejected suggestions, oldest first."""
        return self._all(suggestions.c.state == "rejected")

    def gathering(self, now: dt.datetime) -> tuple[Suggestion, ...]:
        """The suggestions whose paper arXiv should be asked about now."""
        at = suggestions.c.next_try_at
        is_time = sa.or_(at.is_(None), at <= now)
        return self._all(sa.and_(suggestions.c.state == "gathering", is_time))

    def unanswered(self) -> tuple[tuple[Suggestion, int], ...]:
        """The suggestions whose paper was looked up in vain so far, with the number of tries."""
        query = (
            sa.select(suggestions)
            .where(suggestions.c.state == "gathering", suggestions.c.tries > 0)
            .order_by(suggestions.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple((from_row(row), row.tries) for row in rows)

    def expired_postponements(self, now: dt.datetime) -> tuple[Suggestion, ...]:
        """The postponed suggestions whose time has come."""
        return self._all(sa.and_(suggestions.c.state == "postponed", suggestions.c.wake_at <= now))

    def history(self, number: int) -> tuple[Event, ...]:
        """The events of a suggestion, oldest first."""
        with self._database.read() as connection:
            return events_of(connection, number)

    def event_counts(self) -> Mapping[str, int]:
        """The number of events of each kind, over all suggestions."""
        query = sa.select(history.c.what, sa.func.count()).group_by(history.c.what)
        with self._database.read() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query)}

    def revision(self) -> int:
        """A number that grows with every event, and so with every change of the list."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.max(history.c.id))) or 0

    def unsettled(self) -> tuple[tuple[Suggestion, Change], ...]:
        """Decisions that data/ may not hold yet, with their changes, in order of decision."""
        query = (
            sa.select(suggestions)
            .where(suggestions.c.settled.is_(False))
            .order_by(suggestions.c.decided_at, suggestions.c.id)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        decided = map(from_row, rows)
        return tuple((suggestion, target_change(suggestion)) for suggestion in decided)

    def paused_until(self, now: dt.datetime) -> tuple[dt.datetime, str] | None:
        """The end of a pause of the bot's own suggestions, and the id of who asked for it."""
        query = sa.select(pauses).order_by(pauses.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (row.until, row.by) if row and row.until > now else None

    def _all(self, where: sa.ColumnElement[bool]) -> tuple[Suggestion, ...]:
        query = sa.select(suggestions).where(where).order_by(suggestions.c.id)
        with self._database.read() as connection:
            return tuple(map(from_row, connection.execute(query)))
