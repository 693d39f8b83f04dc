"""Rules of review: who may do what to a suggestion, and its state afterwards. Pure.

An action is either refused with a reason, or gives the changed suggestion and an event for its
history.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.catalog.hosts import looks_like_address
from bot.catalog.model import Entry
from bot.review.changes import changes_since, entry_changes, last_editor
from bot.review.model import DECIDED, Event, EventKind, Person, State, Subject, Suggestion

UNDO_DAYS = 30

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


def decide(
    suggestion: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> Transition | Refusal:
    """Apply an action to a suggestion, or refuse it."""
    if reason := _objection(suggestion, action, actor, now, rules):
        return _refusal(reason, suggestion, actor, rules)
    if isinstance(action, Approve | Reject | Undo | Reopen):
        kind, changed, detail = _change_decision(suggestion, action, actor, now, rules)
    else:
        kind, changed, detail = _change_open(suggestion, action, actor)
    version = suggestion.version + 1
    detail = {**detail, "version": version}
    event = Event(suggestion=suggestion.id, at=now, actor=actor.id, what=kind, detail=detail)
    return Transition(replace(changed, version=version), event)


def objection_to_form(
    suggestion: Suggestion, actor: Person, rules: DecisionRules
) -> Refusal | None:
    """The reason against opening a reviewer's form about a suggestion, if there is one."""
    reason = _objection_to_review(suggestion, actor, rules)
    if reason is None and suggestion.state in DECIDED:
        reason = "decided"
    return _refusal(reason, suggestion, actor, rules) if reason else None


def _refusal(
    reason: RefusalReason, suggestion: Suggestion, actor: Person, rules: DecisionRules
) -> Refusal:
    is_explained = reason == "stale" and rules.seen
    return Refusal(reason, suggestion, _unseen_changes(actor, rules) if is_explained else ())


_REQUIRED_STATE: Mapping[type, State] = {Complete: "gathering", Wake: "postponed"}


