"""Methods for conversations, people and user groups."""

from collections.abc import Callable, Mapping

from tests.slack import scopes
from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.base import Answer, ApiGroup
from tests.slack.fake.workspace import BOT, BOT_ID, TEAM, Channel

Methods = Mapping[str, Callable[[Args], Answer]]


class Directory(ApiGroup):
    """`conversations.*`, `users.*` and `usergroups.*`."""

    @property
    def methods(self) -> Methods:
        """By their names in the Web API."""
        return {
            "auth.test": self._auth_test,
            "conversations.info": self._info,
            "conversations.join": self._join,
            "conversations.list": self._list,
            "conversations.members": self._members,
            "conversations.open": self._open,
            "usergroups.list": self._groups,
            "usergroups.users.list": self._group_members,
            "users.conversations": self._shared_channels,
            "users.info": self._user,
        }

    def _auth_test(self, _args: Args) -> Answer:
        return {
            "url": "https://example.slack.com/",
            "team": "Example",
            "user": self.all.users[BOT].name,
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _info(self, args: Args) -> Answer:
        channel = self.channel(args, "conversations.info", member=False)
        answer = _described(channel)
        if arguments.flag(args, "include_num_members"):
            answer["num_members"] = len(channel.members)
        return {"channel": answer}

    def _list(self, args: Args) -> Answer:
        kinds = {"public_channel": "public", "private_channel": "private", "im": "im"}
        asked = str(args.get("types") or "public_channel").split(",")
        if not set(asked) <= set(kinds):
            raise RefusedError("invalid_types")
        for kind in asked:
            if not (needed := scopes.needed("conversations.list", kinds[kind])) <= self.granted:
                raise self.missing(needed)
        archived = not arguments.flag(args, "exclude_archived")
        channels = [
            channel
            for channel in self.all.channels.values()
            if channel.kind in {kinds[kind] for kind in asked}
            and (archived or not channel.is_archived)
            and (channel.kind == "public" or BOT in channel.members)
        ]
        limit = arguments.number(args, "limit", 100, 1000)
        shown, cursor = arguments.page(args, channels, lambda channel: channel.id, limit)
        return {
            "channels": [_described(channel) for channel in shown],
            "response_metadata": {"next_cursor": cursor},
        }

    def _members(self, args: Args) -> Answer:
        channel = self.channel(args, "conversations.members", member=False)
        limit = arguments.number(args, "limit", 100, 1000)
        shown, cursor = arguments.page(args, channel.members, str, limit)
        return {"members": list(shown), "response_metadata": {"next_cursor": cursor}}

    def _open(self, args: Args) -> Answer:
        """Open direct messages with one person; groups of people are not for this bot."""
        if not args.get("users"):
            raise RefusedError("users_list_not_supplied")
        person = self.person(args, "users")
        if person.deleted:
            raise RefusedError("user_disabled")
        return {"channel": {"id": self.all.im(person.id).id}}

    def _join(self, args: Args) -> Answer:
        channel = self.channel(args, "conversations.join", member=False)
        if channel.kind != "public":
            raise RefusedError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise RefusedError("is_archived")
        if BOT in channel.members:
            warned = {"response_metadata": {"warnings": ["already_in_channel"]}}
            return {"channel": _described(channel), "warning": "already_in_channel", **warned}
        channel.members.append(BOT)
        return {"channel": _described(channel)}

    def _shared_channels(self, args: Args) -> Answer:
        """The channels that the bot shares with a person."""
        kinds = {"public_channel": "public", "private_channel": "private"}
        asked = str(args.get("types") or "public_channel").split(",")
        if not set(asked) <= set(kinds):
            raise RefusedError("invalid_types")
        person = self.person(args)
        channels = [
            channel
            for channel in self.all.channels.values()
            if channel.kind in {kinds[kind] for kind in asked}
            and {BOT, person.id} <= set(channel.members)
        ]
        limit = arguments.number(args, "limit", 100, 999)
        shown, cursor = arguments.page(args, channels, lambda channel: channel.id, limit)
        return {
            "channels": [_described(channel) for channel in shown],
            "response_metadata": {"next_cursor": cursor},
        }

    def _user(self, args: Args) -> Answer:
        person = self.person(args)
        if person.deleted:  # Slack says little of them
            return {
                "user": {
                    "id": person.id,
                    "team_id": person.team,
                    "name": person.name,
                    "deleted": True,
                    "is_bot": person.is_bot,
                    "profile": {"real_name": person.name, "display_name": person.name},
                }
            }
        organisation = {"id": f"W{person.id[1:]}", "enterprise_id": "E0001", "teams": person.teams}
        return {
            "user": {
                "id": person.id,
                "team_id": person.team,
                **({"enterprise_user": organisation} if person.teams else {}),
                "is_restricted": person.is_restricted,
                "is_ultra_restricted": person.is_ultra_restricted,
                "is_stranger": person.is_stranger,
                "name": person.name,
                "real_name": person.name,
                "deleted": person.deleted,
                "is_bot": person.is_bot,
                "tz": person.tz,
                "profile": {"real_name": person.name, "display_name": person.name},
            }
        }

    def _groups(self, args: Args) -> Answer:
        with_users = arguments.flag(args, "include_users")
        return {
            "usergroups": [
                {
                    "id": key,
                    "team_id": TEAM,
                    "is_usergroup": True,
                    "handle": handle,
                    "name": handle,
                    "date_delete": 0,
                    **({"users": list(members)} if with_users else {}),
                }
                for key, (handle, members) in self.all.groups.items()
            ]
        }

    def _group_members(self, args: Args) -> Answer:
        group = self.all.groups.get(arguments.text(args, "usergroup"))
        if group is None:
            raise RefusedError("no_such_subteam")
        return {"users": list(group[1])}


def _described(channel: Channel) -> Answer:
    if channel.is_im:
        person = next(member for member in channel.members if member != BOT)
        return {"id": channel.id, "is_im": True, "is_archived": False, "user": person}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.is_private,
        "is_shared": channel.is_shared,
        "is_ext_shared": channel.is_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_archived": channel.is_archived,
        "is_member": BOT in channel.members,
    }
