"""Actions of people and of the bot on suggestions, and their results. Values only."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from bot.catalog.model import Entry
from bot.review.model import Event, Subject, Suggestion

RefusalReason = Literal[
    "not a reviewer",
    "stale",
    "own suggestion",
    "own support",
    "own edit",
    "seconded already",
    "approved already",
    "decided",
    "open",
    "gathering",
    "too late",
    "depended on",
    "suggested again",
    "no title",
    "listed",
    "no reason",
    "no section",
    "address as title",
]


@dataclass(frozen=True, slots=True)
class Approve:
    """Approve a suggestion, in another section than the proposed one where `section` is given."""

    section: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """Reject a suggestion."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Close a suggestion until a moment."""

    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the suggested entry."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the decision back."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Reopen a rejected suggestion."""

    reason: str


@dataclass(frozen=True, slots=True)
class Second:
    """Support a suggestion of another person."""


@dataclass(frozen=True, slots=True)
class Complete:
    """Add what arXiv says of the paper; only the bot does this."""

    subject: Subject


@dataclass(frozen=True, slots=True)
class Wake:
    """Reopen a suggestion whose postponement has expired; only the bot does this."""


Action = Approve | Reject | Postpone | Edit | Undo | Reopen | Second | Complete | Wake
Decision = Approve | Reject | Postpone | Edit | Undo
"""The actions that only reviewers may do, and only on what they saw.

The others depend on nothing that a card shows: to support a paper or to speak for a rejected one
decides nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """The rules that apply to one actor and one suggestion at this moment."""

    is_reviewer: bool = False
    quorum: int = 1
    self_approval: bool = True
    is_listed: bool = False
    """Whether the list has the paper already."""
    has_dependents: bool = False
    """Whether a later suggestion changes the entry that this one made."""
    is_suggested_again: bool = False
    """Whether another suggestion of the paper is open; a paper has one at most."""
    seen: int | None = None
    """The version that the actor saw; 0: an unknown one, which is stale. None: not checked."""
    history: tuple[Event, ...] = ()
    """The events of the suggestion, oldest first."""
    former_reviewers: frozenset[str] = frozenset()
    """The people who approved it and do not review any more."""
    sections: Collection[str] | None = None
    """The paths of the list's sections; None if they do not matter to the action."""


@dataclass(frozen=True, slots=True)
class Transition:
    """An accepted action: the changed suggestion and the event to record."""

    suggestion: Suggestion
    event: Event


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused action; the suggestion is unchanged."""

    reason: RefusalReason
    suggestion: Suggestion
    changes: tuple[Event, ...] = ()
    """The changes since the version that the actor saw, if that is stale and known."""