def _objection(
    suggestion: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> RefusalReason | None:
    """The first reason against an action, if there is one."""
    if isinstance(action, Decision) and (reason := _objection_to_review(suggestion, actor, rules)):
        return reason
    if isinstance(action, Undo):
        return _objection_to_undo(suggestion, now, rules)
    if isinstance(action, Reopen):
        return _objection_to_reopening(suggestion, action.reason, rules)
    if required := _REQUIRED_STATE.get(type(action)):
        return None if suggestion.state == required else "open"
    if suggestion.state == "gathering" and isinstance(action, Decision):
        return "gathering"
    return _objection_to_answer(suggestion, action, actor, rules)


def _objection_to_review(
    suggestion: Suggestion, actor: Person, rules: DecisionRules
) -> RefusalReason | None:
    """The reason against any action of a reviewer: another person, or a stale view.

    A later version than the present one is of a database that was replaced by a backup.
    """
    if not rules.is_reviewer:
        return "not a reviewer"
    if rules.seen is None:
        return None
    is_possible = 0 < rules.seen <= suggestion.version
    return None if is_possible and not _unseen_changes(actor, rules) else "stale"


def _unseen_changes(actor: Person, rules: DecisionRules) -> tuple[Event, ...]:
    return changes_since(rules.history, rules.seen or 0, actor.id)


def _objection_to_undo(
    suggestion: Suggestion, now: dt.datetime, rules: DecisionRules
) -> RefusalReason | None:
    if suggestion.state not in DECIDED or suggestion.decided_at is None:
        return "open"
    if rules.has_dependents:
        return "depended on"
    if rules.is_suggested_again:
        return "suggested again"
    is_late = now - suggestion.decided_at > dt.timedelta(days=UNDO_DAYS)
    return "too late" if is_late else None


def _objection_to_reopening(
    suggestion: Suggestion, reason: str, rules: DecisionRules
) -> RefusalReason | None:
    if suggestion.state != "rejected":
        return "decided" if suggestion.state in DECIDED else "open"
    if rules.is_suggested_again:
        return "suggested again"
    return None if reason.strip() else "no reason"


def _objection_to_answer(
    suggestion: Suggestion, action: Action, actor: Person, rules: DecisionRules
) -> RefusalReason | None:
    if suggestion.state in DECIDED:
        return "decided"
    if isinstance(action, Reject):
        return None if action.reason.strip() else "no reason"
    if isinstance(action, Approve):
        reason = _objection_to_approval(suggestion, actor, rules)
        return reason or _objection_to_entry(
            _in_section(suggestion.subject, action.section), rules
        )
    if isinstance(action, Edit):
        return _objection_to_entry(replace(suggestion.subject, after=action.entry), rules)
    if isinstance(action, Second) and actor.id in suggestion.seconds:
        return "seconded already"
    return None


def _objection_to_entry(subject: Subject, rules: DecisionRules) -> RefusalReason | None:
    """The reason why an entry may not be listed as it is."""
    entry = subject.after
    if entry is None:
        return None
    if rules.sections is not None and not set(entry.sections) <= set(rules.sections):
        return "no section"
    return "address as title" if looks_like_address(entry.title) else None


def _objection_to_approval(
    suggestion: Suggestion, actor: Person, rules: DecisionRules
) -> RefusalReason | None:
    if not suggestion.subject.is_known:
        return "no title"
    if reason := _interest(suggestion, actor.id, rules):
        return reason
    if actor.id in suggestion.approvals:
        return "approved already"
    return "listed" if rules.is_listed and suggestion.subject.kind == "addition" else None


def _interest(suggestion: Suggestion, person: str, rules: DecisionRules) -> RefusalReason | None:
    """The reason why a person may not approve a suggestion as their own, if there is one.

    People who reopened a suggestion are among those who support it.
    """
    if rules.self_approval:
        return None
    if person == suggestion.source:
        return "own suggestion"
    if person in suggestion.seconds:
        return "own support"
    return "own edit" if person == last_editor(rules.history) else None


_Step = tuple[EventKind, Suggestion, Mapping[str, Any]]
"""The event's kind, the changed suggestion and the event's detail."""


def _change_decision(
    suggestion: Suggestion,
    action: Approve | Reject | Undo | Reopen,
    actor: Person,
    now: dt.datetime,
    rules: DecisionRules,
) -> _Step:
    match action:
        case Approve(section):
            return _approve(suggestion, section, actor, now, rules)
        case Reject():
            reason = action.reason.strip()
            rejected = _decided(suggestion, "rejected", actor, now, reason=reason)
            return "rejected", rejected, {"reason": reason, "name": actor.name}
        case Undo():
            detail = {"was": suggestion.state, "by": suggestion.decided_by, "name": actor.name}
            return "undone", _reopened(suggestion), detail
        case Reopen():
            reason = action.reason.strip()
            reopened = _seconded(_reopened(suggestion), actor)
            noted = replace(reopened, subject=replace(reopened.subject, note=reason))
            return "reopened", noted, {"reason": reason, "rejected_for": suggestion.reason}


def _change_open(
    suggestion: Suggestion, action: Postpone | Edit | Second | Complete | Wake, actor: Person
) -> _Step:
    match action:
        case Postpone(until):
            postponed = replace(suggestion, state="postponed", wake_at=until)
            return "postponed", postponed, {"until": until.isoformat()}
        case Edit(entry):
            return _edit(suggestion, entry, actor)
        case Second():
            return "seconded", _seconded(suggestion, actor), {}
        case Complete(subject):
            return "completed", replace(suggestion, state="waiting", subject=subject), {}
        case Wake():
            return "woke", replace(suggestion, state="waiting", wake_at=None), {}


def _edit(suggestion: Suggestion, entry: Entry, actor: Person) -> _Step:
    """Replace the entry; approvals of another one lapse."""
    subject = replace(suggestion.subject, after=entry, is_known=True)
    changed = entry_changes(suggestion.subject.after, entry)
    detail: dict[str, Any] = {"title": entry.title, "name": actor.name, "changed": changed}
    edited = replace(suggestion, subject=subject)
    if changed and suggestion.approvals:
        edited = replace(edited, approvals=())
        detail["lapsed"] = list(suggestion.approvals)
    return "edited", edited, detail


def _approve(
    suggestion: Suggestion,
    section: str | None,
    actor: Person,
    now: dt.datetime,
    rules: DecisionRules,
) -> _Step:
    subject = _in_section(suggestion.subject, section)
    changed = entry_changes(suggestion.subject.after, subject.after)
    earlier = () if changed else _countable(suggestion, rules)
    detail: dict[str, Any] = {"changed": changed} if changed else {}
    if lapsed := [person for person in suggestion.approvals if person not in earlier]:
        detail["lapsed"] = lapsed
    approvals = (*earlier, actor.id)
    approved = replace(suggestion, approvals=approvals, subject=subject, wake_at=None)
    if len(approvals) < rules.quorum:
        detail["needed"] = rules.quorum
        return "approved", replace(approved, state="waiting"), detail
    entry = subject.after
    if entry is not None and subject.kind == "addition":
        marked = replace(entry, added=now.date(), by=suggestion.mark)
        approved = replace(approved, subject=replace(subject, after=marked))
    accepted = _decided(approved, "approved", actor, now, reason=None)
    detail |= {"sections": list(subject.entry.sections), "name": actor.name}
    return "accepted", accepted, detail


def _countable(suggestion: Suggestion, rules: DecisionRules) -> tuple[str, ...]:
    """The earlier approvals that still count."""
    return tuple(
        person
        for person in suggestion.approvals
        if person not in rules.former_reviewers and not _interest(suggestion, person, rules)
    )


def _decided(
    suggestion: Suggestion, state: State, actor: Person, now: dt.datetime, *, reason: str | None
) -> Suggestion:
    return replace(
        suggestion, state=state, wake_at=None, decided_by=actor.id, decided_at=now, reason=reason
    )


def _in_section(subject: Subject, section: str | None) -> Subject:
    """A subject with another home section; cross-listings stay."""
    if section is None or subject.after is None or section == subject.after.home:
        return subject
    others = tuple(path for path in subject.after.sections[1:] if path != section)
    return replace(subject, after=replace(subject.after, sections=(section, *others)))


def _reopened(suggestion: Suggestion) -> Suggestion:
    subject, entry = suggestion.subject, suggestion.subject.after
    if entry is not None and subject.kind == "addition":
        subject = replace(subject, after=replace(entry, added=None, by=None))
    return replace(
        suggestion,
        state="waiting",
        subject=subject,
        approvals=(),
        decided_by=None,
        decided_at=None,
        reason=None,
        published=None,
        trouble=None,
    )


def _seconded(suggestion: Suggestion, actor: Person) -> Suggestion:
    others = (person for person in suggestion.seconds if person != actor.id)
    return replace(suggestion, seconds=(*others, actor.id))
