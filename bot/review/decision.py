"""Who may do what to a suggestion, and what becomes of it. Pure: `now` and values in, values out.

A decision is refused with the reason, never silently. Whatever is taken gives the suggestion as it
is to be and the line that history keeps.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.catalog.model import Entry
from bot.review.model import (
    DECIDED,
    Event,
    Person,
    State,
    Subject,
    Suggestion,
    What,
)

UNDO_DAYS = 30

RefusalReason = Literal[
    "not a reviewer",
    "own suggestion",
    "approved already",
    "decided",
    "open",
    "gathering",
    "too late",
    "depended on",
    "no title",
    "listed",
    "no reason",
]


@dataclass(frozen=True, slots=True)
class Approve:
    """Yes; in this section, if another than the proposed one was chosen."""

    section: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """No, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Ask again then."""

    until: dt.datetime


@dataclass(frozen=True, slots=True)
class Edit:
    """It is to be listed like this."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Undo:
    """Take the decision back."""


@dataclass(frozen=True, slots=True)
class Reopen:
    """Talk of a rejected one again, for a reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Second:
    """Want it, too."""


@dataclass(frozen=True, slots=True)
class Complete:
    """What arXiv has told of it; the bot's own doing, as is `Wake`."""

    subject: Subject


@dataclass(frozen=True, slots=True)
class Wake:
    """Its later has come."""


