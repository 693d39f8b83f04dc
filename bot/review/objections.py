"""Reasons against actions on suggestions: who may do what, and when. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from bot.catalog.hosts import looks_like_address
from bot.review.actions import (
    Action,
    Approve,
    Complete,
    Decision,
    DecisionRules,
    Edit,
    Refusal,
    RefusalReason,
    Reject,
    Reopen,
    Second,
    Undo,
    Wake,
)
from bot.review.changes import changes_since, last_editor
from bot.review.model import DECIDED, Event, Person, State, Subject, Suggestion

UNDO_DAYS = 30
_REQUIRED_STATE: Mapping[type, State] = {Complete: "gathering", Wake: "postponed"}


def objection(
    suggestion: Suggestion, action: Action, actor: Person, now: dt.datetime, rules: DecisionRules
) -> Refusal | None:
    """The refusal of an action, if there is a reason against it."""
    reason = _objection(suggestion, action, actor, now, rules)
    return _refusal(reason, suggestion, actor, rules) if reason else None


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
        return reason or _objection_to_entry(in_section(suggestion.subject, action.section), rules)
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
    if reason := interest(suggestion, actor.id, rules):
        return reason
    if actor.id in suggestion.approvals:
        return "approved already"
    return "listed" if rules.is_listed and suggestion.subject.kind == "addition" else None


def interest(suggestion: Suggestion, person: str, rules: DecisionRules) -> RefusalReason | None:
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


def in_section(subject: Subject, section: str | None) -> Subject:
    """A subject with another home section; cross-listings stay."""
    if section is None or subject.after is None or section == subject.after.home:
        return subject
    others = tuple(path for path in subject.after.sections[1:] if path != section)
    return replace(subject, after=replace(subject.after, sections=(section, *others)))
