"""Verbs about digests: `subscribe`, `unsubscribe`, `subscriptions`.

A subscription belongs to the channel in which it was asked for, and is changed from there only:
nobody can make the bot post where they cannot write themselves.
"""

from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError

from bot.digest.service import SubscriptionConfirmed
from bot.slack.api_errors import TRANSIENT, error_code
from bot.slack.blocks.digests import preview_message
from bot.slack.blocks.subscriptions import (
    NO_SUBSCRIPTION,
    invite_message,
    subscription_message,
)
from bot.slack.blocks.text import SlackMessage, joined_message, mrkdwn_message, text_message
from bot.slack.context import ListenerContext
from bot.slack.payloads import Command

_DIRECT_MESSAGE = "D"  # first letter of its id

_log = structlog.get_logger()


def subscribe(context: ListenerContext, command: Command, words: str) -> SlackMessage:
    """`/papers subscribe [TOPIC] [RHYTHM]`, with a preview."""
    channel, user, now = command.channel, command.user, context.now()
    zone = context.directory.known_zone(user)
    outcome = context.subscriptions.subscribe(words, channel, user, zone, now)
    if not isinstance(outcome, SubscriptionConfirmed):
        return text_message(outcome.message)
    _log.info("subscribed", user=user, channel=channel)
    edition = context.subscriptions.preview(outcome.subscription, now)
    return joined_message(
        text_message(outcome.sentence),
        *_obstacles(context, channel),
        preview_message(edition, context.workspace),
    )


def unsubscribe(context: ListenerContext, command: Command, words: str) -> SlackMessage:
    """`/papers unsubscribe [TOPIC]`."""
    outcome = context.subscriptions.unsubscribe(
        words, command.channel, command.user, context.now()
    )
    return text_message(outcome)


def subscriptions(context: ListenerContext, command: Command, _words: str) -> SlackMessage:
    """`/papers subscriptions`: those of this channel."""
    active = context.subscriptions.active(command.channel, context.now())
    if not active:
        return mrkdwn_message(NO_SUBSCRIPTION)
    return joined_message(*map(subscription_message, active))


def _obstacles(context: ListenerContext, channel: str) -> tuple[SlackMessage, ...]:
    """Messages for what keeps the bot from posting in a channel, with the remedy."""
    if channel.startswith(_DIRECT_MESSAGE):
        return ()
    try:
        answer = context.clients.interactive.conversations_info(channel=channel)
    except SlackApiError as error:
        # A private channel that the bot is not in does not exist for it.
        return () if error_code(error) in TRANSIENT else (invite_message(None),)
    except OSError:
        return ()  # if it cannot post, the outbox keeps the edition and tells the operator
    info: Mapping[str, Any] = answer["channel"]
    if info.get("is_member") or info.get("is_im"):
        return ()
    return (invite_message(channel),)
