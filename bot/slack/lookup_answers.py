"""Answers to lookups, as a message for the person who asked."""

import datetime as dt
import random
from dataclasses import replace

from bot.lookup.answers import LookupAnswer
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.query import LONGEST
from bot.slack.blocks.lookup import PAGE, results_message, unlisted_message
from bot.slack.blocks.text import SlackMessage, text_message
from bot.slack.context import ListenerContext
from bot.slack.lookup_request import LookupRequest
from bot.slack.suggest_link import known_message


def lookup_message(context: ListenerContext, request: LookupRequest) -> SlackMessage:
    """The requested page of a lookup; what helps if nothing was found."""
    lookup = context.lookup.current()
    answer = lookup_answer(lookup, request, context.rng, context.now().date())
    if len(request.text) > LONGEST:  # a citation; a button holds the short query
        request = replace(request, text=answer.query[:LONGEST])
    if answer.unlisted:
        return known_message(context, answer.unlisted) or unlisted_message(answer.unlisted)
    if answer.results:
        shown = replace(request, page=answer.offset // PAGE)
        return results_message(lookup.catalog, answer, shown)
    hint = ""
    if answer.kind == "error" and request.verb == "random" and request.text:
        hint = f' To search for the word “random” itself, write /papers "random {request.text}".'
    return text_message(f"{answer.message}{hint}")


def lookup_answer(
    lookup: CatalogLookup, request: LookupRequest, rng: random.Random, today: dt.date | None = None
) -> LookupAnswer:
    """The requested page of a lookup; the last one if the list has fewer pages by now."""
    answer = _page(lookup, request, request.page, rng, today)
    if answer.total and not answer.results:
        return _page(lookup, request, (answer.total - 1) // PAGE, rng, today)
    return answer


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
