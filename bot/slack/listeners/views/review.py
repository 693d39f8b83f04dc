"""Forms about suggestions: reject, decide later, reopen, edit."""

from collections.abc import Callable
from functools import partial

from slack_bolt import App
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
from bot.slack.blocks.text import mrkdwn_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import FormResult, on_submission
from bot.slack.payloads import FormValues, Submission
from bot.slack.sanitize import number_in

_MOST_MERGES = 5
"""Attempts to save an edit while others save theirs."""

Read = Callable[[ListenerContext, FormValues], Action | FormFaults]
Again = Callable[[Suggestion, str, FormValues], View]


def register(app: App, context: ListenerContext) -> None:
    """Register the forms."""
    rejecting = partial(decide, _read_rejection, reject_form)
    postponing = partial(decide, _read_postponement, later_form)
    on_submission(app, context, REJECTED, rejecting)
    on_submission(app, context, POSTPONED, postponing)
    on_submission(app, context, REOPENED, reopen)
    on_submission(app, context, EDITED, edit)


def decide(
    read: Read, again: Again, context: ListenerContext, submission: Submission
) -> FormResult:
    """Apply the action that a form describes; `read` reads it, or tells what is wrong.

    Where the suggestion has changed since the form was opened, the form is shown `again`, with
    what changed and what was typed.
    """
    about = submission.suggestion
    suggestion = context.suggestion(about.number)
    action = read(context, submission.values)
    if isinstance(action, FormFaults):
        return action
    refused = context.decide(suggestion, action, submission, seen=about.version)
    if refused is None:
        return None
    if refused.reason == "stale" and refused.suggestion.state not in DECIDED:
        return again(refused.suggestion, stale(refused, context.catalog), submission.values)
    return _refusal(context, refused)


def reopen(context: ListenerContext, submission: Submission) -> FormResult:
    """Reopen a rejected suggestion; what the person saw of it does not matter."""
    words = submission.values.text("words")
    if not words:
        return FormFaults({"words": "Say what is new."})
    suggestion = context.suggestion(submission.suggestion.number)
    refused = context.decide(suggestion, Reopen(words), submission, seen=None)
    return _refusal(context, refused) if refused else None


def edit(context: ListenerContext, submission: Submission) -> FormResult:
    """Save the fields that the author of an edit changed.

    A change by somebody else between reading and saving is merged, too.
    """
    refused = None
    for _ in range(_MOST_MERGES):
        suggestion = context.suggestion(submission.suggestion.number)
        if suggestion.state in DECIDED:
            return mrkdwn_message(refusal(Refusal("decided", suggestion)))
        read = read_edit(
            submission,
            suggestion,
            context.suggestions.history(suggestion.id),
            context.catalog,
            context.names,
        )
        if not isinstance(read, Entry):
            return read
        refused = context.decide(suggestion, Edit(read), submission, seen=suggestion.version)
        if refused is None or refused.reason != "stale":
            break
    return _refusal(context, refused) if refused else None


def _refusal(context: ListenerContext, refused: Refusal) -> FormResult:
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
