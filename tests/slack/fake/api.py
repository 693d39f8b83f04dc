"""The Web API's methods over the workspace, each as strict as Slack's own.

https://docs.slack.dev/reference/methods says what each takes and how it refuses. Stricter than
Slack, on purpose: a channel is named by its id only, and text beyond the limit is refused (Slack
cuts it off).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.slack import scopes
from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.pace import Pace
from tests.slack.fake.workspace import (
    APP,
    BOT,
    BOT_ID,
    TEAM,
    TRIGGER_SECONDS,
    Channel,
    Message,
    User,
    View,
    Workspace,
)

Answer = dict[str, Any]


class WebApi:
    """One app's use of the workspace, with the scopes that it was given."""

    def __init__(self, workspace: Workspace, pace: Pace, granted: Iterable[str]) -> None:
        self._all, self._pace, self.granted = workspace, pace, frozenset(granted)
        self.methods: Mapping[str, Callable[[Args], Answer]] = {
            "auth.test": self._auth_test,
            "chat.delete": self._chat_delete,
            "chat.getPermalink": self._chat_permalink,
            "chat.postEphemeral": self._chat_post_ephemeral,
            "chat.postMessage": self._chat_post_message,
            "chat.update": self._chat_update,
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.join": self._join,
            "conversations.list": self._list,
            "conversations.members": self._members,
            "conversations.open": self._open,
            "conversations.replies": self._replies,
            "usergroups.list": self._groups,
            "usergroups.users.list": self._group_members,
            "users.info": self._user,
            "views.open": self._views_open,
            "views.publish": self._views_publish,
            "views.update": self._views_update,
        }

    def call(self, method: str, args: Args) -> Answer:
        """Carry a call out. Raises RefusedError or TooFastError."""
        if method not in self.methods:
            raise RefusedError("unknown_method", req_method=method)
        needed = scopes.SCOPES[method]
        if needed and not needed & self.granted and not self._has_other_kinds(method):
            raise self._missing(needed)
        self._pace.call(method)
        return {"ok": True, **self.methods[method](args)}

    def _has_other_kinds(self, method: str) -> bool:
        """Whether there is a kind of conversation for which the scopes suffice."""
        return any(scopes.needed(method, kind) <= self.granted for kind in scopes.KINDS)

    def _missing(self, needed: Iterable[str]) -> RefusedError:
        return RefusedError(
            "missing_scope",
            needed=",".join(sorted(needed)),
            provided=",".join(sorted(self.granted)),
        )

    # Who and where

    def _auth_test(self, _args: Args) -> Answer:
        return {
            "url": "https://example.slack.com/",
            "team": "Example",
            "user": self._all.users[BOT].name,
            "team_id": TEAM,
            "user_id": BOT,
            "bot_id": BOT_ID,
            "is_enterprise_install": False,
        }

    def _channel(self, args: Args, method: str, *, member: bool = True) -> Channel:
        """The conversation that is meant; a private one is hidden from those outside."""
        found = self._all.channels.get(arguments.text(args, "channel"))
        if found is None or (found.kind != "public" and BOT not in found.members):
            raise RefusedError("channel_not_found")
        needed = scopes.needed(method, found.kind)
        if not needed <= self.granted:
            raise self._missing(needed)
        if member and BOT not in found.members:
            raise RefusedError("not_in_channel")
        return found

    def _writable(self, args: Args, method: str) -> Channel:
        """The conversation to write to; a person's id means the direct messages with them."""
        person = self._all.users.get(str(args.get("channel")))
        if person is not None:
            if person.deleted or person.is_bot:
                raise RefusedError("channel_not_found")
            return self._all.im(person.id)
        found = self._channel(args, method, member="chat:write.public" not in self.granted)
        if found.is_archived:
            raise RefusedError("is_archived")
        return found

    def _person(self, args: Args, name: str = "user") -> User:
        found = self._all.users.get(arguments.text(args, name))
        if found is None:
            raise RefusedError("user_not_found")
        return found

    # Messages

    def _chat_post_message(self, args: Args) -> Answer:
        channel = self._writable(args, "chat.postMessage")
        self._pace.message(channel.id)
        blocks = arguments.blocks(args)
        text = arguments.said(args, blocks)
        metadata = arguments.metadata(args) or None
        thread = self._thread(args, channel)
        message = self._all.add(
            Message(
                channel=channel.id,
                ts=self._all.ts(),
                user=BOT,
                text=text,
                blocks=blocks or [],
                metadata=metadata,
                thread_ts=thread,
                broadcast=arguments.flag(args, "reply_broadcast"),
            )
        )
        told = self._all.as_slack_tells(message)
        return {"channel": channel.id, "ts": message.ts, "message": told}

    def _thread(self, args: Args, channel: Channel) -> str | None:
        ts = args.get("thread_ts")
        if ts is None:
            return None
        head = self._all.find(channel.id, str(ts))
        if head is None or head.is_reply:
            raise RefusedError("thread_not_found")
        return head.ts

    def _own(self, args: Args, channel: Channel, refusal: str) -> Message:
        """A message of the bot's own."""
        found = self._all.find(channel.id, arguments.text(args, "ts"))
        if found is None:
            raise RefusedError("message_not_found")
        if found.user != BOT:
            raise RefusedError(refusal)
        return found

    def _chat_update(self, args: Args) -> Answer:
        """Change a message; blocks and metadata stay as they are unless they are given."""
        channel = self._channel(args, "chat.update")
        if channel.is_archived:
            raise RefusedError("is_inactive")
        message = self._own(args, channel, "cant_update_message")
        blocks, metadata = arguments.blocks(args), arguments.metadata(args)
        text = arguments.said(args, blocks)
        if text or blocks is None:
            message.text = text
        message.blocks = message.blocks if blocks is None else blocks
        message.metadata = message.metadata if metadata is None else metadata or None
        message.edited, message.edits = self._all.ts(), message.edits + 1
        told = self._all.as_slack_tells(message)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": told}

    def _chat_delete(self, args: Args) -> Answer:
        channel = self._channel(args, "chat.delete")
        message = self._own(args, channel, "cant_delete_message")
        self._all.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _chat_post_ephemeral(self, args: Args) -> Answer:
        channel = self._channel(args, "chat.postEphemeral")
        if channel.is_archived:
            raise RefusedError("is_archived")
        person = self._person(args)
        if person.id not in channel.members:
            raise RefusedError("user_not_in_channel")
        blocks = arguments.blocks(args)
        message = Message(
            channel=channel.id,
            ts=self._all.ts(),
            user=BOT,
            text=arguments.said(args, blocks),
            blocks=blocks or [],
            thread_ts=self._thread(args, channel),
            ephemeral_to=person.id,
        )
        self._all.ephemerals.append(message)
        return {"message_ts": message.ts}

    def _chat_permalink(self, args: Args) -> Answer:
        channel = self._channel(args, "chat.getPermalink", member=False)
        message = self._all.find(channel.id, arguments.text(args, "message_ts"))
        if message is None:
            raise RefusedError("message_not_found")
        link = f"https://example.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.is_reply:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    # Conversations

    def _history(self, args: Args) -> Answer:
        """What was said, the newest first; replies only where they were broadcast."""
        channel = self._channel(args, "conversations.history")
        limit = arguments.number(args, "limit", 100, 999)
        said = [
            one
            for one in reversed(self._all.messages.get(channel.id, ()))
            if (not one.is_reply or one.broadcast) and _within(one.ts, args)
        ]
        shown, cursor = arguments.page(args, said, lambda one: one.ts, limit)
        return self._told(shown, cursor, args)

    def _replies(self, args: Args) -> Answer:
        """A thread: its head, then its replies, the oldest first."""
        channel = self._channel(args, "conversations.replies")
        limit = arguments.number(args, "limit", 1000, 1000)
        ts = arguments.text(args, "ts")
        said = self._all.messages.get(channel.id, ())
        head = next((one for one in said if one.ts == ts), None)
        if head is None:
            raise RefusedError("thread_not_found")
        thread = [head, *(one for one in self._all.replies(head) if _within(one.ts, args))]
        shown, cursor = arguments.page(args, thread, lambda one: one.ts, limit)
        return self._told(shown, cursor, args)

    def _told(self, messages: Iterable[Message], cursor: str, args: Args) -> Answer:
        metadata = arguments.flag(args, "include_all_metadata")
        return {
            "messages": [self._all.as_slack_tells(one, metadata=metadata) for one in messages],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }

    def _info(self, args: Args) -> Answer:
        channel = self._channel(args, "conversations.info", member=False)
        found = _described(channel)
        if arguments.flag(args, "include_num_members"):
            found["num_members"] = len(channel.members)
        return {"channel": found}

    def _list(self, args: Args) -> Answer:
        kinds = {"public_channel": "public", "private_channel": "private", "im": "im"}
        asked = str(args.get("types") or "public_channel").split(",")
        if not set(asked) <= set(kinds):
            raise RefusedError("invalid_types")
        for kind in asked:
            if not (needed := scopes.needed("conversations.list", kinds[kind])) <= self.granted:
                raise self._missing(needed)
        archived = not arguments.flag(args, "exclude_archived")
        channels = [
            one
            for one in self._all.channels.values()
            if one.kind in {kinds[kind] for kind in asked}
            and (archived or not one.is_archived)
            and (one.kind == "public" or BOT in one.members)
        ]
        limit = arguments.number(args, "limit", 100, 1000)
        shown, cursor = arguments.page(args, channels, lambda one: one.id, limit)
        return {
            "channels": [_described(one) for one in shown],
            "response_metadata": {"next_cursor": cursor},
        }

    def _members(self, args: Args) -> Answer:
        channel = self._channel(args, "conversations.members", member=False)
        limit = arguments.number(args, "limit", 100, 1000)
        shown, cursor = arguments.page(args, channel.members, str, limit)
        return {"members": list(shown), "response_metadata": {"next_cursor": cursor}}

    def _open(self, args: Args) -> Answer:
        """Open direct messages with one person; groups of people are not for this bot."""
        if not args.get("users"):
            raise RefusedError("users_list_not_supplied")
        person = self._person(args, "users")
        if person.deleted:
            raise RefusedError("user_disabled")
        return {"channel": {"id": self._all.im(person.id).id}}

    def _join(self, args: Args) -> Answer:
        channel = self._channel(args, "conversations.join", member=False)
        if channel.kind != "public":
            raise RefusedError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise RefusedError("is_archived")
        if BOT in channel.members:
            warned = {"response_metadata": {"warnings": ["already_in_channel"]}}
            return {"channel": _described(channel), "warning": "already_in_channel", **warned}
        channel.members.append(BOT)
        return {"channel": _described(channel)}

    # People

    def _user(self, args: Args) -> Answer:
        person = self._person(args)
        return {
            "user": {
                "id": person.id,
                "team_id": TEAM,
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
                for key, (handle, members) in self._all.groups.items()
            ]
        }

    def _group_members(self, args: Args) -> Answer:
        found = self._all.groups.get(arguments.text(args, "usergroup"))
        if found is None:
            raise RefusedError("no_such_subteam")
        return {"users": list(found[1])}

    # Views

    def _views_open(self, args: Args) -> Answer:
        content = arguments.view(args)
        if content["type"] != "modal":
            raise arguments.invalid("must be a modal")
        trigger = self._all.triggers.get(arguments.text(args, "trigger_id"))
        if trigger is None:
            raise RefusedError("invalid_trigger_id")
        if trigger.used:
            raise RefusedError("exchanged_trigger_id")
        if self._all.clock() - trigger.given_at > TRIGGER_SECONDS:
            raise RefusedError("expired_trigger_id")
        trigger.used = True
        return {"view": self._shown(trigger.user, content)}

    def _views_publish(self, args: Args) -> Answer:
        content, person = arguments.view(args), self._person(args, "user_id")
        if content["type"] != "home":
            raise arguments.invalid("must be a home view")
        for view in self._all.views.values():
            if view.user == person.id and view.content["type"] == "home":
                view.is_open = False
        return {"view": self._shown(person.id, content)}

    def _views_update(self, args: Args) -> Answer:
        content = arguments.view(args)
        view = self._all.views.get(str(args.get("view_id")))
        if external := args.get("external_id"):
            shown = (v for v in self._all.views.values() if v.content["external_id"] == external)
            view = next(shown, None)
        if view is None or not view.is_open:
            raise RefusedError("not_found")
        if args.get("hash") not in {None, view.hash}:
            raise RefusedError("hash_conflict")
        view.hash = f"{self._all.ts()}"
        view.content = _full(content, view.id, view.hash)
        return {"view": view.content}

    def _shown(self, user: str, content: dict[str, Any]) -> dict[str, Any]:
        key, value = f"V{self._all.number():04}", self._all.ts()
        self._all.views[key] = View(
            id=key, user=user, content=_full(content, key, value), hash=value
        )
        return self._all.views[key].content


def _within(ts: str, args: Args) -> bool:
    """Whether a moment lies between `oldest` and `latest`."""
    at = float(ts)
    try:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    except ValueError:
        raise RefusedError("invalid_ts_oldest") from None
    if arguments.flag(args, "inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest


def _described(channel: Channel) -> Answer:
    if channel.is_im:
        person = next(one for one in channel.members if one != BOT)
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
        "is_archived": channel.is_archived,
        "is_member": BOT in channel.members,
    }


def _full(content: Mapping[str, Any], key: str, hashed: str) -> dict[str, Any]:
    """A view as Slack gives it back: with what was left out, and its id."""
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "submit": None,
        "close": None,
        **content,
        "id": key,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": BOT_ID,
        "hash": hashed,
        "root_view_id": key,
        "previous_view_id": None,
        "state": {"values": {}},
    }
