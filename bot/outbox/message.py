"""A thing to say, and how its saying stands. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "card", "details", "outcome", "back", "publishing", "feeds", "digest", "digest part"
]
State = Literal["due", "sent", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is to be said, once, under its key.

    Said again with other content it is an edit of the same message. `content` is plain JSON, typed
    by its kind: what Slack is shown is made of it when it is sent.
    """

    key: str
    channel: str
    """A channel's id; a person's for a direct message."""
    kind: Kind
    content: Mapping[str, Any]
    thread_of: str | None = None
    """The key of the message in whose thread it belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A row of the outbox."""

    id: int
    key: str
    channel: str
    kind: Kind
    content: Mapping[str, Any]
    version: int
    sent_version: int
    state: State
    attempted: int | None
    tries: int
    thread_of: str | None
    posted_in: str | None
    ts: str | None
    problem: str | None
    created_at: dt.datetime
    thread_ts: str | None = None
    """Slack's id of the message in whose thread it goes, once that is known."""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How much is waiting to be said, since when, and how much was given up."""

    due: int
    oldest: dt.datetime | None
    dead: int
