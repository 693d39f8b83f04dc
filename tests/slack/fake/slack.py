"""The interface of the fake for tests: to set the workspace up, and to look at it."""

import copy
import threading
from collections.abc import Iterable
from typing import Any

from tests.slack.fake.faults import Fault
from tests.slack.fake.interactions import Interactions
from tests.slack.fake.server import Call
from tests.slack.fake.workspace import BOT, PAPERS, Channel, PostedMessage, User, View

# Refusals that only a mistake of the bot can cause.
MISTAKES = frozenset(
    {
        "invalid_arguments",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_form_data",
        "invalid_json",
        "invalid_metadata_format",
        "json_not_object",
        "metadata_too_large",
        "missing_scope",
        "msg_blocks_too_long",
        "msg_too_long",
        "no_text",
        "unknown_method",
    }
)


class FakeSlack(Interactions):
    """Slack's Web API for one app in a made-up workspace.

    There are alice (U0001), bob (U0002) and the bot (U0BOT), all in #papers (C0001). `per_second`:
    messages a second to a channel, after a `burst`; None: no rate limits. `seed`: for faults that
    apply by chance.
    """

    # Set up

    def user(self, key: str, name: str = "", **more: Any) -> User:
        """Add a person (`tz`, `is_bot`, `deleted`, `team`, `is_restricted`, …)."""
        with self._lock:
            user = User(id=key, name=name or key.lower(), **more)
            self._all.users[key] = user
            return user

    def channel(
        self, key: str, name: str = "", members: Iterable[str] = (BOT,), **more: Any
    ) -> Channel:
        """Add a conversation (`is_private`, `is_shared`, …); by default the bot is its member."""
        with self._lock:
            channel = Channel(id=key, name=name or key.lower(), members=list(members), **more)
            self._all.channels[key] = channel
            return channel

    def group(self, key: str, handle: str, members: Iterable[str]) -> None:
        """Add a user group."""
        with self._lock:
            self._all.groups[key] = (handle, list(members))

    def conversation(self, channel: str) -> Channel:
        """A conversation, to look at or to change."""
        return self._all.channels[channel]

    def say(
        self, user: str, text: str, channel: str = PAPERS, *, thread: str | None = None
    ) -> PostedMessage:
        """Post a message of a person."""
        with self._lock:
            return self._all.add(
                PostedMessage(
                    channel=channel, ts=self._all.ts(), user=user, text=text, thread_ts=thread
                )
            )

    def put_back(self, message: PostedMessage) -> None:
        """Add a message that an earlier run of the bot posted, with its `ts` and metadata."""
        with self._lock:
            self._all.add(message)

    def remove(self, message: PostedMessage) -> None:
        """Delete a message, as a person does; one of the bot too."""
        with self._lock:
            self._all.remove(message)

    def grant(self, scopes: Iterable[str]) -> None:
        """Grant the app these scopes only."""
        self._api = self._made_api(scopes)

    def revoke(self) -> None:
        """Revoke the token."""
        self._token = "xoxb-another"

    def fail(
        self,
        method: str,
        fault: Fault,
        *,
        channel: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        after: int = 0,
        chance: float = 1.0,
    ) -> None:
        """Apply a fault to the next call of a method ("*": of all; or to a "response_url").

        `times`: to so many calls; `seconds`: for so long; `after`: after so many calls without;
        `chance`: to each with this probability; `channel`: to calls about it only. `heal` ends it.
        """
        with self._lock:
            self._faults.add(
                method,
                fault,
                channel=channel,
                times=times,
                seconds=seconds,
                after=after,
                chance=chance,
            )

    def hold(self, method: str) -> threading.Event:
        """Let every call of a method ("*": of all) hang until the event is set."""
        gate = threading.Event()
        self.fail(method, Fault.hang(gate), times=1_000_000)
        return gate

    def heal(self) -> None:
        """Apply no fault any more; calls that hang already go on hanging."""
        with self._lock:
            self._faults.rules.clear()

    # Look at

    def calls(self, method: str | None = None, channel: str | None = None) -> list[Call]:
        """The calls so far, by default of all methods and channels."""
        with self._lock:
            return [
                call
                for call in self._calls
                if method in {None, call.method} and channel in {None, call.args.get("channel")}
            ]

    @property
    def limited(self) -> list[Call]:
        """The calls beyond a rate limit, without those of `Fault.ratelimited`."""
        return [call for call in self.calls() if call.outcome == "ratelimited"]

    def posted(self, channel: str = PAPERS) -> list[PostedMessage]:
        """The messages of the bot in a conversation that were not deleted, without replies.

        A person's id means the direct messages with them.
        """
        with self._lock:
            key = self._all.im(channel).id if channel in self._all.users else channel
            messages = self._all.messages.get(key, ())
            posted = [
                message
                for message in messages
                if message.user == BOT and not message.is_reply and not message.deleted
            ]
            return copy.deepcopy(posted)

    def thread(self, message: PostedMessage) -> list[PostedMessage]:
        """The replies to a message, those of people too."""
        with self._lock:
            return copy.deepcopy(list(self._all.replies(message)))

    def message(self, message: PostedMessage) -> PostedMessage:
        """A message as it is now."""
        with self._lock:
            return copy.deepcopy(self._current(message))

    def by_metadata(self, key: str, value: object = None) -> list[PostedMessage]:
        """The messages whose metadata have a key (with a value), in all conversations."""
        with self._lock:
            payloads = (
                (message, (message.metadata or {}).get("event_payload", {}))
                for message in self._visible()
            )
            matching = [
                message
                for message, payload in payloads
                if key in payload and (value is None or payload[key] == value)
            ]
            return copy.deepcopy(matching)

    def ephemerals(self, user: str | None = None) -> list[PostedMessage]:
        """The private messages, by default of all people."""
        with self._lock:
            shown = [
                message for message in self._all.ephemerals if user in {None, message.ephemeral_to}
            ]
            return copy.deepcopy(shown)

    @property
    def views(self) -> list[View]:
        """The modals and Home tabs that are open."""
        with self._lock:
            return copy.deepcopy([view for view in self._all.views.values() if view.is_open])

    def check(self, *, allowed: Iterable[str] = ()) -> None:
        """Check that the bot kept Slack's rules: correct calls, within the rate limits.

        And that every message has a text, which notifications show.
        """
        wrong = (MISTAKES | {"ratelimited"}) - set(allowed)
        refused = [call for call in self.calls() if call.outcome in wrong]
        assert not refused, f"Slack would refuse: {refused[:3]}"
        with self._lock:
            bare = [
                message
                for message in self._visible()
                if message.user == BOT and not message.text.strip()
            ]
        assert not bare, f"messages without text: {bare[:3]}"
        bad = [response for response in self.responses if response["status"] == 400]
        assert not bad, f"Slack would refuse: {bad[:3]}"

    def _visible(self) -> list[PostedMessage]:
        return [message for message in self._all.everything() if not message.deleted]
