"""Buttons on cards, and those by which anybody supports or reopens a suggestion.

What a decision changes on the card reaches Slack by the outbox.
"""

from slack_bolt import App

from bot.review.decision import Action, Approve, Refusal, Second, Undo
from bot.slack.blocks.cards import (
    APPROVE,
    CHOSEN,
    EDIT,
    LATER,
    REJECT,
    REOPEN,
    SECOND,
    SECTION,
    UNDO,
)
from bot.slack.blocks.entry_form import entry_form
from bot.slack.blocks.modals import later_form, reject_form, reopen_form
from bot.slack.blocks.sentences import refusal
from bot.slack.blocks.text import SlackMessage, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.adapters import Reply, acknowledge, on_click
from bot.slack.payloads import Click


def register(app: App, context: ListenerContext) -> None:
    """Register the buttons."""
    on_click(app, context, APPROVE, approve)
    on_click(app, context, UNDO, undo)
    on_click(app, context, SECOND, second)
    on_click(app, context, REOPEN, open_reopening)
    for action in (REJECT, LATER, EDIT):
        on_click(app, context, action, open_reviewer_form)
    app.action(SECTION)(acknowledge)  # read from the card when it is approved


def approve(context: ListenerContext, click: Click) -> Reply:
    """*Approve*, into the section that the select shows."""
    return _decide(context, click, Approve(_chosen_section(click)))


def undo(context: ListenerContext, click: Click) -> Reply:
    """*Undo*: take a decision back."""
    return _decide(context, click, Undo())


def second(context: ListenerContext, click: Click) -> Reply:
    """*I want it, too*: the card names the person."""
    thanks = text_message("Thank you; the card says so now.")
    return _decide(context, click, Second()) or thanks


def open_reopening(context: ListenerContext, click: Click) -> Reply:
    """*Suggest again*: ask what speaks for a rejected paper now."""
    suggestion = context.suggestion(click.number)
    return reopen_form(suggestion.id, suggestion.subject.entry.title, suggestion.reason or "")


def open_reviewer_form(context: ListenerContext, click: Click) -> Reply:
    """*Reject*, *Later* or *Edit*: open a form for a reviewer, on an open suggestion."""
    suggestion = context.suggestion(click.number)
    if not context.may_review(click.user):
        return mrkdwn_message(refusal(Refusal("not a reviewer", suggestion)))
    if suggestion.state in {"approved", "rejected"}:
        return mrkdwn_message(refusal(Refusal("decided", suggestion)))
    number, subject = suggestion.id, suggestion.subject
    if click.action_id == REJECT:
        return reject_form(number, subject.entry.title)
    if click.action_id == LATER:
        return later_form(number, subject.entry.title)
    return entry_form("edit", str(number), subject.after, context.catalog)


def _decide(context: ListenerContext, click: Click, action: Action) -> SlackMessage | None:
    """Apply an action to the suggestion of a button; None if it was allowed."""
    refused = context.decide(context.suggestion(click.number), action, click)
    return mrkdwn_message(refusal(refused)) if refused else None


def _chosen_section(click: Click) -> str | None:
    """The section that the card's select shows, if somebody changed it."""
    for block in click.state.fields:
        if block.startswith(f"{CHOSEN}:{click.value}:"):
            return click.state.text(block) or None
    return None
