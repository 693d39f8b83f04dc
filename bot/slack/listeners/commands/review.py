"""Verbs about review: `pending`, `history`, `pause`."""

from zoneinfo import ZoneInfo

from bot.review.pause_text import parse_pause
from bot.slack.blocks import sentences
from bot.slack.blocks.text import SlackMessage, moment, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.payloads import Command
from bot.slack.permalinks import card_link
from bot.slack.sanitize import number_in

PAUSE_USAGE = (
    "Say for how long: `/papers pause 3 days`, `/papers pause until 2026-12-24`; at most a year. "
    "`/papers pause off` ends it."
)
_REVIEWERS = "Only reviewers pause proposals. The list’s `review` settings say who they are."
_MAX_LINKS = 20


def pending(context: ListenerContext, _command: Command, _words: str) -> SlackMessage:
    """`/papers pending`: the suggestions that wait for a decision."""
    waiting = context.suggestions.open()
    links = {
        suggestion.id: link
        for suggestion in waiting[:_MAX_LINKS]
        if (link := card_link(context.outbox, context.workspace, suggestion.id))
    }
    paused = context.suggestions.paused_until(context.now())
    return mrkdwn_message(sentences.pending(waiting, links, paused))


def history(context: ListenerContext, _command: Command, words: str) -> SlackMessage | None:
    """`/papers history NUMBER`: what happened to a suggestion."""
    number = number_in(words.removeprefix("#"))
    suggestion = None if number is None else context.suggestions.get(number)
    if suggestion is None:
        return None
    events = context.suggestions.history(suggestion.id)
    return mrkdwn_message(sentences.history(suggestion, events))


def pause(context: ListenerContext, command: Command, words: str) -> SlackMessage | None:
    """`/papers pause [WORDS]`: pause the bot's own proposals, or say until when they pause."""
    now = context.now()
    if not words:
        paused = context.suggestions.paused_until(now)
        state = f"Paused until {moment(paused[0])}." if paused else "Nothing is paused."
        return mrkdwn_message(f"{state} {PAUSE_USAGE}")
    if not context.may_review(command.user):
        return mrkdwn_message(_REVIEWERS)
    until = parse_pause(words, now, ZoneInfo(context.directory.zone(command.user)))
    if until is None:
        return None
    context.review.pause(until, context.actor(command))
    if until <= now:
        return text_message("I propose papers again.")
    return mrkdwn_message(
        f"I propose nothing of my own until {moment(until)}. What people suggest still comes."
    )
