"""Subscriptions in Slack: `/papers subscribe`, `subscriptions`, `unsubscribe`, *Edit*, *Join*.

A subscription belongs to the channel in which it was asked for, and only from there is it changed:
nobody can make the bot post where they could not write themselves.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    Block,
    ButtonElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    StaticSelectElement,
)
from slack_sdk.models.views import View

from bot.digest.model import DAYS, Schedule, Subscription, format_time
from bot.digest.schedule_text import parse_subscription
from bot.digest.service import (
    ActiveSubscription,
    SubscriptionConfirmed,
    SubscriptionsEnded,
    SubscriptionService,
)
from bot.lookup.query import QueryMistake
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.digests import preview_message
from bot.slack.blocks.lookup import SlackMessage, fit
from bot.slack.blocks.modals import answer
from bot.slack.context import ListenerContext
from bot.slack.replies import acknowledge, answering, reply
from bot.slack.request import VerbRequest
from bot.slack.reviewing import open_view, said
from bot.slack.sanitize import number_in

EDIT, END, JOIN, FORM = (f"subscription:{name}" for name in ("edit", "end", "join", "form"))

_NONE = (
    "This channel is subscribed to nothing. `/papers subscribe` brings what is new every Monday; "
    "`/papers subscribe serving daily at 9:00` a section every day."
)
_ELSEWHERE = (
    "This subscription belongs to another channel, or has ended. "
    "`/papers subscriptions` shows those of this one."
)
_INVITE = (
    "I am not in this channel, so I cannot post here yet: type `/invite @papers` to invite me"
)
_CANNOT_JOIN = "Slack does not let me join by myself. Type `/invite @papers` here to invite me."
_DIRECT = "D"

_log = structlog.get_logger()


class Subscriptions:
    """What the bot listens to of people who subscribe."""

    def __init__(self, desk: ListenerContext, subscribing: SubscriptionService) -> None:
        self._desk, self._subscribing = desk, subscribing

    def register(self, app: App) -> None:
        """Put the listeners on the app."""
        for action, work in ((EDIT, self.open_edit), (END, self.end), (JOIN, self.join)):
            app.action(action)(ack=acknowledge, lazy=[answering(work)])
        app.view(FORM)(self.submit)

    def answer(
        self, order: VerbRequest, body: Mapping[str, Any], client: WebClient
    ) -> SlackMessage:
        """Do what was typed; what the person who typed it sees."""
        channel, user = str(body["channel_id"]), str(body["user_id"])
        now = self._desk.now()
        match order.verb:
            case "subscribe":
                return self._subscribe(order.text, channel, user, client)
            case "unsubscribe":
                outcome = self._subscribing.unsubscribe(order.text, channel, user, now)
                return blocks.text_message(_words(outcome))
            case _:
                return self._list(channel, now)

    def end(self, body: dict[str, Any], respond: Respond) -> None:
        """*Unsubscribe*."""
        number, channel, user = _clicked(body)
        one = self._subscribing.get(number) if number is not None else None
        if one is None or one.channel != channel:
            reply(respond, blocks.text_message(_ELSEWHERE), replace=False)
            return
        outcome = self._subscribing.end(one.id, channel, user, self._desk.now())
        reply(respond, blocks.text_message(_words(outcome)), replace=False)

    def join(self, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """*Let me in*: the bot joins the public channel in which the button was pressed."""
        _, channel, _ = _clicked(body)
        try:
            client.conversations_join(channel=channel)
        except SlackApiError as error:
            _log.warning("could not join", channel=channel, reason=error.response.get("error"))
            reply(respond, blocks.text_message(_CANNOT_JOIN), replace=False)
            return
        reply(
            respond, blocks.text_message("I am in. Editions come here as promised."), replace=False
        )

    def open_edit(self, body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        """*Edit*."""
        number, channel, _ = _clicked(body)
        one = self._subscribing.get(number) if number is not None else None
        if one is None or one.channel != channel:
            reply(respond, blocks.text_message(_ELSEWHERE), replace=False)
            return
        open_view(client, str(body["trigger_id"]), _form(one), respond)

    def submit(self, ack: Ack, body: dict[str, Any], view: dict[str, Any]) -> None:
        """The form of *Edit*."""
        values = view["state"]["values"]
        number = number_in(view["private_metadata"])
        one = self._subscribing.get(number) if number is not None else None
        if one is None:
            ack(response_action="update", view=said(_ELSEWHERE))
            return
        schedule = _schedule(values, one.schedule)
        if isinstance(schedule, QueryMistake):
            ack(response_action="errors", errors={"time": schedule.message})
            return
        topic = answer(values, "topic")
        topic = "" if topic.lower() == "everything" else topic
        quiet = answer(values, "quiet") == "quiet"
        now = self._desk.now()
        outcome = self._subscribing.edit(one, topic, schedule, now, quiet=quiet)
        if isinstance(outcome, QueryMistake):
            ack(response_action="errors", errors={"topic": outcome.message[:150]})
            return
        _log.info("subscription changed", user=str(body["user"]["id"]), channel=one.channel)
        ack(response_action="update", view=said(fit(outcome.sentence, 2000)))

    def _subscribe(self, text: str, channel: str, user: str, client: WebClient) -> SlackMessage:
        now, zone = self._desk.now(), self._desk.people.known_zone(user)
        outcome = self._subscribing.subscribe(text, channel, user, zone, now)
        if not isinstance(outcome, SubscriptionConfirmed):
            return blocks.text_message(outcome.message)
        _log.info("subscribed", user=user, channel=channel)
        entry = self._subscribing.preview(outcome.subscription, now)
        preview = preview_message(entry, self._desk.workspace)
        can_post = _reach(client, channel)
        return blocks.joined_message(blocks.text_message(outcome.sentence), *can_post, preview)

    def _list(self, channel: str, now: dt.datetime) -> SlackMessage:
        active = self._subscribing.active(channel, now)
        if not active:
            return blocks.mrkdwn_message(_NONE)
        return blocks.joined_message(*(_listed(one) for one in active))


def _listed(one: ActiveSubscription) -> SlackMessage:
    value = str(one.subscription.id)
    return blocks.mrkdwn_message(
        f"*{fit(one.words, 600)}*\n{fit(one.sentence, 300)}",
        ButtonElement(text="Edit", action_id=EDIT, value=value),
        ButtonElement(text="Unsubscribe", action_id=END, value=value),
    )


def _reach(client: WebClient, channel: str) -> tuple[SlackMessage, ...]:
    """What stands in the way of posting in a channel, with the remedy; nothing if nothing does."""
    if channel.startswith(_DIRECT):
        return ()
    try:
        found: Mapping[str, Any] = client.conversations_info(channel=channel)["channel"]
    except SlackApiError:
        return (blocks.mrkdwn_message(f"{_INVITE}."),)  # a private channel that the bot is not in
    except OSError:
        return ()  # the sender will tell the operator
    if found.get("is_member") or found.get("is_im"):
        return ()
    button = ButtonElement(text="Let me in", action_id=JOIN, value=channel)
    return (blocks.mrkdwn_message(f"{_INVITE}, or let me in.", button),)


def _clicked(body: Mapping[str, Any]) -> tuple[int | None, str, str]:
    """A subscription's number, the channel of the click, and who clicked."""
    number = number_in(body["actions"][0].get("value"))
    channel = str((body.get("channel") or {}).get("id") or "")
    return number, channel, str(body["user"]["id"])


