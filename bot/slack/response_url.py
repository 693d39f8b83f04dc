"""Answers through the `response_url` of a command, click or shortcut.

The bot need not be a member of the channel. Five answers are possible within thirty minutes.
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from http import HTTPStatus
from http.client import HTTPException

from slack_sdk.webhook import WebhookClient

from bot.slack.blocks.text import SlackMessage
from bot.slack.clients import INTERACTIVE_SECONDS


def post_response(
    url: str, message: SlackMessage, *, in_channel: bool = False, replace: bool = False
) -> str | None:
    """Post a message, by default in private; returns the problem if Slack did not take it.

    `replace` puts it in place of the message whose button was clicked. It is sent once, without
    waiting for a rate limit: repeated after a lost connection, it could be posted twice.
    """
    try:
        response = WebhookClient(url, timeout=INTERACTIVE_SECONDS, retry_handlers=[]).send(
            text=message.text,
            blocks=message.blocks,
            response_type="in_channel" if in_channel else "ephemeral",
            replace_original=replace,
        )
    except (OSError, HTTPException, ValueError) as error:  # ValueError: the URL is none
        return f"{type(error).__name__}: {error}"[:200]
    if response.status_code == HTTPStatus.OK:
        return None
    return f"{response.status_code} {response.body[:100]}"
