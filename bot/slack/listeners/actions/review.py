"""Buttons on cards, and those by which anybody supports or reopens a suggestion.

What a decision changes on the card reaches Slack by the outbox.
"""

from bot.review.actions import Action, Approve, Refusal, Second, Undo
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
from bot.slack.blocks.edit_form import edit_form
from bot.slack.blocks.modals import later_form, reject_form, reopen_form
from bot.slack.blocks.text import Replacement, text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.payloads import Click
from bot.slack.review_replies import refusal_message

_DONE = "Done. The card in the channel shows it."


def approve(context: ListenerContext, click: Click) -> Reply:
    """*Approve*, into the section that the select shows."""
    suggestion = context.suggestion(click.suggestion.number)
    is_addition = suggestion.subject.kind == "addition"
    return _decide(context, click, Approve(_chosen_section(click) if is_addition else None))


def undo(context: ListenerContext, click: Click) -> Reply:
    """*Undo*: take a decision back, the one that the card shows."""
    return _decide(context, click, Undo())


def second(context: ListenerContext, click: Click) -> Reply:
    """*I want it, too*: the card names the person."""
    suggestion = context.suggestion(click.suggestion.number)
    refused = context.decide(suggestion, Second(), click, seen=None)
    if refused:
        return refusal_message(context, refused)
    return text_message("Thank you; the card says so now.")


def open_reopening(context: ListenerContext, click: Click) -> Reply:
    """*Suggest again*: ask what speaks for a rejected paper now."""
    suggestion = context.suggestion(click.suggestion.number)
    context.check_writer(click.user)
    return reopen_form(suggestion.id, suggestion.subject.entry.title, suggestion.reason or "")


def open_reviewer_form(context: ListenerContext, click: Click) -> Reply:
    """*Reject*, *Later* or *Edit*: open a form for a reviewer, on an open suggestion."""
    suggestion = context.suggestion(click.suggestion.number)
    is_reviewer, seen = context.may_review(click.user), click.suggestion.version
    refused = context.objection(suggestion, click.user, seen=seen, is_reviewer=is_reviewer)
    if refused:
        return _refusal_reply(context, click, refused)
    if click.action_id == REJECT:
        return reject_form(suggestion)
    if click.action_id == LATER:
        return later_form(suggestion)
    return edit_form(suggestion, context.catalog)


def choose_section(_context: ListenerContext, _click: Click) -> Reply:
    """Say nothing to a choice of a section: it is read from the card when it is approved."""
    return None


def _decide(context: ListenerContext, click: Click, action: Action) -> Reply:
    """Apply an action to the suggestion of a button, as the person saw it.

    None if it was allowed: the card in the channel shows it. A private copy of the card, whose
    buttons are old then, is replaced.
    """
    suggestion = context.suggestion(click.suggestion.number)
    refused = context.decide(suggestion, action, click, seen=click.suggestion.version)
    if refused:
        return _refusal_reply(context, click, refused)
    return Replacement(text_message(_DONE)) if click.is_private else None


def _refusal_reply(context: ListenerContext, click: Click, refused: Refusal) -> Reply:
    """The refusal, in place of an old private copy of the card."""
    message = refusal_message(context, refused)
    is_copy = click.is_private and refused.reason == "stale"
    return Replacement(message) if is_copy else message


def _chosen_section(click: Click) -> str | None:
    """The section that the card's select shows, if somebody changed it."""
    return click.state.text(f"{CHOSEN}:{click.value}") or None


LISTENERS = (
    ClickListener(action_id=APPROVE, handler=approve, timing=Timing.LATER),
    ClickListener(action_id=UNDO, handler=undo, timing=Timing.LATER),
    ClickListener(action_id=SECOND, handler=second, timing=Timing.LATER),
    ClickListener(action_id=REOPEN, handler=open_reopening, timing=Timing.LATER),
    *(
        ClickListener(action_id=action, handler=open_reviewer_form, timing=Timing.LATER)
        for action in (REJECT, LATER, EDIT)
    ),
    ClickListener(action_id=SECTION, handler=choose_section, timing=Timing.AT_ONCE),
)
