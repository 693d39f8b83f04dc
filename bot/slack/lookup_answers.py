"""Answers to lookups, as a message for the person who asked."""

import datetime as dt
import random
from dataclasses import replace
from itertools import chain

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.lookup.answers import LookupAnswer
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.paper_details import PaperDetails
from bot.lookup.query import LONGEST
from bot.slack.blocks.lookup import PAGE, results_message, unlisted_message
from bot.slack.blocks.text import SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.lookup_request import LookupRequest, paper_key
from bot.slack.suggest_link import known_message

_log = structlog.get_logger()


def lookup_message(context: ListenerContext, request: LookupRequest) -> SlackMessage:
    """The requested page of a lookup; what helps if nothing was found."""
    lookup = context.lookup.current()
    answer = lookup_answer(lookup, request, context.rng, context.now().date())
    if len(request.text) > LONGEST:  # a citation; a button holds the short query
        request = replace(request, text=answer.query[:LONGEST])
    if answer.unlisted:
        return known_message(context, answer.unlisted) or unlisted_message(answer.unlisted)
    if answer.results:
        # A paper of a page keeps the page, for *Back*.
        shown = request if request.paper else replace(request, page=answer.offset // PAGE)
        details = details_of(lookup, answer)
        if details:
            details = _with_approval(context, details)
        return results_message(lookup.catalog, answer, shown, details)
    hint = ""
    if answer.kind == "error" and request.verb == "random" and request.text:
        hint = f' To search for the word “random” itself, write /papers "random {request.text}".'
    return text_message(f"{answer.message}{hint}")


def details_of(lookup: CatalogLookup, answer: LookupAnswer) -> PaperDetails | None:
    """The details of the paper that is the whole answer, without its approval."""
    entry = answer.paper
    return PaperDetails(entry, lookup.similar(entry)) if entry else None


def _with_approval(context: ListenerContext, details: PaperDetails) -> PaperDetails:
    """The details with the approval; without it while the database cannot be read."""
    try:
        return replace(details, approval=context.suggestions.approval_of(details.entry))
    except SQLAlchemyError as error:
        _log.error("the database cannot be read", reason=type(error).__name__)
        return details


def lookup_answer(
    lookup: CatalogLookup, request: LookupRequest, rng: random.Random, today: dt.date | None = None
) -> LookupAnswer:
    """The requested page of a lookup; the last one if the list has fewer pages by now.

    A request for one paper of the page is answered with that paper while the list has it.
    """
    answer = _page(lookup, request, request.page, rng, today)
    if answer.total and not answer.results:
        answer = _page(lookup, request, (answer.total - 1) // PAGE, rng, today)
    if not request.paper:
        return answer
    entries = chain(answer.results, lookup.catalog.entries)
    opened = next((entry for entry in entries if paper_key(entry) == request.paper), None)
    return lookup.paper(opened) if opened else answer


def _page(
    lookup: CatalogLookup,
    request: LookupRequest,
    page: int,
    rng: random.Random,
    today: dt.date | None,
) -> LookupAnswer:
    match request.verb:
        case "search":
            return lookup.answer(request.text, offset=page * PAGE, limit=PAGE, today=today)
        case "recent":
            text = request.text
            return lookup.recent(text, offset=page * PAGE, limit=PAGE, today=today)
        case "random":
            return lookup.random(request.text, rng)
