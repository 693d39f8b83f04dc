"""Use cases of review: suggest, decide, reopen after a postponement, pause.

    action ──► [lock, decide (pure), save, record, enqueue messages and the publication]

Each is one transaction, which locks the suggestion's row. So two people at the same moment, a
click that is delivered twice or two processes lead to one decision, and the second one is refused.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from pydantic import TypeAdapter

from bot.backoff import backoff
from bot.catalog.change import Change
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.limits.model import Activity, check_limit
from bot.limits.store import earlier_act
from bot.outbox.message import Message
from bot.outbox.store import enqueue
from bot.review.actions import Action, DecisionRules, Refusal, Reopen, Second, Transition, Wake
from bot.review.decision import decide
from bot.review.model import (
    BOT,
    DECIDED,
    OPEN,
    Event,
    EventKind,
    Person,
    Subject,
    Suggestion,
    is_removed,
)
from bot.review.store import (
    addition_title,
    events_of,
    find_existing,
    from_row,
    lock_suggestion,
    record_event,
    target_change,
    to_row,
)
from bot.review.tables import history, pauses, publications, suggestions

_FIRST_WAIT, _LONGEST_WAIT = 5.0, 600.0  # seconds
_ACTIVITIES: Mapping[type[Action], Activity] = {Reopen: "suggest", Second: "second"}
_EVENTS: Mapping[Activity, tuple[EventKind, ...]] = {
    "suggest": ("suggested", "reopened"),
    "second": ("seconded",),
}
CHANGE: TypeAdapter[Change] = TypeAdapter(Change)
_CARD_LAYOUT = 2
"""The number of the cards' layout: raised, it has all open cards edited at the next start.

2: every button carries the version of its suggestion.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A suggestion to make; `is_complete` unless arXiv has to be asked about it first."""

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
    """The suggestion that the paper had before."""

    suggestion: Suggestion


class ReviewService:
    """Makes and changes suggestions."""

    def __init__(self, database: Database, channel: str | None) -> None:
        """Cards go to `channel`; without one no cards are posted, and everything is stored."""
        self._database, self._channel = database, channel

    def suggest(self, proposal: Proposal, now: dt.datetime) -> SuggestionMade | AlreadySuggested:
        """Make a suggestion, unless the paper has one.

        People may suggest again what was approved and is no longer on the list; the bot may not.
        Raises DailyLimitError.
        """
        source = proposal.source
        with self._database.write() as connection:
            title = addition_title(proposal.subject)
            existing = find_existing(connection, proposal.identity, title)
            if existing is not None and (existing.state != "approved" or source is None):
                return AlreadySuggested(existing)
            if source:
                _check_limit(connection, "suggest", source, now)
            new = Suggestion(
                id=0,
                identity=proposal.identity,
                state="waiting" if proposal.is_complete else "gathering",
                version=1,
                subject=proposal.subject,
                source=source,
                suggested_at=now,
            )
            row = {**to_row(new), "tries": 0, "settled": True}
            key = connection.execute(suggestions.insert().values(**row)).inserted_primary_key
            made = replace(new, id=int(key[0]) if key else 0)
            record_event(
                connection,
                Event(
                    suggestion=made.id,
                    at=now,
                    actor=source or "",
                    what="suggested",
                    detail={"version": made.version},
                ),
            )
            self._enqueue(connection, None, made, now)
            return SuggestionMade(made)

    def act(
        self, number: int, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
    ) -> Transition | Refusal | None:
        """Apply an action to a suggestion; None if there is none with this number.

        Raises DailyLimitError.
        """
        with self._database.write() as connection:
            before = lock_suggestion(connection, number)
            if before is None:
                return None
            rules = replace(
                rules,
                has_dependents=_has_dependents(connection, before),
                is_suggested_again=_is_suggested_again(connection, before),
                history=events_of(connection, number),
            )
            outcome = decide(before, action, actor, now, rules)
            if isinstance(outcome, Transition):
                if activity := _ACTIVITIES.get(type(action)):
                    _check_limit(connection, activity, actor.id, now)
                self._save(connection, before, outcome, actor)
            return outcome

    def wake(self, suggestion: Suggestion, now: dt.datetime) -> None:
        """Reopen a suggestion whose postponement has expired."""
        self.act(suggestion.id, Wake(), BOT, now, DecisionRules())

    def enqueue_cards(self, open_suggestions: Iterable[Suggestion], now: dt.datetime) -> None:
        """Enqueue a card for each suggestion, also for those made before there was a channel."""
        with self._database.write() as connection:
            for suggestion in open_suggestions:
                self._enqueue(connection, None, suggestion, now)

    def refresh_card(self, number: int, now: dt.datetime) -> None:
        """Have a card edited if its buttons are of an earlier layout."""
        with self._database.write() as connection:
            suggestion = lock_suggestion(connection, number)
            if suggestion and suggestion.state != "gathering" and self._channel:
                enqueue(connection, card_message(self._channel, suggestion), now)

    def record_completion_attempt(self, suggestion: Suggestion, now: dt.datetime) -> int:
        """Record a failed attempt to complete a suggestion; returns the number of attempts."""
        this = suggestions.c.id == suggestion.id
        with self._database.write() as connection:
            tries = (connection.scalar(sa.select(suggestions.c.tries).where(this)) or 0) + 1
            wait = backoff(tries, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
            values = {"tries": tries, "next_try_at": now + dt.timedelta(seconds=wait)}
            connection.execute(suggestions.update().where(this).values(**values))
        return tries

    def pause(self, until: dt.datetime, by: Person) -> None:
        """Stop the bot's own suggestions until a moment; one in the past ends a pause."""
        with self._database.write() as connection:
            connection.execute(pauses.insert().values(until=until, by=by.id))

    def _save(
        self, connection: sa.Connection, before: Suggestion, outcome: Transition, actor: Person
    ) -> None:
        after, now = outcome.suggestion, outcome.event.at
        row = to_row(after)
        if "approved" in {before.state, after.state} and before.state != after.state:
            row |= {"settled": False, "applied_in": None}
            _publish(connection, after, actor, now)
        connection.execute(suggestions.update().where(suggestions.c.id == after.id).values(**row))
        record_event(connection, outcome.event)
        self._enqueue(connection, before, after, now)

    def _enqueue(
        self,
        connection: sa.Connection,
        before: Suggestion | None,
        after: Suggestion,
        now: dt.datetime,
    ) -> None:
        """Enqueue the messages that follow from a change of a suggestion."""
        content = {"suggestion": after.id, "version": after.version}
        if after.state != "gathering" and self._channel:
            for message in _card_messages(self._channel, before, after, now):
                enqueue(connection, message, now)
        if before and DECIDED & {before.state, after.state} and before.state != after.state:
            for person in _people_to_notify(after):
                key = f"suggestion:{after.id}:outcome:{person}"
                message = Message(key=key, channel=person, kind="outcome", content=content)
                enqueue(connection, message, now)


