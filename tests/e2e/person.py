"""A person who uses the stand-in's page, through its control API."""

import json
import urllib.request  # noqa: TID251  # the stand-in's control API is a test's business
from typing import Any

from bot.demo.standin import StandIn
from tests.e2e.processes import wait_for

CHANNEL, REVIEW, ALICE, BOB = "C0PAPERS", "C0REVIEW", "U0ALICE", "U0BOB"


class Person:
    """A person who types, clicks and reads in one channel of the stand-in."""

    def __init__(self, standin: StandIn, channel: str = CHANNEL) -> None:
        self._standin, self._channel = standin, channel

    def type(self, text: str) -> dict[str, Any]:
        """Type `/papers TEXT` and return the message that appears."""
        before = {message["ts"] for message in self.messages()}
        self.command(text)
        return self.new_message(before)

    def command(self, text: str) -> None:
        """Type `/papers TEXT` without waiting for a message."""
        self._call(
            "command",
            {"channel": self._channel, "user": ALICE, "command": "/papers", "text": text},
        )

    def click(self, message: dict[str, Any], label: str, user: str = ALICE) -> None:
        """Press the button of a message that has this label."""
        block, button = next(
            (block, element)
            for block in message["blocks"]
            for element in block.get("elements", [])
            if element.get("type") == "button" and element["text"]["text"] == label
        )
        action = {
            "type": "button",
            "block_id": block.get("block_id", "lookup"),
            **{k: button[k] for k in ("action_id", "value")},
        }
        self._call(
            "interact",
            {"channel": self._channel, "messageTs": message["ts"], "user": user, "action": action},
        )

    def messages(self) -> list[dict[str, Any]]:
        """All messages of the channel, including private ones."""
        messages = self._call(f"messages/{self._channel}")["messages"]
        assert isinstance(messages, list)
        return messages

    def new_message(self, before: set[str]) -> dict[str, Any]:
        """Wait for a message whose timestamp is not in `before`, and return it."""
        return wait_for(
            lambda: next((m for m in self.messages() if m["ts"] not in before), None),
            5,
            "an answer",
        )

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310, TID251  # loopback, in a test
            f"{self._standin.page}/_control/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310, TID251  # as above
            content = json.loads(answer.read() or b"{}")
        assert isinstance(content, dict)
        return content
