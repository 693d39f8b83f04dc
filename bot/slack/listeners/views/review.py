"""Forms about suggestions: reject, decide later, reopen, edit."""

from collections.abc import Callable
from functools import partial

from slack_sdk.models.views import View

from bot.catalog.model import Entry
from bot.review.actions import Action, Edit, Postpone, Refusal, Reject, Reopen
from bot.review.model import DECIDED, Suggestion
from bot.slack.blocks.edit_form import read_edit
from bot.slack.blocks.entry_form import EDITED
from bot.slack.blocks.modals import (
    LATERS,
    POSTPONED,
    REJECTED,
    REOPENED,
    FormFaults,
    later_form,
    reject_form,
)
from bot.slack.blocks.sentences import stale
from bot.slack.blocks.text import SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Deferred, FormListener, FormResult, Reply, Timing
from bot.slack.payloads import FormValues, Submission
from bot.slack.review_replies import refusal_message
from bot.slack.sanitize import number_in

_MOST_MERGES = 5
"""Attempts to save an edit while others save theirs."""

Read = Callable[[ListenerContext, FormValues], Action | FormFaults]
Again = Callable[[Suggestion, str, FormValues], View]


def decide(
    read: Read, again: Again, context: ListenerContext, submission: Submission
) -> FormResult:
    """Apply the action that a form describes; `read` reads it, or tells what is wrong.

    Where the suggestion has changed since the form was opened, the form is shown `again`, with
    what changed and what was typed. Otherwise it closes first, and a refusal is told in private.
    """
    suggestion = context.suggestion(submission.suggestion.number)
    action = read(context, submission.values)
    if isinstance(action, FormFaults):
        return action
    seen = submission.suggestion.version
    refused = context.objection(suggestion, submission.user, seen=seen, is_reviewer=True)
    if refused:
        return _refusal(again, context, refused, submission)
    return Deferred(partial(_decide, again, context, action, submission))


def _decide(
    again: Again, context: ListenerContext, action: Action, submission: Submission
) -> Reply:
    suggestion, seen = (
        context.suggestion(submission.suggestion.number),
        submission.suggestion.version,
    )
    refused = context.decide(suggestion, action, submission, seen=seen)
    return _refusal(again, context, refused, submission) if refused else None


def _refusal(
    again: Again, context: ListenerContext, refused: Refusal, submission: Submission
) -> SlackMessage | View:
    if refused.reason == "stale" and refused.suggestion.state not in DECIDED:
        return again(refused.suggestion, stale(refused, context.catalog), submission.values)
    return refusal_message(context, refused)


def reopen(context: ListenerContext, submission: Submission) -> FormResult:
    """Reopen a rejected suggestion; what the person saw of it does not matter."""
    words = submission.values.text("words")
    if not words:
        return FormFaults({"words": "Say what is new."})
    suggestion = context.suggestion(submission.suggestion.number)
    return Deferred(partial(_reopen, context, suggestion, Reopen(words), submission))


def _reopen(
    context: ListenerContext, suggestion: Suggestion, action: Reopen, submission: Submission
) -> Reply:
    refused = context.decide(suggestion, action, submission, seen=None)
    return refusal_message(context, refused) if refused else None


def edit(context: ListenerContext, submission: Submission) -> FormResult:
    """Save the fields that the author of an edit changed, merged with those of others."""
    suggestion = context.suggestion(submission.suggestion.number)
    read = _read_edit(context, suggestion, submission)
    return Deferred(partial(_save_edit, context, submission)) if isinstance(read, Entry) else read


def _save_edit(context: ListenerContext, submission: Submission) -> Reply:
    """Save an edit; a change by somebody else since the form was sent is merged, too.

    Where both changed the same field, the form opens again.
    """
    refused = None
    for _ in range(_MOST_MERGES):
        suggestion = context.suggestion(submission.suggestion.number)
        read = _read_edit(context, suggestion, submission)
        if isinstance(read, FormFaults):
            return text_message(" ".join(read.errors.values()))
        if not isinstance(read, Entry):
            return read
        refused = context.decide(suggestion, Edit(read), submission, seen=suggestion.version)
        if refused is None or refused.reason != "stale":
            break
    return refusal_message(context, refused) if refused else None


def _read_edit(
    context: ListenerContext, suggestion: Suggestion, submission: Submission
) -> Entry | FormFaults | View | SlackMessage:
    """The edited entry; or the form's mistakes, the form again, or why it comes too late."""
    if suggestion.state in DECIDED:
        return refusal_message(context, Refusal("decided", suggestion))
    history = context.suggestions.history(suggestion.id)
    return read_edit(submission, suggestion, history, context.catalog, context.names)


def _read_rejection(_context: ListenerContext, values: FormValues) -> Action | FormFaults:
    parts = (values.text("reason"), values.text("words"))
    reason = ": ".join(filter(None, parts))
    if not reason:
        return FormFaults({"words": "Choose a reason, or write a few words."})
    return Reject(reason)


def _read_postponement(context: ListenerContext, values: FormValues) -> Action | FormFaults:
    number = number_in(values.text("when"))
    if number is None or number >= len(LATERS):
        return FormFaults({"when": "Choose when."})
    return Postpone(context.now() + LATERS[number][1])


LISTENERS = (
    FormListener(
        callback_id=REJECTED,
        handler=partial(decide, _read_rejection, reject_form),
        timing=Timing.LATER,
    ),
    FormListener(
        callback_id=POSTPONED,
        handler=partial(decide, _read_postponement, later_form),
        timing=Timing.LATER,
    ),
    FormListener(callback_id=REOPENED, handler=reopen, timing=Timing.LATER),
    FormListener(callback_id=EDITED, handler=edit, timing=Timing.LATER),
)
