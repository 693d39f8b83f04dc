"""Answer to a request whose listener failed."""

from typing import Any

import structlog
from slack_bolt import App, BoltResponse

from bot.slack.blocks.modals import message_view
from bot.slack.blocks.text import text_message
from bot.slack.listeners.adapters import SORRY
from bot.slack.payloads import kind_of

_log = structlog.get_logger()


def register(app: App) -> None:
    """Register the error handler."""
    app.error(answer_failure)


def answer_failure(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """Log a failure with its cause, and tell the person without it."""
    kind = kind_of(body)
    _log.error("a request failed", exc_info=error, kind=kind)
    if kind == "view_submission":
        view = message_view(text_message(SORRY)).to_dict()
        return BoltResponse(status=200, body={"response_action": "update", "view": view})
    return BoltResponse(status=200, body={"response_type": "ephemeral", "text": SORRY})
