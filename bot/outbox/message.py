"""Outbox messages and their delivery state. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "card", "details", "outcome", "back", "publishing", "feeds", "digest", "digest part", "notice"
]
State = Literal["due", "sent", "dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to deliver once, under its key.

    Enqueued again with other content, it becomes an edit of the same message. `content` is plain
    JSON whose fields depend on `kind`; the sender renders it for Slack at delivery.
    """

    key: str
    channel: str
    """A channel's id, or a person's for a direct message."""
    kind: Kind
    content: Mapping[str, Any]
    thread_of: str | None = None
    """The key of the message in whose thread it belongs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """A message as stored, with its delivery state; the columns of `tables.outbox`."""

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
    """Slack's id of the thread's first message, once that is posted."""
    thread_in: str | None = None
    """The channel in which the thread's first message is posted, whatever `channel` is."""

    @property
    def is_thread_missed(self) -> bool:
        """Whether the thread's first message was posted again for this one, which is not posted.

        A row without a `ts` has `posted_in` only then.
        """
        return self.ts is None and self.posted_in is not None


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of due messages, the time of the oldest, and the number of dead ones."""

    due: int
    oldest: dt.datetime | None
    dead: int
