"""Verbs of `/papers` that do something: suggest, pause, subscribe; what waits, what happened."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient

from bot.review.model import Suggestion
from bot.review.pause_text import parse_pause
from bot.review.service import card_key
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.cards import moment
from bot.slack.blocks.lookup import SlackMessage
from bot.slack.blocks.sentences import history, pending
from bot.slack.context import ListenerContext
from bot.slack.request import VerbRequest
from bot.slack.sanitize import number_in
from bot.slack.subscriptions import Subscriptions
from bot.slack.suggesting import Suggesting

_NUMBER = "Name a suggestion by its number: `/papers history 12`. `/papers pending` shows them."
_PAUSE = (
    "Say for how long: `/papers pause 3 days`, `/papers pause until 2026-12-24`; at most a year. "
    "`/papers pause off` ends it."
)
_REVIEWERS = "Only reviewers pause proposals. The list’s `review` settings say who they are."


class VerbHandlers:
    """What is done at a word."""

    def __init__(
        self, desk: ListenerContext, suggesting: Suggesting, subscriptions: Subscriptions
    ) -> None:
        self._desk, self._suggesting = desk, suggesting
        self._subscriptions = subscriptions

    def answer(
        self, order: VerbRequest, body: Mapping[str, Any], client: WebClient
    ) -> SlackMessage:
        """Do it; what the person who typed it sees."""
        match order.verb:
            case "suggest":
                return self._suggesting.command(order.text, body, client)
            case "subscribe" | "unsubscribe" | "subscriptions":
                return self._subscriptions.answer(order, body, client)
            case "pending":
                return self._pending()
            case "history":
                return self._history(order.text)
            case _:
                return self._pause(order.text, body)

    def _pending(self) -> SlackMessage:
        waiting = self._desk.suggestions.open()
        links = {one.id: link for one in waiting[:20] if (link := self._link(one))}
        paused = self._desk.suggestions.paused_until(self._desk.now())
        return blocks.mrkdwn_message(pending(waiting, links, paused))

    def _link(self, one: Suggestion) -> str | None:
        """Where the card is, as far as it was posted."""
        item = self._desk.outbox.get(card_key(one.id))
        return self._desk.link(item.posted_in or "", item.ts) if item and item.ts else None

    def _history(self, text: str) -> SlackMessage:
        number = number_in(text.strip().removeprefix("#"))
        one = self._desk.suggestions.get(number) if number is not None else None
        if one is None:
            return blocks.mrkdwn_message(_NUMBER)
        return blocks.mrkdwn_message(history(one, self._desk.suggestions.history(one.id)))

    def _pause(self, text: str, body: Mapping[str, Any]) -> SlackMessage:
        now = self._desk.now()
        if not text:
            paused = self._desk.suggestions.paused_until(now)
            state = f"Paused until {moment(paused[0])}. " if paused else "Nothing is paused. "
            return blocks.mrkdwn_message(state + _PAUSE)
        if not self._desk.may_review(str(body["user_id"])):
            return blocks.mrkdwn_message(_REVIEWERS)
        zone = ZoneInfo(self._desk.people.zone(str(body["user_id"])))
        until = parse_pause(text, now, zone)
        if until is None:
            return blocks.mrkdwn_message(_PAUSE)
        self._desk.review.pause(until, self._desk.actor(body))
        if until <= now:
            return blocks.text_message("I propose papers again.")
        return blocks.mrkdwn_message(
            f"I propose nothing of my own until {moment(until)}. What people suggest still comes."
        )
