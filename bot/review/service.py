"""The use cases of review: suggest, decide, wake, pause. Each is one transaction.

    action ──► [lock, decide (pure), save, record, enqueue messages and publications]

Two people at the same moment, a click delivered twice, two processes: the row is held while it is
decided on, so there is one decision, and the second one is told of the first.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError

from bot.backoff import backoff
from bot.catalog.change import Change
from bot.db.engine import Database
from bot.outbox.message import Message
from bot.outbox.store import enqueue
from bot.review.decision import Action, DecisionRules, Refusal, Transition, Wake, decide
from bot.review.model import BOT, DECIDED, OPEN, Event, Person, Subject, Suggestion
from bot.review.store import (
    find_existing,
    from_row,
    lock_suggestion,
    record_event,
    target_change,
    title_key,
    to_row,
)
from bot.review.tables import history, pauses, publications, suggestions

DAILY_LIMIT = 10
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0  # seconds
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What is to be suggested; `is_complete` unless arXiv is to be asked about it first."""

    identity: str
    subject: Subject
    source: str | None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class SuggestionMade:
    """A new suggestion."""

    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class AlreadySuggested:
    """The paper has a suggestion already."""

    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class DailyLimitReached:
    """Enough for a day, from one person."""

    limit: int


class ReviewService:
    """Changes suggestions, and says what follows."""

    def __init__(self, database: Database, channel: str | None) -> None:
        """Cards go to `channel`; without one nothing is posted, but everything is kept."""
        self._database, self._channel = database, channel

    def suggest(
        self, proposal: Proposal, now: dt.datetime
    ) -> SuggestionMade | AlreadySuggested | DailyLimitReached:
        """Make a suggestion, if the paper has none that stands in its way."""
        try:
            return self._suggest(proposal, now)
        except IntegrityError:  # somebody else did at the same moment
            return self._suggest(proposal, now)

    def act(
        self, number: int, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
    ) -> Transition | Refusal | None:
        """Do something to a suggestion; None if there is none of this number."""
        with self._database.write() as connection:
            one = lock_suggestion(connection, number)
            if one is None:
                return None
            ruled = replace(rules, has_dependents=_has_dependents(connection, one))
            taken = decide(one, action, actor, now, ruled)
            if isinstance(taken, Transition):
                self._keep(connection, one, taken, actor)
            return taken

    def wake(self, one: Suggestion, now: dt.datetime) -> None:
        """Bring a postponed suggestion back."""
        self.act(one.id, Wake(), BOT, now, DecisionRules())

    def enqueue_cards(self, open_ones: Iterable[Suggestion], now: dt.datetime) -> None:
        """Have a card for each of them, also for those from before there was a channel."""
        with self._database.write() as connection:
            for one in open_ones:
                for say in self._says(None, one, now):
                    enqueue(connection, say, now)

    def record_completion_attempt(self, one: Suggestion, now: dt.datetime) -> int:
        """Count a try to complete a suggestion that brought nothing; how many there were."""
        this = suggestions.c.id == one.id
        with self._database.write() as connection:
            tries = (connection.scalar(sa.select(suggestions.c.tries).where(this)) or 0) + 1
            wait = backoff(tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
            values = {"tries": tries, "next_try_at": now + dt.timedelta(seconds=wait)}
            connection.execute(suggestions.update().where(this).values(**values))
        return tries

    def pause(self, until: dt.datetime, by: Person) -> None:
        """Propose nothing of the bot's own until then; a moment in the past ends a pause."""
        with self._database.write() as connection:
            connection.execute(pauses.insert().values(until=until, by=by.id))

    def _suggest(
        self, proposal: Proposal, now: dt.datetime
    ) -> SuggestionMade | AlreadySuggested | DailyLimitReached:
        with self._database.write() as connection:
            there = find_existing(connection, proposal.identity, title_key(proposal.subject))
            # An approved paper that is not on the list any more may be suggested by people anew.
            if there is not None and (there.state != "approved" or proposal.source is None):
                return AlreadySuggested(there)
            if proposal.source and _today(connection, proposal.source, now) >= DAILY_LIMIT:
                return DailyLimitReached(DAILY_LIMIT)
            new = Suggestion(
                id=0,
                identity=proposal.identity,
                state="waiting" if proposal.is_complete else "gathering",
                version=1,
                subject=proposal.subject,
                source=proposal.source,
                suggested_at=now,
            )
            row = {**to_row(new), "tries": 0, "settled": True}
            number = connection.execute(suggestions.insert().values(**row)).inserted_primary_key
            made = replace(new, id=int(number[0]) if number else 0)
            actor = proposal.source or ""
            record_event(
                connection, Event(suggestion=made.id, at=now, actor=actor, what="suggested")
            )
            for say in self._says(None, made, now):
                enqueue(connection, say, now)
            return SuggestionMade(made)

    def _keep(
        self, connection: sa.Connection, before: Suggestion, taken: Transition, actor: Person
    ) -> None:
        after, now = taken.suggestion, taken.event.at
        row = to_row(after)
        if "approved" in {before.state, after.state} and before.state != after.state:
            row |= {"settled": False, "applied_in": None}
            self._publish(connection, after, actor, now)
        connection.execute(suggestions.update().where(suggestions.c.id == after.id).values(**row))
        record_event(connection, taken.event)
        for say in self._says(before, after, now):
            enqueue(connection, say, now)

    def _publish(
        self, connection: sa.Connection, after: Suggestion, actor: Person, now: dt.datetime
    ) -> None:
        connection.execute(
            publications.insert().values(
                suggestion=after.id,
                forward=after.state == "approved",
                change=CHANGE.dump_python(target_change(after), mode="json"),
                author=actor.id,
                name=actor.name,
                at=now,
                state="due",
                tries=0,
                next_at=now,
            )
        )

    def _says(
        self, before: Suggestion | None, after: Suggestion, now: dt.datetime
    ) -> Iterator[Message]:
        """What is to be said now that a suggestion has changed."""
        at = {"suggestion": after.id, "version": after.version}
        if after.state != "gathering" and self._channel:
            key = card_key(after.id)
            yield Message(key=key, channel=self._channel, kind="card", content=at)
            yield Message(
                key=f"suggestion:{after.id}:details",
                channel=self._channel,
                kind="details",
                content={"suggestion": after.id},
                thread_of=key,
            )
            if before and (before.state, after.state) in {
                ("postponed", "waiting"),
                ("rejected", "waiting"),
            }:
                again = f"suggestion:{after.id}:back:{now.isoformat()}"
                yield Message(
                    key=again,
                    channel=self._channel,
                    kind="back",
                    content=at | {"was": before.state},
                    thread_of=key,
                )
        if before and DECIDED & {before.state, after.state} and before.state != after.state:
            yield from _outcomes(after, at)


def _outcomes(after: Suggestion, at: dict[str, int]) -> Iterator[Message]:
    """Outcome messages to the people who wanted the paper, except the one who decided."""
    for person in dict.fromkeys((after.source, *after.seconds)):
        if person and person != after.decided_by:
            key = f"suggestion:{after.id}:outcome:{person}"
            yield Message(key=key, channel=person, kind="outcome", content=at)


def card_key(number: int) -> str:
    """The outbox's key of a suggestion's card."""
    return f"suggestion:{number}:card"


def _today(connection: sa.Connection, person: str, now: dt.datetime) -> int:
    """How many suggestions a person has made within a day."""
    query = sa.select(sa.func.count()).select_from(history)
    query = query.where(
        history.c.actor == person,
        history.c.what.in_(["suggested", "reopened"]),
        history.c.at > now - dt.timedelta(days=1),
    )
    return connection.scalar(query) or 0


def _has_dependents(connection: sa.Connection, one: Suggestion) -> bool:
    """Whether a later change of the same entry is open or was approved."""
    if one.subject.after is None:
        return False
    query = sa.select(suggestions).where(
        suggestions.c.id > one.id,
        suggestions.c.title_key == "",
        suggestions.c.state.in_(sorted([*OPEN, "approved"])),
    )
    later = (from_row(row).subject.before for row in connection.execute(query))
    return any(before is not None and _is_same(before, one) for before in later)


def _is_same(before: object, one: Suggestion) -> bool:
    after = one.subject.after
    marked = getattr(before, "by", None)
    return before == after or (marked is not None and marked == one.mark)
