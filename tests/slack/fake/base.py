"""Checks that all methods of the Web API share: conversation, person, scopes."""

from collections.abc import Iterable
from typing import Any

from tests.slack import scopes
from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.rate_limits import RateLimits
from tests.slack.fake.workspace import BOT, Channel, User, Workspace

Answer = dict[str, Any]


class ApiGroup:
    """A group of methods, called by an app with its granted scopes."""

    def __init__(
        self, workspace: Workspace, rate_limits: RateLimits, granted: Iterable[str]
    ) -> None:
        self.all, self.rate_limits = workspace, rate_limits
        self.granted = frozenset(granted)

    def missing(self, needed: Iterable[str]) -> RefusedError:
        return RefusedError(
            "missing_scope",
            needed=",".join(sorted(needed)),
            provided=",".join(sorted(self.granted)),
        )

    def channel(self, args: Args, method: str, *, member: bool = True) -> Channel:
        """The conversation of a call; a private one is hidden from those outside."""
        channel = self.all.channels.get(arguments.text(args, "channel"))
        if channel is None or (channel.kind != "public" and BOT not in channel.members):
            raise RefusedError("channel_not_found")
        needed = scopes.needed(method, channel.kind)
        if not needed <= self.granted:
            raise self.missing(needed)
        if member and BOT not in channel.members:
            raise RefusedError("not_in_channel")
        return channel

    def writable(self, args: Args, method: str) -> Channel:
        """The conversation to post to; a person's id means the direct messages with them."""
        person = self.all.users.get(str(args.get("channel")))
        if person is not None:
            if person.deleted or person.is_bot:
                raise RefusedError("channel_not_found")
            return self.all.im(person.id)
        channel = self.channel(args, method, member="chat:write.public" not in self.granted)
        if channel.is_archived:
            raise RefusedError("is_archived")
        return channel

    def person(self, args: Args, name: str = "user") -> User:
        person = self.all.users.get(arguments.text(args, name))
        if person is None:
            raise RefusedError("user_not_found")
        return person
