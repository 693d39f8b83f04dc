"""Blocks, forms and refused calls for the tests of the fake."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError


def refusal(call: Callable[[], object]) -> str:
    """The code with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def section(text: str = "Hello") -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": plain("Go"), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(value: str = "v", text: str = "t") -> dict[str, Any]:
    return {"text": plain(text), "value": value}


def select(**more: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [option()], **more}


def numbered(count: int) -> list[dict[str, Any]]:
    return [option(str(number)) for number in range(count)]


def confirm(**more: Any) -> dict[str, Any]:
    parts = {key: plain(key) for key in ("title", "text", "confirm", "deny")}
    return {**parts, **more}


def modal(**more: Any) -> dict[str, Any]:
    words = {"type": "plain_text_input", "action_id": "words", "max_length": 20}
    field = {"type": "input", "block_id": "field", "label": plain("Words"), "element": words}
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("A form"),
        "submit": plain("Send"),
        "blocks": [field],
        **more,
    }