def _words(outcome: SubscriptionsEnded | QueryMistake) -> str:
    return outcome.message if isinstance(outcome, QueryMistake) else outcome.sentence


def _form(one: Subscription) -> View:
    """The form of a subscription."""
    rhythms = ["Every day", *(f"Every {day}" for day in DAYS)]
    options = [Option(value=str(at), text=label) for at, label in enumerate(rhythms)]
    at = 0 if one.schedule.rhythm == "daily" else one.schedule.weekday + 1
    empty = [
        Option(value="loud", text="Say so in one line"),
        Option(value="quiet", text="Say nothing"),
    ]
    fields: list[Block] = [
        InputBlock(
            block_id="topic",
            label="What",
            hint="A section, a search, or everything.",
            element=PlainTextInputElement(
                action_id="value", initial_value=one.topic.words[:300], max_length=300
            ),
        ),
        InputBlock(
            block_id="when",
            label="When",
            element=StaticSelectElement(
                action_id="value", options=options, initial_option=options[at], placeholder="When?"
            ),
        ),
        InputBlock(
            block_id="time",
            label="At",
            hint="A time and a zone, such as 9:00 Europe/Berlin.",
            element=PlainTextInputElement(
                action_id="value",
                initial_value=f"{format_time(one.schedule.time)} {one.schedule.zone}",
                max_length=60,
            ),
        ),
        InputBlock(
            block_id="quiet",
            label="If there is nothing new",
            element=StaticSelectElement(
                action_id="value",
                options=empty,
                initial_option=empty[int(one.is_quiet)],
                placeholder="What then?",
            ),
        ),
    ]
    return View(
        type="modal",
        callback_id=FORM,
        title="Edit a subscription",
        submit="Save",
        close="Cancel",
        private_metadata=str(one.id),
        blocks=fields,
    )


def _schedule(values: Mapping[str, Any], before: Schedule) -> Schedule | QueryMistake:
    """The schedule that a form says."""
    when = number_in(answer(values, "when"))
    if when is None or when > len(DAYS):
        return QueryMistake("Choose when.")
    rhythm = f"weekly on {DAYS[when - 1]}" if when else "daily"
    wanted = parse_subscription(f"{rhythm} at {answer(values, 'time')}")
    if isinstance(wanted, QueryMistake):
        return wanted
    if wanted.time is None or wanted.topic:
        return QueryMistake("A time and a zone are needed, such as 9:00 Europe/Berlin.")
    return wanted.schedule(before)
