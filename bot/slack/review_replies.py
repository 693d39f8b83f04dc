"""Replies to people whose action on a suggestion was refused."""

from bot.review.actions import Refusal
from bot.slack.blocks.cards import card
from bot.slack.blocks.sentences import refusal, stale
from bot.slack.blocks.text import SlackMessage, mrkdwn_message, section
from bot.slack.context import ListenerContext


def refusal_message(context: ListenerContext, refused: Refusal) -> SlackMessage:
    """The reason for a refusal; where the person saw an old card, with the present card.

    The buttons of this copy work. A card in the channel whose buttons are of an earlier layout is
    edited.
    """
    if refused.reason != "stale":
        return mrkdwn_message(refusal(refused))
    suggestion, catalog = refused.suggestion, context.catalog
    context.review.refresh_card(suggestion.id, context.now())
    text = stale(refused, catalog)
    history = context.suggestions.history(suggestion.id)
    present = card(suggestion, catalog, catalog.info.review.quorum, history)
    return SlackMessage(text, (section(text), *present.blocks))
