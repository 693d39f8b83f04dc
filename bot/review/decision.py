"""Decisions of review: an action on a suggestion, and the suggestion afterwards. Pure.

An action is either refused with a reason, or gives the changed suggestion and an event for its
history.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.catalog.model import Entry
from bot.review.actions import (
    Action,
    Approve,
    Complete,
    DecisionRules,
    Edit,
    Postpone,
    Refusal,
    Reject,
    Reopen,
    Second,
    Transition,
    Undo,
    Wake,
)
from bot.review.changes import entry_changes
from bot.review.model import Event, EventKind, Person, State, Suggestion
from bot.review.objections import in_section, interest, objection


def decide(
    suggestion: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> Transition | Refusal:
    """Apply an action to a suggestion, or refuse it."""
    if refused := objection(suggestion, action, actor, now, rules):
        return refused
    if isinstance(action, Approve | Reject | Undo | Reopen):
        kind, changed, detail = _change_decision(suggestion, action, actor, now, rules)
    else:
        kind, changed, detail = _change_open(suggestion, action, actor)
    version = suggestion.version + 1
    detail = {**detail, "version": version}
    event = Event(suggestion=suggestion.id, at=now, actor=actor.id, what=kind, detail=detail)
    return Transition(replace(changed, version=version), event)


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
    subject = in_section(suggestion.subject, section)
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
        if person not in rules.former_reviewers and not interest(suggestion, person, rules)
    )


def _decided(
    suggestion: Suggestion, state: State, actor: Person, now: dt.datetime, *, reason: str | None
) -> Suggestion:
    return replace(
        suggestion, state=state, wake_at=None, decided_by=actor.id, decided_at=now, reason=reason
    )


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
