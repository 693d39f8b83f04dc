"""A suggestion: a change of the list that people decide on. Values only; nothing here acts.

    gathering ──► waiting ◄──► postponed          approved, rejected ──undo, re-open──► waiting
                     └──► approved | rejected

`gathering`: what arXiv says of the paper is not known yet. Every other state has a card.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.catalog.change import Change
from bot.catalog.model import Entry
from bot.discovery.ranking.explanations import Reasons, SectionChoice

State = Literal["gathering", "waiting", "postponed", "approved", "rejected"]
Kind = Literal["addition", "correction", "removal"]
What = Literal[
    "suggested",
    "completed",
    "seconded",
    "approved",
    "accepted",
    "rejected",
    "postponed",
    "woke",
    "edited",
    "undone",
    "reopened",
    "published",
    "unpublished",
]

OPEN: frozenset[State] = frozenset({"gathering", "waiting", "postponed"})
DECIDED: frozenset[State] = frozenset({"approved", "rejected"})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace: Slack's id, and the name that a commit would carry."""

    id: str
    name: str = ""


BOT = Person("", "papers bot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is suggested, and what a reviewer needs to see why.

    An addition has no `before`, a removal no `after`.
    """

    before: Entry | None = None
    after: Entry | None = None
    authors: tuple[str, ...] = ()
    abstract: str = ""
    categories: tuple[str, ...] = ()
    day: dt.date | None = None
    """When arXiv announced it."""
    choices: tuple[SectionChoice, ...] = ()
    """Where it would go, the best place first."""
    reasons: Reasons | None = None
    rank: int | None = None
    ranked: int | None = None
    evidence: str | None = None
    note: str | None = None
    """What the person who suggests it says."""
    is_known: bool = True
    """Whether its title is; until arXiv or a person has told it, its id stands there."""
    is_placed: bool = True
    """Whether its section was chosen by a person, or by the model; else it is the first one."""

    @property
    def kind(self) -> Kind:
        """What would happen to the list."""
        if self.before is None:
            return "addition"
        return "removal" if self.after is None else "correction"

    @property
    def entry(self) -> Entry:
        """The entry that it is about: as it would be, or as it was."""
        found = self.after or self.before
        if found is None:
            raise AssertionError("a suggestion is about an entry")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion as it stands."""

    id: int
    identity: str
    """The same for every suggestion of this paper: `arxiv:…`, `doi:…`, `url:…` or `title:…`."""
    state: State
    version: int
    subject: Subject
    source: str | None
    """Who suggested it; None is the bot itself, from arXiv."""
    suggested_at: dt.datetime
    seconds: tuple[str, ...] = ()
    """Who else wants it."""
    approvals: tuple[str, ...] = ()
    wake_at: dt.datetime | None = None
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    reason: str | None = None
    published: str | None = None
    """Where the published change can be seen, or which commit it is."""
    trouble: str | None = None
    """Why it could not be published yet."""

    @property
    def mark(self) -> str:
        """What an entry carries in `by`."""
        return f"suggestion-{self.id}"

    @property
    def change(self) -> Change:
        """What approval does to the list."""
        return Change(before=self.subject.before, after=self.subject.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of a suggestion's history, never rewritten."""

    suggestion: int
    at: dt.datetime
    actor: str
    """Empty for the bot itself."""
    what: What
    detail: Mapping[str, Any] = field(default_factory=dict)
