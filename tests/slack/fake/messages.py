"""Methods for messages: posting, changing, deleting and reading them."""

from collections.abc import Callable, Iterable, Mapping

from tests.slack.fake import arguments
from tests.slack.fake.arguments import Args, RefusedError
from tests.slack.fake.base import Answer, ApiGroup
from tests.slack.fake.workspace import BOT, Channel, PostedMessage

Methods = Mapping[str, Callable[[Args], Answer]]


class Messages(ApiGroup):
    """`chat.*`, and the reading of conversations."""

    @property
    def methods(self) -> Methods:
        """By their names in the Web API."""
        return {
            "chat.delete": self._chat_delete,
            "chat.getPermalink": self._chat_permalink,
            "chat.postEphemeral": self._chat_post_ephemeral,
            "chat.postMessage": self._chat_post_message,
            "chat.update": self._chat_update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
        }

    def _chat_post_message(self, args: Args) -> Answer:
        channel = self.writable(args, "chat.postMessage")
        self.rate_limits.message(channel.id)
        blocks = arguments.blocks(args)
        text = arguments.message_text(args, blocks)
        metadata = arguments.metadata(args) or None
        thread = self._thread(args, channel)
        message = self.all.add(
            PostedMessage(
                channel=channel.id,
                ts=self.all.ts(),
                user=BOT,
                text=text,
                blocks=blocks or [],
                metadata=metadata,
                thread_ts=thread,
                broadcast=arguments.flag(args, "reply_broadcast"),
            )
        )
        shown = self.all.as_json(message)
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def _thread(self, args: Args, channel: Channel) -> str | None:
        ts = args.get("thread_ts")
        if ts is None:
            return None
        head = self.all.find(channel.id, str(ts))
        if head is None or head.is_reply:
            raise RefusedError("thread_not_found")
        return head.ts

    def _own(self, args: Args, channel: Channel, refusal: str) -> PostedMessage:
        """A message that the bot posted; with another one the call is refused."""
        message = self.all.find(channel.id, arguments.text(args, "ts"))
        if message is None:
            raise RefusedError("message_not_found")
        if message.user != BOT:
            raise RefusedError(refusal)
        return message

    def _chat_update(self, args: Args) -> Answer:
        """Change a message; blocks and metadata stay unless they are given."""
        channel = self.channel(args, "chat.update")
        if channel.is_archived:
            raise RefusedError("is_inactive")
        message = self._own(args, channel, "cant_update_message")
        blocks, metadata = arguments.blocks(args), arguments.metadata(args)
        text = arguments.message_text(args, blocks)
        if text or blocks is None:
            message.text = text
        message.blocks = message.blocks if blocks is None else blocks
        message.metadata = message.metadata if metadata is None else metadata or None
        message.edited, message.edits = self.all.ts(), message.edits + 1
        shown = self.all.as_json(message)
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}

    def _chat_delete(self, args: Args) -> Answer:
        channel = self.channel(args, "chat.delete")
        message = self._own(args, channel, "cant_delete_message")
        self.all.remove(message)
        return {"channel": channel.id, "ts": message.ts}

    def _chat_post_ephemeral(self, args: Args) -> Answer:
        channel = self.channel(args, "chat.postEphemeral")
        if channel.is_archived:
            raise RefusedError("is_archived")
        person = self.person(args)
        if person.id not in channel.members:
            raise RefusedError("user_not_in_channel")
        blocks = arguments.blocks(args)
        message = PostedMessage(
            channel=channel.id,
            ts=self.all.ts(),
            user=BOT,
            text=arguments.message_text(args, blocks),
            blocks=blocks or [],
            thread_ts=self._thread(args, channel),
            ephemeral_to=person.id,
        )
        self.all.ephemerals.append(message)
        return {"message_ts": message.ts}

    def _chat_permalink(self, args: Args) -> Answer:
        channel = self.channel(args, "chat.getPermalink", member=False)
        message = self.all.find(channel.id, arguments.text(args, "message_ts"))
        if message is None:
            raise RefusedError("message_not_found")
        link = f"https://example.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.is_reply:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def _history(self, args: Args) -> Answer:
        """Messages, the newest first; of replies only those that were broadcast."""
        channel = self.channel(args, "conversations.history")
        limit = arguments.number(args, "limit", 100, 999)
        messages = [
            message
            for message in reversed(self.all.messages.get(channel.id, ()))
            if (not message.is_reply or message.broadcast) and _within(message.ts, args)
        ]
        shown, cursor = arguments.page(args, messages, lambda message: message.ts, limit)
        return self._page(shown, cursor, args)

    def _replies(self, args: Args) -> Answer:
        """A thread: its first message, then its replies, the oldest first."""
        channel = self.channel(args, "conversations.replies")
        limit = arguments.number(args, "limit", 1000, 1000)
        ts = arguments.text(args, "ts")
        messages = self.all.messages.get(channel.id, ())
        head = next((message for message in messages if message.ts == ts), None)
        if head is None:
            raise RefusedError("thread_not_found")
        thread = [
            head,
            *(message for message in self.all.replies(head) if _within(message.ts, args)),
        ]
        shown, cursor = arguments.page(args, thread, lambda message: message.ts, limit)
        return self._page(shown, cursor, args)

    def _page(self, messages: Iterable[PostedMessage], cursor: str, args: Args) -> Answer:
        metadata = arguments.flag(args, "include_all_metadata")
        return {
            "messages": [self.all.as_json(message, metadata=metadata) for message in messages],
            "has_more": bool(cursor),
            "response_metadata": {"next_cursor": cursor},
        }


def _within(ts: str, args: Args) -> bool:
    """Whether a timestamp lies between `oldest` and `latest`."""
    at = float(ts)
    try:
        oldest, latest = float(args.get("oldest") or 0), float(args.get("latest") or "inf")
    except ValueError:
        raise RefusedError("invalid_ts_oldest") from None
    if arguments.flag(args, "inclusive"):
        return oldest <= at <= latest
    return oldest < at < latest
