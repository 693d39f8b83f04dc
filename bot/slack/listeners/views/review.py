"""Forms about suggestions: reject, decide later, reopen, edit."""

from collections.abc import Callable
from functools import partial

from slack_sdk.models.views import View

from bot.catalog.model import Entry
from bot.review.decision import Action, Edit, Postpone, Refusal, Reject, Reopen
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
from bot.slack.blocks.sentences import refusal, stale
from bot.slack.blocks.text import SlackMessage, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import Deferred, FormListener, FormResult, Reply, Timing
from bot.slack.payloads import FormValues, Submission
from bot.slack.review_replies import refusal_message
from bot.slack.sanitize import number_in

_MOST_MERGES = 5
"""Attempts to save an edit while others save theirs."""
_COLLISION = "Somebody else edited this paper in the same moment. Please edit it again."

Read = Callable[[ListenerContext, FormValues], Action | FormFaults]
Again = Callable[[Suggestion, str, FormValues], View]


def decide(
    read: Read, again: Again, context: ListenerContext, submission: Submission
) -> FormResult:
    """Apply the action that a form describes; `read` reads it, or tells what is wrong.

    Where the suggestion has changed since the form was opened, the form is shown `again`, with
    what changed and what was typed. Otherwise it closes first, and a refusal is told in private.
    """
    seen = submission.suggestion.version
    suggestion = context.suggestion(submission.suggestion.number)
    action = read(context, submission.values)
    if isinstance(action, FormFaults):
        return action
    refused = context.outdated(suggestion, submission, seen=seen)
    if refused is None:
        return Deferred(partial(_decide, context, suggestion, action, submission, seen))
    if refused.reason == "stale" and suggestion.state not in DECIDED:
        return again(suggestion, stale(refused, context.catalog), submission.values)
    return _refusal(context, refused)


def reopen(context: ListenerContext, submission: Submission) -> FormResult:
    """Reopen a rejected suggestion; what the person saw of it does not matter."""
    words = submission.values.text("words")
    if not words:
        return FormFaults({"words": "Say what is new."})
    suggestion = context.suggestion(submission.suggestion.number)
    return Deferred(partial(_decide, context, suggestion, Reopen(words), submission, None))


def edit(context: ListenerContext, submission: Submission) -> FormResult:
    """Save the fields that the author of an edit changed, merged with those of others."""
    merged = _merge(context, submission, context.suggestion(submission.suggestion.number))
    if isinstance(merged, Edit):
        return Deferred(partial(_save, context, submission))
    return merged


def _decide(
    context: ListenerContext,
    suggestion: Suggestion,
    action: Action,
    submission: Submission,
    seen: int | None,
) -> SlackMessage | None:
    refused = context.decide(suggestion, action, submission, seen=seen)
    return refusal_message(context, refused) if refused else None


def _save(context: ListenerContext, submission: Submission) -> Reply:
    """Save an edit; a change by somebody else since the form was sent is merged, too."""
    refused = None
    for _ in range(_MOST_MERGES):
        suggestion = context.suggestion(submission.suggestion.number)
        merged = _merge(context, submission, suggestion)
        if not isinstance(merged, Edit):
            # Somebody changed the same field in this moment: the form opens again.
            return text_message(_COLLISION) if isinstance(merged, FormFaults) else merged
        refused = context.decide(suggestion, merged, submission, seen=suggestion.version)
        if refused is None or refused.reason != "stale":
            break
    return refusal_message(context, refused) if refused else None


def _merge(
    context: ListenerContext, submission: Submission, suggestion: Suggestion
) -> Edit | FormFaults | View | SlackMessage:
    """The edit of a form; or its mistakes, the form again, or why it comes too late."""
    if suggestion.state in DECIDED:
        return mrkdwn_message(refusal(Refusal("decided", suggestion)))
    read = read_edit(
        submission,
        suggestion,
        context.suggestions.history(suggestion.id),
        context.catalog,
        context.names,
    )
    return Edit(read) if isinstance(read, Entry) else read


def _refusal(context: ListenerContext, refused: Refusal) -> SlackMessage:
    """The refusal in the form's place, which has no room for a card."""
    is_stale = refused.reason == "stale"
    return mrkdwn_message(stale(refused, context.catalog) if is_stale else refusal(refused))


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
