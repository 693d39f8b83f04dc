"""Payloads of people's clicks, forms, shortcuts and commands in the fake workspace.

Their triggers and `response_url`s work.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.slack.fake import payloads
from tests.slack.fake.server import FakeServer
from tests.slack.fake.workspace import ALICE, PAPERS, PostedMessage, ResponseUrl, Trigger, View
from tests.slack.payloads import command, signed


class Interactions(FakeServer):
    """Interactions of people; see `FakeSlack`."""

    def trigger(self, user: str = ALICE) -> str:
        """A trigger id, which opens one modal within three seconds."""
        with self._lock:
            number = self._all.number()
            trigger = Trigger(f"{number}.{number}.made-up", user, self._clock())
            self._all.triggers[trigger.id] = trigger
            return trigger.id

    def response_url(
        self, channel: str = PAPERS, user: str = ALICE, message: PostedMessage | None = None
    ) -> str:
        """A URL for up to five answers to an interaction, within thirty minutes."""
        with self._lock:
            number = self._all.number()
            url = f"http://127.0.0.1:{self._server.port}/response/{number}"
            self._all.responses[number] = ResponseUrl(
                number=number,
                url=url,
                channel=channel,
                user=user,
                message=None if message is None else self._current(message),
                given_at=self._clock(),
            )
            return url

    def click(
        self,
        where: PostedMessage | View,
        action_id: str,
        user: str = ALICE,
        value: str | None = None,
        selected: object = None,
    ) -> dict[str, Any]:
        """The `block_actions` of a person who clicks on a message, or in a view, as it is now.

        `value` tells a button from others of the same action id; `selected` is the value (or the
        values) of the chosen options, or the id of who or what was chosen.
        """
        with self._lock:
            payload = payloads.interaction(
                "block_actions", self._all.users[user], self.trigger(user)
            )
            if isinstance(where, View):
                content = self._all.views[where.id].content
                payload |= {"container": {"type": "view", "view_id": where.id}, "view": content}
                blocks = content["blocks"]
            else:
                message = self._current(where)
                payload |= self._around(message, user)
                blocks = message.blocks
            at = self._all.ts()
            done = payloads.action(blocks, action_id, value=value, selected=selected, at=at)
            return copy.deepcopy({**payload, "actions": [done]})

    def submit(
        self, view: View, values: Mapping[str, object], user: str = ALICE
    ) -> dict[str, Any]:
        """The `view_submission` of a person who fills in a modal, by block id or action id."""
        with self._lock:
            content = self._all.views[view.id].content
            payload = payloads.interaction(
                "view_submission", self._all.users[user], self.trigger(user)
            )
            state = payloads.state(content["blocks"], values)
            return copy.deepcopy(
                {**payload, "view": {**content, "state": state}, "response_urls": []}
            )

    def shortcut(
        self, message: PostedMessage, callback_id: str, user: str = ALICE
    ) -> dict[str, Any]:
        """The `message_action` of a person who uses a shortcut on a message."""
        with self._lock:
            current = self._current(message)
            payload = payloads.interaction(
                "message_action", self._all.users[user], self.trigger(user)
            )
            around = self._around(current, user)
            del around["container"], around["state"]
            return copy.deepcopy(
                {
                    **payload,
                    **around,
                    "message": self._all.as_json(current),
                    "callback_id": callback_id,
                    "action_ts": self._all.ts(),
                    "message_ts": current.ts,
                }
            )

    def command(self, words: str, user: str = ALICE, channel: str = PAPERS) -> str:
        """The body of `/papers WORDS`, with a `response_url` of the fake."""
        form = dict(parse_qsl(command(words, response_url=self.response_url(channel, user))))
        names = self._all.users[user].name, self._all.channels[channel].name
        form |= {"user_id": user, "user_name": names[0], "trigger_id": self.trigger(user)}
        return urlencode({**form, "text": words, "channel_id": channel, "channel_name": names[1]})

    def close(self, view: View) -> None:
        """Close a modal, as when it is submitted or cancelled."""
        with self._lock:
            self._all.views[view.id].is_open = False

    def _around(self, message: PostedMessage, user: str) -> dict[str, Any]:
        """The part of an interaction about its message."""
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        payload: dict[str, Any] = {
            "container": container,
            "channel": payloads.in_channel(self._all.channels[message.channel]),
            "state": {"values": {}},
            "response_url": self.response_url(message.channel, user, message),
        }
        if not message.ephemeral_to:  # Slack keeps no private message, so it cannot show one
            payload["message"] = self._all.as_json(message)
        return payload

    def _current(self, message: PostedMessage) -> PostedMessage:
        if message.ephemeral_to:
            shown = self._all.ephemerals
            current = next((other for other in shown if other.ts == message.ts), None)
        else:
            current = self._all.find(message.channel, message.ts)
        assert current is not None, f"the message of {message.ts} is gone"
        return current


def form(payload: Mapping[str, Any]) -> str:
    """The body with which Slack posts a payload."""
    return urlencode({"payload": json.dumps(payload)})


def http(payload: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """The body and the signed headers with which Slack posts a payload."""
    body = form(payload)
    return body, signed(body)
