"""Suggestions: changes of the list that people decide on. Values only.

    gathering ──► waiting ◄──► postponed          approved, rejected ──undo, re-open──► waiting
                     └──► approved | rejected

In the state `gathering`, arXiv has not yet been asked about the paper and there is no card. Every
other state has one.
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
EventKind = Literal[
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
    """A member of the workspace: Slack's id, and the author's name in a commit."""

    id: str
    name: str = ""


BOT = Person("", "papers bot")

REMOVED = "removed-"
"""The begin of the pseudonyms that `papers forget` puts in the place of ids: `removed-1`."""


def is_removed(person: str) -> bool:
    """Tell whether an id is the pseudonym of a person whose data were removed."""
    return person.startswith(REMOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The suggested change of the list, and the facts that a reviewer decides by.

    An addition has no `before`, a removal no `after`.
    """

    before: Entry | None = None
    after: Entry | None = None
    authors: tuple[str, ...] = ()
    abstract: str = ""
    categories: tuple[str, ...] = ()
    day: dt.date | None = None
    """The day on which arXiv announced the paper."""
    choices: tuple[SectionChoice, ...] = ()
    """Possible sections, best first."""
    reasons: Reasons | None = None
    rank: int | None = None
    ranked: int | None = None
    evidence: str | None = None
    note: str | None = None
    """The remark of the person who suggested it."""
    is_known: bool = True
    """Whether the title is known; until then the entry's title is the arXiv id."""
    is_placed: bool = True
    """Whether a person or the model chose the section; else it is the list's first one."""

    @property
    def kind(self) -> Kind:
        """The kind of change."""
        if self.before is None:
            return "addition"
        return "removal" if self.after is None else "correction"

    @property
    def entry(self) -> Entry:
        """The entry after the change, or before a removal."""
        entry = self.after or self.before
        if entry is None:
            raise AssertionError("a suggestion is about an entry")
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion with its present state."""

    id: int
    identity: str
    """The same for every suggestion of this paper: `arxiv:…`, `doi:…`, `url:…` or `title:…`."""
    state: State
    version: int
    subject: Subject
    source: str | None
    """The id of the person who suggested it; None is the bot itself, from arXiv."""
    suggested_at: dt.datetime
    seconds: tuple[str, ...] = ()
    """The ids of other people who support it."""
    approvals: tuple[str, ...] = ()
    wake_at: dt.datetime | None = None
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    reason: str | None = None
    published: str | None = None
    """The address or commit of the published change."""
    trouble: str | None = None
    """The reason why it could not be published yet."""

    @property
    def mark(self) -> str:
        """The value of `by` in the entry that an approval adds."""
        return f"suggestion-{self.id}"

    @property
    def change(self) -> Change:
        """The change of the list by an approval."""
        return Change(before=self.subject.before, after=self.subject.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event in a suggestion's history, which is never rewritten."""

    suggestion: int
    at: dt.datetime
    actor: str
    """A person's id, or empty for the bot itself."""
    what: EventKind
    detail: Mapping[str, Any] = field(default_factory=dict)
