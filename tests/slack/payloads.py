"""Requests in the shapes of Slack's payloads, with made-up values."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

BOT_TOKEN, SIGNING_SECRET = "xoxb-made-up", "made-up-secret"
FORM = "application/x-www-form-urlencoded"


def command(text: str, *, response_url: str = "https://hooks.example/commands/1") -> str:
    """The body of `/papers TEXT`."""
    return urlencode(
        {
            "token": "legacy",
            "team_id": "T0001",
            "team_domain": "example",
            "channel_id": "C0001",
            "channel_name": "papers",
            "user_id": "U0001",
            "user_name": "alice",
            "command": "/papers",
            "text": text,
            "api_app_id": "A0001",
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": "1.2.abc",
        }
    )


def click(action_id: str, value: str, *, response_url: str) -> str:
    """The body of a click on a button of a private message."""
    payload: dict[str, Any] = {
        "type": "block_actions",
        "team": {"id": "T0001", "domain": "example"},
        "user": {"id": "U0002", "username": "bob", "name": "bob", "team_id": "T0001"},
        "api_app_id": "A0001",
        "token": "legacy",
        "container": {
            "type": "message",
            "message_ts": "1700000000.000100",
            "channel_id": "C0001",
            "is_ephemeral": True,
        },
        "trigger_id": "1.2.def",
        "channel": {"id": "C0001", "name": "papers"},
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [
            {
                "action_id": action_id,
                "block_id": "lookup",
                "text": {"type": "plain_text", "text": "Next", "emoji": True},
                "value": value,
                "type": "button",
                "action_ts": "1700000001.000000",
            }
        ],
    }
    return urlencode({"payload": json.dumps(payload)})


def signed(
    body: str, *, secret: str = SIGNING_SECRET, at: float | None = None, content_type: str = FORM
) -> Mapping[str, str]:
    """The headers of a body, signed at a moment (in seconds since the epoch)."""
    timestamp = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert signature
    return {
        "content-type": content_type,
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": signature,
    }