def card_key(number: int) -> str:
    """The outbox key of a suggestion's card."""
    return f"suggestion:{number}:card"


def card_message(channel: str, suggestion: Suggestion) -> Message:
    """The outbox message of a suggestion's card."""
    content = {
        "suggestion": suggestion.id,
        "version": suggestion.version,
        "layout": _CARD_LAYOUT,
    }
    return Message(key=card_key(suggestion.id), channel=channel, kind="card", content=content)


def _card_messages(
    channel: str, before: Suggestion | None, after: Suggestion, now: dt.datetime
) -> Iterator[Message]:
    key = card_key(after.id)
    yield card_message(channel, after)
    yield Message(
        key=f"suggestion:{after.id}:details",
        channel=channel,
        kind="details",
        content={"suggestion": after.id},
        thread_of=key,
    )
    if before and before.state in {"postponed", "rejected"} and after.state == "waiting":
        yield Message(
            key=f"suggestion:{after.id}:back:{now.isoformat()}",
            channel=channel,
            kind="back",
            content={"suggestion": after.id, "version": after.version, "was": before.state},
            thread_of=key,
        )


def _people_to_notify(suggestion: Suggestion) -> list[str]:
    """The people who wanted the paper, except the one who decided."""
    people = dict.fromkeys((suggestion.source, *suggestion.seconds))
    return [
        person
        for person in people
        if person and person != suggestion.decided_by and not is_removed(person)
    ]


def _publish(
    connection: sa.Connection, suggestion: Suggestion, actor: Person, now: dt.datetime
) -> None:
    """Queue the change that follows from a decision for the publisher."""
    connection.execute(
        publications.insert().values(
            suggestion=suggestion.id,
            forward=suggestion.state == "approved",
            change=CHANGE.dump_python(target_change(suggestion), mode="json"),
            author=actor.id,
            name=actor.name,
            at=now,
            state="due",
            tries=0,
            next_at=now,
        )
    )


def _check_limit(
    connection: sa.Connection, activity: Activity, person: str, now: dt.datetime
) -> None:
    """Check a person's events against a daily limit. Raises DailyLimitError."""
    acts = sa.select(history.c.at).where(
        history.c.actor == person, history.c.what.in_(_EVENTS[activity])
    )
    check_limit(activity, earlier_act(connection, acts, history.c.at, activity, now), now)


def _is_suggested_again(connection: sa.Connection, suggestion: Suggestion) -> bool:
    """Whether another suggestion of the same paper is open."""
    query = sa.select(suggestions.c.id).where(
        suggestions.c.open_identity == suggestion.identity, suggestions.c.id != suggestion.id
    )
    return connection.execute(query).first() is not None


def _has_dependents(connection: sa.Connection, suggestion: Suggestion) -> bool:
    """Whether a later change of the same entry is open or was approved."""
    after = suggestion.subject.after
    if after is None:
        return False
    query = sa.select(suggestions).where(
        suggestions.c.id > suggestion.id,
        suggestions.c.title_key == "",
        suggestions.c.state.in_(sorted([*OPEN, "approved"])),
    )
    later = (from_row(row).subject.before for row in connection.execute(query))
    return any(entry is not None and _is_same(entry, after, suggestion.mark) for entry in later)


def _is_same(entry: Entry, other: Entry, mark: str) -> bool:
    return entry == other or entry.by == mark
