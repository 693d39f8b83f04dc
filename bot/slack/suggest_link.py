"""Suggestion of a link, by command, shortcut, form or button.

link ──► on the list, waiting or rejected ──► say so, and offer what helps
     ──► arXiv ──► suggested at once; the worker asks arXiv about it
     ──► any other page ──► a form asks for the entry; nothing is fetched from there
"""

from enum import Enum, auto

import structlog
from slack_sdk.models.blocks import ButtonElement
from slack_sdk.models.views import View

from bot.catalog.links import Link
from bot.catalog.model import Entry
from bot.review.model import Subject, Suggestion
from bot.review.service import AlreadySuggested, Proposal, SuggestionMade
from bot.slack.blocks.cards import REOPEN, SECOND
from bot.slack.blocks.entry_form import entry_form
from bot.slack.blocks.lookup import listed_message
from bot.slack.blocks.sentences import progress, thanks
from bot.slack.blocks.text import Replacement, SlackMessage, mrkdwn_message
from bot.slack.context import ListenerContext

_log = structlog.get_logger()


class Step(Enum):
    """The next step for a link whose paper is neither listed nor suggested."""

    SUGGEST = auto()
    """It is suggested at once: arXiv has its title and authors."""
    ASK = auto()
    """A form asks for its title and authors."""


def next_step(
    link: Link, listed: Entry | None, suggestion: Suggestion | None
) -> Entry | Suggestion | Step:
    """Choose the next step for a link, given its entry and its suggestion, if there are any.

    The entry or the suggestion is returned if it keeps the link from being suggested.
    """
    if listed:
        return listed
    # An approved paper that is not on the list was removed by hand; it may be suggested again.
    if suggestion and suggestion.state != "approved":
        return suggestion
    return Step.SUGGEST if link.arxiv else Step.ASK


def suggest_link(
    context: ListenerContext, link: Link, user: str, section: str | None = None, note: str = ""
) -> SlackMessage | Replacement | View:
    """Suggest a link for a person; returns the reply, or the form that asks for the entry."""
    step = _next_step(context, link)
    if isinstance(step, Entry | Suggestion):
        return _known_message(context, step)
    if step is Step.ASK:
        context.check_writer(user)
        return entry_form("suggest", link.url, None, context.catalog, link)
    entry = Entry(
        title=f"arXiv {link.arxiv}",
        url=link.url,
        arxiv=link.arxiv,
        sections=(section or next(iter(context.catalog.places)),),
    )
    subject = Subject(
        after=entry, note=note[:500] or None, is_known=False, is_placed=section is not None
    )
    proposal = Proposal(identity=link.key, subject=subject, source=user, is_complete=False)
    return Replacement(propose(context, proposal))


def known_message(context: ListenerContext, link: Link) -> SlackMessage | None:
    """A message that a paper is listed or was suggested; None if it can be suggested."""
    step = _next_step(context, link)
    return None if isinstance(step, Step) else _known_message(context, step)


def propose(context: ListenerContext, proposal: Proposal) -> SlackMessage:
    """Submit a person's proposal to review; returns the reply.

    Raises PapersError for people who only look papers up, and for one who has reached the limit.
    """
    if proposal.source:
        context.check_writer(proposal.source)
    match context.review.suggest(proposal, context.now()):
        case SuggestionMade(suggestion):
            _log.info("suggested", suggestion=suggestion.id, kind=proposal.subject.kind)
            return mrkdwn_message(thanks(suggestion, context.channel))
        case AlreadySuggested(suggestion):
            return _known_message(context, suggestion)


def _next_step(context: ListenerContext, link: Link) -> Entry | Suggestion | Step:
    listed = context.lookup.current().listed(link.key, "")
    return next_step(link, listed, context.suggestions.find_by_identity(link.key))


def _known_message(context: ListenerContext, known: Entry | Suggestion) -> SlackMessage:
    """The sections of a listed paper, or the state of a suggestion with a button."""
    if isinstance(known, Entry):
        return listed_message(context.catalog, known)
    number = str(known.id)
    if known.state == "rejected":
        button = ButtonElement(text="Suggest again", action_id=REOPEN, value=number)
    else:
        button = ButtonElement(text="I want it, too", action_id=SECOND, value=number)
    return mrkdwn_message(progress(known, context.channel), button)
