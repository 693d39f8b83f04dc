"""What people do in the fake workspace: they click, fill in forms, use shortcuts, type commands.

Each act gives the payload that Slack would send for it; its trigger and its `response_url` work.
"""

import copy
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.slack.fake import payloads
from tests.slack.fake.server import Served
from tests.slack.fake.workspace import ALICE, PAPERS, PostedMessage, ResponseUrl, Trigger, View
from tests.slack.payloads import command, signed


class Acting(Served):
    """People at their screens; see `FakeSlack`."""

    def trigger(self, user: str = ALICE) -> str:
        """A trigger id, good for one modal within three seconds."""
        with self._lock:
            number = self._all.number()
            found = Trigger(f"{number}.{number}.made-up", user, self._clock())
            self._all.triggers[found.id] = found
            return found.id

    def response_url(
        self, channel: str = PAPERS, user: str = ALICE, message: PostedMessage | None = None
    ) -> str:
        """A url for answers to an interaction, five within thirty minutes."""
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
        """The `block_actions` of a person who clicks on a message, or in a view, as it stands.

        `value` tells a button from others of the same action id; `selected` is the value (or the
        values) of the chosen options, or the id of who or what was chosen.
        """
        with self._lock:
            found = payloads.interaction(
                "block_actions", self._all.users[user], self.trigger(user)
            )
            if isinstance(where, View):
                content = self._all.views[where.id].content
                found |= {"container": {"type": "view", "view_id": where.id}, "view": content}
                blocks = content["blocks"]
            else:
                message = self._current(where)
                found |= self._around(message, user)
                blocks = message.blocks
            at = self._all.ts()
            done = payloads.action(blocks, action_id, value=value, selected=selected, at=at)
            return copy.deepcopy({**found, "actions": [done]})

    def submit(
        self, view: View, values: Mapping[str, object], user: str = ALICE
    ) -> dict[str, Any]:
        """The `view_submission` of a person who fills in a modal, by block id or action id."""
        with self._lock:
            content = self._all.views[view.id].content
            found = payloads.interaction(
                "view_submission", self._all.users[user], self.trigger(user)
            )
            state = payloads.state(content["blocks"], values)
            return copy.deepcopy(
                {**found, "view": {**content, "state": state}, "response_urls": []}
            )

    def shortcut(
        self, message: PostedMessage, callback_id: str, user: str = ALICE
    ) -> dict[str, Any]:
        """The `message_action` of a person who uses a shortcut on a message."""
        with self._lock:
            current = self._current(message)
            found = payloads.interaction(
                "message_action", self._all.users[user], self.trigger(user)
            )
            around = self._around(current, user)
            del around["container"], around["state"]
            return copy.deepcopy(
                {
                    **found,
                    **around,
                    "message": self._all.as_slack_tells(current),
                    "callback_id": callback_id,
                    "action_ts": self._all.ts(),
                    "message_ts": current.ts,
                }
            )

    def command(self, words: str, user: str = ALICE, channel: str = PAPERS) -> str:
        """The body of `/papers WORDS`, which can be answered here."""
        form = dict(parse_qsl(command(words, response_url=self.response_url(channel, user))))
        known = self._all.users[user], self._all.channels[channel]
        form |= {"user_id": user, "user_name": known[0].name, "trigger_id": self.trigger(user)}
        return urlencode(
            {**form, "text": words, "channel_id": channel, "channel_name": known[1].name}
        )

    def close(self, view: View) -> None:
        """The modal goes away, as it does when it is submitted or cancelled."""
        with self._lock:
            self._all.views[view.id].is_open = False

    def _around(self, message: PostedMessage, user: str) -> dict[str, Any]:
        """What an interaction says of the message on which it happened."""
        container: dict[str, Any] = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        found: dict[str, Any] = {
            "container": container,
            "channel": payloads.in_channel(self._all.channels[message.channel]),
            "state": {"values": {}},
            "response_url": self.response_url(message.channel, user, message),
        }
        if not message.ephemeral_to:  # Slack keeps no private message, so it cannot show one
            found["message"] = self._all.as_slack_tells(message)
        return found

    def _current(self, message: PostedMessage) -> PostedMessage:
        if message.ephemeral_to:
            shown = self._all.ephemerals
            found = next((one for one in shown if one.ts == message.ts), None)
        else:
            found = self._all.find(message.channel, message.ts)
        assert found is not None, f"the message of {message.ts} is gone"
        return found


def http(payload: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """A payload as Slack posts it: the body, and the headers with its signature."""
    body = urlencode({"payload": json.dumps(payload)})
    return body, signed(body)