Action = Approve | Reject | Postpone | Edit | Undo | Reopen | Second | Complete | Wake


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRules:
    """What holds for one actor and one suggestion at this moment."""

    is_reviewer: bool = False
    quorum: int = 1
    self_approval: bool = True
    is_listed: bool = False
    """Whether the paper is on the list by other ways."""
    has_dependents: bool = False
    """Whether a later decision stands on this one."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition."""

    suggestion: Suggestion
    event: Event


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an action was refused; the suggestion is unchanged."""

    reason: RefusalReason
    suggestion: Suggestion


def decide(
    one: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> Transition | Refusal:
    """What the action makes of the suggestion, or why it is refused."""
    if why := _objection(one, action, actor, now, rules):
        return Refusal(why, one)
    what, changed, detail = _STEPS[type(action)](one, action, actor, now, rules)
    after = replace(changed, version=one.version + 1)
    return Transition(
        after, Event(suggestion=one.id, at=now, actor=actor.id, what=what, detail=detail)
    )


_NEEDED: Mapping[type, State] = {Complete: "gathering", Wake: "postponed"}


def _objection(
    one: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> RefusalReason | None:
    """The first thing that speaks against an action, if anything does."""
    reviewing = isinstance(action, Approve | Reject | Postpone | Edit | Undo)
    if reviewing and not rules.is_reviewer:
        return "not a reviewer"
    if isinstance(action, Undo):
        return _objection_to_undo(one, now, rules)
    if isinstance(action, Reopen):
        return _objection_to_reopening(one, action.reason)
    if needed := _NEEDED.get(type(action)):
        return None if one.state == needed else "open"
    if one.state == "gathering" and reviewing:
        return "gathering"
    return _objection_to_answer(one, action, actor, rules)


def _objection_to_undo(
    one: Suggestion, now: dt.datetime, rules: DecisionRules
) -> RefusalReason | None:
    if one.state not in DECIDED or one.decided_at is None:
        return "open"
    if rules.has_dependents:
        return "depended on"
    return "too late" if now - one.decided_at > dt.timedelta(days=UNDO_DAYS) else None


def _objection_to_reopening(one: Suggestion, reason: str) -> RefusalReason | None:
    if one.state != "rejected":
        return "decided" if one.state in DECIDED else "open"
    return None if reason.strip() else "no reason"


def _objection_to_answer(
    one: Suggestion, action: Action, actor: Person, rules: DecisionRules
) -> RefusalReason | None:
    if one.state in DECIDED:
        return "decided"
    if isinstance(action, Reject):
        return None if action.reason.strip() else "no reason"
    return _objection_to_approval(one, actor, rules) if isinstance(action, Approve) else None


def _objection_to_approval(
    one: Suggestion, actor: Person, rules: DecisionRules
) -> RefusalReason | None:
    if not one.subject.is_known:
        return "no title"
    if actor.id == one.source and not rules.self_approval:
        return "own suggestion"
    if actor.id in one.approvals:
        return "approved already"
    return "listed" if rules.is_listed and one.subject.kind == "addition" else None


Step = tuple[What, Suggestion, Mapping[str, Any]]


def _approve(
    one: Suggestion, action: Approve, actor: Person, now: dt.datetime, rules: DecisionRules
) -> Step:
    approvals = (*one.approvals, actor.id)
    subject = _in_section(one.subject, action.section)
    if len(approvals) < rules.quorum:
        voted = replace(one, approvals=approvals, subject=subject, state="waiting", wake_at=None)
        return "approved", voted, {"needed": rules.quorum}
    entry = subject.after
    if entry is not None and one.subject.kind == "addition":
        subject = replace(subject, after=replace(entry, added=now.date(), by=one.mark))
    decided = replace(
        one,
        state="approved",
        approvals=approvals,
        subject=subject,
        wake_at=None,
        decided_by=actor.id,
        decided_at=now,
        reason=None,
    )
    return "accepted", decided, {"sections": list(subject.entry.sections), "name": actor.name}


def _in_section(subject: Subject, section: str | None) -> Subject:
    """With another home; sections in which it is cross-listed stay."""
    if section is None or subject.after is None or section == subject.after.home:
        return subject
    others = tuple(path for path in subject.after.sections[1:] if path != section)
    return replace(subject, after=replace(subject.after, sections=(section, *others)))


def _reject(
    one: Suggestion, action: Reject, actor: Person, now: dt.datetime, _rules: DecisionRules
) -> Step:
    decided = replace(
        one,
        state="rejected",
        wake_at=None,
        decided_by=actor.id,
        decided_at=now,
        reason=action.reason.strip(),
    )
    return "rejected", decided, {"reason": action.reason.strip(), "name": actor.name}


def _postpone(
    one: Suggestion, action: Postpone, _actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    later = replace(one, state="postponed", wake_at=action.until)
    return "postponed", later, {"until": action.until.isoformat()}


def _edit(
    one: Suggestion, action: Edit, _actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    # Who approved had read another text.
    subject = replace(one.subject, after=action.entry, is_known=True)
    edited = replace(one, subject=subject, approvals=())
    return "edited", edited, {"title": action.entry.title}


def _undo(
    one: Suggestion, _action: Undo, actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    again = _open_again(one)
    return "undone", again, {"was": one.state, "by": one.decided_by, "name": actor.name}


def _reopen(
    one: Suggestion, action: Reopen, actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    again = _open_again(one)
    subject = replace(again.subject, note=action.reason.strip())
    seconds = (*(who for who in one.seconds if who != actor.id), actor.id)
    detail = {"reason": action.reason.strip(), "rejected_for": one.reason}
    return "reopened", replace(again, subject=subject, seconds=seconds), detail


def _open_again(one: Suggestion) -> Suggestion:
    subject, entry = one.subject, one.subject.after
    if entry is not None and subject.kind == "addition":
        subject = replace(subject, after=replace(entry, added=None, by=None))
    return replace(
        one,
        state="waiting",
        subject=subject,
        approvals=(),
        decided_by=None,
        decided_at=None,
        reason=None,
        published=None,
        trouble=None,
    )


def _second(
    one: Suggestion, _action: Second, actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    others = tuple(who for who in one.seconds if who != actor.id)
    return "seconded", replace(one, seconds=(*others, actor.id)), {}


def _complete(
    one: Suggestion, action: Complete, _actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    return "completed", replace(one, state="waiting", subject=action.subject), {}


def _wake(
    one: Suggestion, _action: Wake, _actor: Person, _now: dt.datetime, _rules: DecisionRules
) -> Step:
    return "woke", replace(one, state="waiting", wake_at=None), {}


_STEPS: Mapping[type, Callable[..., Step]] = {
    Approve: _approve,
    Reject: _reject,
    Postpone: _postpone,
    Edit: _edit,
    Undo: _undo,
    Reopen: _reopen,
    Second: _second,
    Complete: _complete,
    Wake: _wake,
}
