"""Forms about suggestions: reject, decide later, reopen, edit."""

from collections.abc import Callable
from functools import partial

from slack_bolt import App

from bot.review.decision import Action, Edit, Postpone, Reject, Reopen
from bot.review.model import Suggestion
from bot.slack.blocks.entry_form import EDITED, read_entry
from bot.slack.blocks.modals import LATERS, POSTPONED, REJECTED, REOPENED, FormFaults
from bot.slack.blocks.sentences import refusal
from bot.slack.blocks.text import mrkdwn_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import FormResult, on_submission
from bot.slack.payloads import FormValues, Submission
from bot.slack.sanitize import number_in


def register(app: App, context: ListenerContext) -> None:
    """Register the forms."""
    for callback_id, read in (
        (REJECTED, _read_rejection),
        (POSTPONED, _read_postponement),
        (REOPENED, _read_reopening),
        (EDITED, _read_edit),
    ):
        on_submission(app, context, callback_id, partial(decide, read))


def decide(
    read: Callable[[ListenerContext, Suggestion, FormValues], Action | FormFaults],
    context: ListenerContext,
    submission: Submission,
) -> FormResult:
    """Apply the action that a form describes; `read` reads it, or tells what is wrong."""
    suggestion = context.suggestion(submission.number)
    action = read(context, suggestion, submission.values)
    if isinstance(action, FormFaults):
        return action
    refused = context.decide(suggestion, action, submission)
    return mrkdwn_message(refusal(refused)) if refused else None


def _read_rejection(
    _context: ListenerContext, _suggestion: Suggestion, values: FormValues
) -> Action | FormFaults:
    parts = (values.text("reason"), values.text("words"))
    reason = ": ".join(filter(None, parts))
    if not reason:
        return FormFaults({"words": "Choose a reason, or write a few words."})
    return Reject(reason)


def _read_postponement(
    context: ListenerContext, _suggestion: Suggestion, values: FormValues
) -> Action | FormFaults:
    number = number_in(values.text("when"))
    if number is None or number >= len(LATERS):
        return FormFaults({"when": "Choose when."})
    return Postpone(context.now() + LATERS[number][1])


def _read_reopening(
    _context: ListenerContext, _suggestion: Suggestion, values: FormValues
) -> Action | FormFaults:
    words = values.text("words")
    return Reopen(words) if words else FormFaults({"words": "Say what is new."})


def _read_edit(
    context: ListenerContext, suggestion: Suggestion, values: FormValues
) -> Action | FormFaults:
    entry = read_entry(values, suggestion.subject.after, context.names, context.catalog.places)
    return entry if isinstance(entry, FormFaults) else Edit(entry)
