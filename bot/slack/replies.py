"""Acknowledging and answering: nobody who clicks is left waiting, whatever breaks."""

import inspect
from collections.abc import Callable
from typing import Any

import structlog
from slack_bolt import Ack, Respond
from slack_sdk import WebClient

from bot.errors import PapersError
from bot.slack.blocks import lookup as blocks
from bot.slack.blocks.lookup import SlackMessage

SORRY = "Something went wrong on my side, and it is logged. Please try again in a moment."

_log = structlog.get_logger()


def acknowledge(ack: Ack) -> None:
    """Tell Slack at once that a click has come; what it asks for is done after."""
    ack()


def answering(work: Callable[..., None]) -> Callable[..., None]:
    """The work of a click, such that the person is told when it fails; Bolt only logs that."""
    wants_client = "client" in inspect.signature(work).parameters

    def do(body: dict[str, Any], respond: Respond, client: WebClient) -> None:
        try:
            if wants_client:
                work(body, respond, client)
            else:
                work(body, respond)
        except PapersError as error:
            reply(respond, blocks.text_message(str(error)), replace=False)
        except Exception:  # noqa: BLE001  # whatever it is, somebody waits for an answer
            _log.exception("a click failed", kind=str(body.get("type")))
            reply(respond, blocks.text_message(SORRY), replace=False)

    return do


def reply(respond: Respond, message: SlackMessage, *, replace: bool) -> None:
    """Answer in private, in place of the clicked message or below it."""
    respond(
        text=message.text,
        blocks=message.blocks,
        response_type="ephemeral",
        replace_original=replace,
    )
