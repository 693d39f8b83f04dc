"""The fake as tests hold it: what they set up, and what they see came of it."""

import copy
from collections.abc import Iterable
from typing import Any

from tests.slack.fake.faults import Fault
from tests.slack.fake.interactions import Acting
from tests.slack.fake.server import Call
from tests.slack.fake.workspace import BOT, PAPERS, Channel, PostedMessage, User, View

# Refusals that only a mistake of the bot's own can earn.
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


class FakeSlack(Acting):
    """Slack's Web API for one app in a made-up workspace.

    There are alice (U0001), bob (U0002) and the bot (U0BOT), all in #papers (C0001). `a_second`:
    messages a second to a channel, after a `burst`; None: no limits of pace. `seed`: for chance.
    """

    # What a test sets up

    def user(self, key: str, name: str = "", **known: Any) -> User:
        """Somebody new (`tz`, `is_bot`, `deleted`)."""
        with self._lock:
            found = User(id=key, name=name or key.lower(), **known)
            self._all.users[key] = found
            return found

    def channel(
        self, key: str, name: str = "", members: Iterable[str] = (BOT,), **known: Any
    ) -> Channel:
        """A new conversation (`is_private`, `is_archived`); the bot is in it unless left out."""
        with self._lock:
            found = Channel(id=key, name=name or key.lower(), members=list(members), **known)
            self._all.channels[key] = found
            return found

    def group(self, key: str, handle: str, members: Iterable[str]) -> None:
        """A user group."""
        with self._lock:
            self._all.groups[key] = (handle, list(members))

    def conversation(self, channel: str) -> Channel:
        """A conversation to look at, or to change as people do."""
        return self._all.channels[channel]

    def say(
        self, user: str, text: str, channel: str = PAPERS, *, thread: str | None = None
    ) -> PostedMessage:
        """A person says something."""
        with self._lock:
            return self._all.add(
                PostedMessage(
                    channel=channel, ts=self._all.ts(), user=user, text=text, thread_ts=thread
                )
            )

    def remove(self, message: PostedMessage) -> None:
        """Somebody takes a message away, one of the bot's too."""
        with self._lock:
            self._all.remove(message)

    def grant(self, scopes: Iterable[str]) -> None:
        """The app has these scopes from now on, and no others."""
        self._api = self._made_api(scopes)

    def revoke(self) -> None:
        """The token stops being one."""
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
        """Let calls of a method ("*": all) meet a fault.

        The next one, unless `times` says how many or `seconds` how long; `after` so many spared
        ones; each by `chance`. `channel` narrows it. `heal` ends all of it.
        """
        with self._lock:
            self._faults.order(
                method,
                fault,
                channel=channel,
                times=times,
                seconds=seconds,
                after=after,
                chance=chance,
            )

    def heal(self) -> None:
        """No faults any more."""
        with self._lock:
            self._faults.rules.clear()

    # What a test looks at

    def calls(self, method: str | None = None, channel: str | None = None) -> list[Call]:
        """The calls so far, of a method and to a channel."""
        with self._lock:
            return [
                one
                for one in self._calls
                if method in {None, one.method} and channel in {None, one.args.get("channel")}
            ]

    @property
    def limited(self) -> list[Call]:
        """The calls that came too fast (those of `Fault.ratelimited` are not among them)."""
        return [one for one in self.calls() if one.outcome == "ratelimited"]

    def posted(self, channel: str = PAPERS) -> list[PostedMessage]:
        """What the bot has said in a conversation and not taken back, threads left out.

        A person's id means the direct messages with them.
        """
        with self._lock:
            key = self._all.im(channel).id if channel in self._all.users else channel
            said = self._all.messages.get(key, ())
            found = [
                one for one in said if one.user == BOT and not one.is_reply and not one.deleted
            ]
            return copy.deepcopy(found)

    def thread(self, message: PostedMessage) -> list[PostedMessage]:
        """What stands below a message, people's words too."""
        with self._lock:
            return copy.deepcopy(list(self._all.replies(message)))

    def message(self, message: PostedMessage) -> PostedMessage:
        """A message as it stands now."""
        with self._lock:
            return copy.deepcopy(self._current(message))

    def by_metadata(self, key: str, value: object = None) -> list[PostedMessage]:
        """The messages whose metadata hold a key (with a value), in every conversation."""
        with self._lock:
            payloads = (
                (one, (one.metadata or {}).get("event_payload", {})) for one in self._said()
            )
            found = [
                one
                for one, payload in payloads
                if key in payload and (value is None or payload[key] == value)
            ]
            return copy.deepcopy(found)

    def ephemerals(self, user: str | None = None) -> list[PostedMessage]:
        """What was shown to one person only."""
        with self._lock:
            found = [one for one in self._all.ephemerals if user in {None, one.ephemeral_to}]
            return copy.deepcopy(found)

    @property
    def views(self) -> list[View]:
        """The modals and Home tabs that are open."""
        with self._lock:
            return copy.deepcopy([one for one in self._all.views.values() if one.is_open])

    def check(self, *, allowed: Iterable[str] = ()) -> None:
        """That the bot kept Slack's rules: no refusal for a mistake of form, nothing too fast.

        And that every message with blocks has a text, which is what notifications show.
        """
        wrong = (MISTAKES | {"ratelimited"}) - set(allowed)
        refused = [one for one in self.calls() if one.outcome in wrong]
        assert not refused, f"Slack would refuse: {refused[:3]}"
        with self._lock:
            bare = [one for one in self._said() if one.user == BOT and not one.text.strip()]
        assert not bare, f"messages without text: {bare[:3]}"
        bad = [one for one in self.responses if one["status"] == 400]
        assert not bad, f"Slack would refuse: {bad[:3]}"

    def _said(self) -> list[PostedMessage]:
        return [one for one in self._all.everything() if not one.deleted]
