"""Buttons that no other listener knows, such as those of an older version."""

import re

import structlog

from bot.slack.blocks.text import text_message
from bot.slack.context import ListenerContext
from bot.slack.listeners.declaration import ClickListener, Reply, Timing
from bot.slack.payloads import Click

OLD_BUTTON = "This button is from an older message of mine. Ask again with `/papers`."

_log = structlog.get_logger()


def answer_unknown(_context: ListenerContext, click: Click) -> Reply:
    """Answer a click on an unknown button, unless it is a link."""
    if click.is_link:
        return None
    _log.warning("unknown click", action=click.action_id[:100])
    return text_message(OLD_BUTTON)


LISTENERS = (
    ClickListener(action_id=re.compile(""), handler=answer_unknown, timing=Timing.AT_ONCE),
)
