"""A workspace in memory: people, conversations, messages, open views."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

TEAM, APP, BOT, BOT_ID = "T0001", "A0001", "U0BOT", "B0BOT"
ALICE, BOB, PAPERS = "U0001", "U0002", "C0001"
TRIGGER_SECONDS, RESPONSE_SECONDS, RESPONSE_USES = 3.0, 1800.0, 5


@dataclass(kw_only=True, eq=False)
class User:
    """A person; tests may change the fields."""

    id: str
    name: str
    tz: str = "Europe/Amsterdam"
    is_bot: bool = False
    deleted: bool = False
    team: str = TEAM
    teams: list[str] = field(default_factory=list)
    """The workspaces of the Enterprise organisation in which the person is."""
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False


@dataclass(kw_only=True, eq=False)
class Channel:
    """A conversation; tests may change the fields."""

    id: str
    name: str
    members: list[str] = field(default_factory=list)
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    is_shared: bool = False
    """Whether people of another organisation are in it, by Slack Connect."""

    @property
    def kind(self) -> str:
        """The kind of scopes that it needs."""
        return "im" if self.is_im else "private" if self.is_private else "public"


@dataclass(kw_only=True)
class PostedMessage:
    """A message. `ephemeral_to`: the only person who sees it."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    edited: str | None = None
    edits: int = 0
    deleted: bool = False
    ephemeral_to: str | None = None

    @property
    def is_reply(self) -> bool:
        """Whether it is a reply in a thread."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(kw_only=True)
class View:
    """A modal, or the Home tab of a person."""

    id: str
    user: str
    content: dict[str, Any]
    hash: str
    is_open: bool = True


@dataclass(kw_only=True, eq=False)
class ResponseUrl:
    """A URL to answer an interaction up to five times within thirty minutes."""

    number: int
    url: str
    channel: str
    user: str
    message: PostedMessage | None
    given_at: float
    uses: int = 0


@dataclass(eq=False)
class Trigger:
    """The right to open one modal within three seconds."""

    id: str
    user: str
    given_at: float
    used: bool = False


class Workspace:
    """The workspace. It is not thread-safe: the fake locks around every use."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.groups: dict[str, tuple[str, list[str]]] = {}
        self.messages: dict[str, list[PostedMessage]] = {}
        self.ephemerals: list[PostedMessage] = []
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.responses: dict[int, ResponseUrl] = {}
        self._counter = itertools.count(1)
        self._last = 0
        self.users[BOT] = User(id=BOT, name="papers", is_bot=True)
        self.users[ALICE] = User(id=ALICE, name="alice")
        self.users[BOB] = User(id=BOB, name="bob")
        self.channels[PAPERS] = Channel(id=PAPERS, name="papers", members=[ALICE, BOB, BOT])

    def number(self) -> int:
        """A new number."""
        return next(self._counter)

    def ts(self) -> str:
        """A new timestamp in Slack's format, later than all before."""
        self._last = max(self._last + 1, int(self.clock() * 1_000_000))
        seconds, micro = divmod(self._last, 1_000_000)
        return f"{seconds}.{micro:06}"

    def im(self, user: str) -> Channel:
        """The direct messages between the bot and a person."""
        for channel in self.channels.values():
            if channel.is_im and user in channel.members:
                return channel
        channel = Channel(id=f"D{self.number():04}", name=user, members=[user, BOT], is_im=True)
        self.channels[channel.id] = channel
        return channel

    def add(self, message: PostedMessage) -> PostedMessage:
        """Add a message."""
        self.messages.setdefault(message.channel, []).append(message)
        return message

    def find(self, channel: str, ts: str | None) -> PostedMessage | None:
        """The message with a timestamp."""
        messages = self.messages.get(channel, ())
        return next(
            (message for message in messages if message.ts == ts and not message.deleted), None
        )

    def replies(self, parent: PostedMessage) -> Sequence[PostedMessage]:
        """The replies to a message."""
        messages = self.messages.get(parent.channel, ())
        return [
            message for message in messages if message.is_reply and message.thread_ts == parent.ts
        ]

    def remove(self, message: PostedMessage) -> None:
        """Delete a message; the first one of a thread becomes a tombstone."""
        if self.replies(message):
            message.deleted = True
            message.text, message.blocks, message.metadata = "This message was deleted.", [], None
        else:
            self.messages[message.channel].remove(message)

    def everything(self) -> Iterator[PostedMessage]:
        """Every message, the private ones too."""
        yield from itertools.chain.from_iterable(self.messages.values())
        yield from self.ephemerals

    def as_json(self, message: PostedMessage, *, metadata: bool = False) -> dict[str, Any]:
        """A message as the Web API and payloads show it; with metadata only if asked for."""
        by_bot = message.user == BOT
        shown: dict[str, Any] = {
            "type": "message",
            "user": message.user,
            "ts": message.ts,
            "text": message.text,
            "team": TEAM,
        }
        if message.deleted:
            shown |= {"subtype": "tombstone", "user": "USLACKBOT"}
        elif by_bot:
            shown |= {"bot_id": BOT_ID, "app_id": APP}
        else:
            shown |= {"client_msg_id": f"made-up-{message.ts}"}
        if message.blocks:
            shown["blocks"] = message.blocks
        if message.edited:
            shown["edited"] = {"user": message.user, "ts": message.edited}
        if metadata and message.metadata:
            shown["metadata"] = message.metadata
        return shown | self._thread(message)

    def _thread(self, message: PostedMessage) -> dict[str, Any]:
        if message.is_reply:
            more = {"subtype": "thread_broadcast"} if message.broadcast else {}
            return {"thread_ts": message.thread_ts, **more}
        if not (replies := self.replies(message)):
            return {}
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": sorted({reply.user for reply in replies}),
            "latest_reply": replies[-1].ts,
        }
