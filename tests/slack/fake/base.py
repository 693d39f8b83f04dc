"""What every method of the Web API asks first: which conversation, which person, which scopes."""

from collections.abc import Iterable
from typing import Any

from tests.slack import scopes
from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.rate_limits import Pace
from tests.slack.fake.workspace import BOT, Channel, User, Workspace

Answer = dict[str, Any]


class Desk:
    """One app's place in the workspace, with the scopes that it was given."""

    def __init__(self, workspace: Workspace, pace: Pace, granted: Iterable[str]) -> None:
        self.all, self.pace, self.granted = workspace, pace, frozenset(granted)

    def missing(self, needed: Iterable[str]) -> RefusedError:
        return RefusedError(
            "missing_scope",
            needed=",".join(sorted(needed)),
            provided=",".join(sorted(self.granted)),
        )

    def channel(self, args: Args, method: str, *, member: bool = True) -> Channel:
        """The conversation that is meant; a private one is hidden from those outside."""
        found = self.all.channels.get(arguments.text(args, "channel"))
        if found is None or (found.kind != "public" and BOT not in found.members):
            raise RefusedError("channel_not_found")
        needed = scopes.needed(method, found.kind)
        if not needed <= self.granted:
            raise self.missing(needed)
        if member and BOT not in found.members:
            raise RefusedError("not_in_channel")
        return found

    def writable(self, args: Args, method: str) -> Channel:
        """The conversation to write to; a person's id means the direct messages with them."""
        person = self.all.users.get(str(args.get("channel")))
        if person is not None:
            if person.deleted or person.is_bot:
                raise RefusedError("channel_not_found")
            return self.all.im(person.id)
        found = self.channel(args, method, member="chat:write.public" not in self.granted)
        if found.is_archived:
            raise RefusedError("is_archived")
        return found

    def person(self, args: Args, name: str = "user") -> User:
        found = self.all.users.get(arguments.text(args, name))
        if found is None:
            raise RefusedError("user_not_found")
        return found
