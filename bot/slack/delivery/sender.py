"""The one sender: delivers the outbox at Slack's pace, each thing once.

    due ──► may it go now? ──► there already? ──► attempt (committed) ──► post ──► posted
                                (edits need no attempt: the same edit twice is one)

A post may have arrived though its answer did not: a lost connection, an error of Slack's, a kill.
Then the channel's history is asked for a message with the row's key in its metadata before it is
posted again. One message a second a channel (https://docs.slack.dev/apis/web-api/rate-limits).
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot.backoff import backoff
from bot.outbox.message import OutboxRow
from bot.outbox.store import LONGEST_WAIT, Outbox
from bot.slack import api_errors as failures
from bot.slack.api_errors import UNAUTHORIZED, answered
from bot.slack.blocks.lookup import SlackMessage

TRIES = 30
"""After so many failures in a row a message is given up: about two hours."""
GRACE = 5.0
"""Seconds in which a post whose answer is not known may still arrive; also a call's time-out."""
EVERY = 1.0
"""Seconds between two messages in a channel."""
EVENT = "papers_message"

_LONGEST_BACKOFF = 300.0
_AUTHORIZATION_BACKOFF = 60.0
_PAGES = 20
_LOOK_BACK = dt.timedelta(days=1)  # clocks differ, and jump
_HOPELESS = {
    "channel_not_found": "there is no such channel, or the bot cannot see it: invite it",
    "not_in_channel": "the bot is not in the channel: invite it",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived",
    "restricted_action": "the workspace's settings keep the bot from posting there",
    "user_not_found": "there is no such person",
    "user_disabled": "the person has left",
    "msg_too_long": "the message is too long",
    "msg_blocks_too_long": "the message is too long",
    "invalid_blocks": "Slack does not take the message's blocks",
    "no_text": "the message is empty",
    "thread_not_found": "the thread is gone",
    "edit_window_closed": "the workspace does not let messages be edited any more",
}
_GONE = frozenset({"message_not_found", "cant_update_message"})
_UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})

_CODE = re.compile(r"[a-z0-9_]+")

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message as it goes out; a reply in a thread may be shown in the channel too."""

    message: SlackMessage
    is_broadcast: bool = False


Render = Callable[[OutboxRow], RenderedMessage | None]


class Sender:
    """Delivers what is due. One process a workspace runs it at a time: it holds a lock."""

    def __init__(
        self,
        outbox: Outbox,
        client: WebClient,
        render: Render,
        *,
        now: Callable[[], dt.datetime],
        clock: Callable[[], float],
    ) -> None:
        """`client` repeats no call by itself; `clock` gives seconds that only grow.

        `render` makes the message as it is to be now; None says that there is nothing to say.
        """
        self._outbox, self._client, self._render = outbox, client, render
        self._now, self._clock = now, clock
        self._began = clock()
        self._free: dict[str, float] = {}
        self._held_until = 0.0

    def step(self, may_go_on: Callable[[], bool]) -> int:
        """Deliver what may go now, as long as `may_go_on`; how many calls were made."""
        sent = 0
        for item in self._outbox.due_rows(self._now()):
            if self._clock() < self._held_until or not may_go_on():
                break
            if self._clock() < self._free.get(item.channel, 0.0):
                continue
            if item.attempted is not None and self._clock() - self._began < GRACE:
                continue  # whoever tried it last may still be at it
            self._deliver(item)
            self._free[item.channel] = max(
                self._free.get(item.channel, 0.0), self._clock() + EVERY
            )
            sent += 1
        return sent

    def _deliver(self, item: OutboxRow) -> None:
        try:
            outgoing = self._render(item)
            body = _body(outgoing, item) if outgoing else {}
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  # one row must not hold up all others
            _log.exception("a message could not be made", key=item.key)
            self._outbox.mark_dead(item, f"The message could not be made: {error!r}"[:300])
            return
        try:
            self._say(item, outgoing, body)
        except SQLAlchemyError:
            raise  # what is not written down is looked for in Slack the next time
        except SlackApiError as error:
            failures.count(error)
            self._refused(item, error)
        except (OSError, HTTPException, SlackClientError) as error:
            failures.count(error)
            self._put_off(item, f"Slack could not be reached: {error}"[:300], unsure=True)
        except Exception as error:  # noqa: BLE001  # as above
            _log.exception("Slack's answer could not be understood", key=item.key)
            problem = f"Slack's answer could not be understood: {error!r}"[:300]
            self._put_off(item, problem, unsure=True)

    def _say(
        self, item: OutboxRow, outgoing: RenderedMessage | None, body: Mapping[str, Any]
    ) -> None:
        if item.ts is None and item.attempted is not None:
            found = self._find(item)
            if found:
                self._outbox.mark_posted(item, *found, self._now())
                return
        if outgoing is None:
            self._outbox.mark_posted(
                item, item.version, item.posted_in or "", item.ts or "", self._now()
            )
        elif item.ts:
            self._client.chat_update(channel=item.posted_in or item.channel, ts=item.ts, **body)
            self._outbox.mark_posted(
                item, item.version, item.posted_in or item.channel, item.ts, self._now()
            )
        else:
            self._post(item, body, is_broadcast=outgoing.is_broadcast)

    def _post(self, item: OutboxRow, body: Mapping[str, Any], *, is_broadcast: bool) -> None:
        self._outbox.mark_attempted(item)
        try:
            answer = self._client.chat_postMessage(
                channel=item.channel,
                thread_ts=item.thread_ts,
                reply_broadcast=is_broadcast if item.thread_ts else None,
                unfurl_links=False,
                unfurl_media=False,
                **body,
            )
        except SlackApiError as error:
            if not _is_unsure(error):
                self._outbox.mark_not_posted(item)
            raise
        self._outbox.mark_posted(
            item, item.version, str(answer["channel"]), str(answer["ts"]), self._now()
        )

    def _find(self, item: OutboxRow) -> tuple[int, str, str] | None:
        """The version, channel and id of a row's message, if Slack has it."""
        channel = item.channel
        if channel[:1] in {"U", "W"}:
            opened: Mapping[str, Any] = self._client.conversations_open(users=channel)["channel"]
            channel = str(opened["id"])
        for message in self._messages(channel, item):
            match message.get("metadata"):
                case {"event_payload": {"key": item.key, "version": int(version)}}:
                    return version, channel, str(message["ts"])
                case _:
                    continue
        return None

    def _messages(self, channel: str, item: OutboxRow) -> Iterator[Mapping[str, Any]]:
        cursor = ""
        oldest = str((item.created_at - _LOOK_BACK).timestamp())
        for _ in range(_PAGES):
            if item.thread_ts:
                page = self._client.conversations_replies(
                    channel=channel,
                    ts=item.thread_ts,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            else:
                page = self._client.conversations_history(
                    channel=channel,
                    oldest=oldest,
                    include_all_metadata=True,
                    limit=200,
                    cursor=cursor,
                )
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _refused(self, item: OutboxRow, error: SlackApiError) -> None:
        status, code = error.response.status_code, _code(error)
        if status == HTTPStatus.TOO_MANY_REQUESTS or code in {"ratelimited", "rate_limited"}:
            seconds = _retry_after(error)
            self._free[item.channel] = self._clock() + seconds
            self._put_off(item, "Slack asked to wait", wait=seconds, counts=False)
        elif code in UNAUTHORIZED:
            self._held_until = self._clock() + _AUTHORIZATION_BACKOFF
            _log.error("Slack refuses the token; nothing is sent", reason=code)
            self._put_off(item, answered(code), wait=_AUTHORIZATION_BACKOFF, counts=False)
        elif code in _GONE and item.ts:
            _log.warning("a message is gone; it is posted again", key=item.key)
            self._outbox.forget_posting(item.key)
        elif code == "thread_not_found" and item.thread_of and item.thread_ts:
            _log.warning("a thread is gone; its first message is posted again", key=item.thread_of)
            self._outbox.forget_posting(item.thread_of)
            self._put_off(item, "the thread is gone")
        elif code in _HOPELESS:
            _log.error("not delivered", key=item.key, channel=item.channel, reason=code)
            self._outbox.mark_dead(item, f"{code}: {_HOPELESS[code]}.")
        else:
            problem = answered(code or f"status {status} without JSON")
            self._put_off(item, problem, unsure=_is_unsure(error))

    def _put_off(
        self,
        item: OutboxRow,
        problem: str,
        *,
        wait: float | None = None,
        counts: bool = True,
        unsure: bool = False,
    ) -> None:
        if counts and item.tries + 1 >= TRIES:
            _log.error("given up", key=item.key, channel=item.channel, reason=problem)
            self._outbox.mark_dead(item, problem)
            return
        if wait is None:
            wait = backoff(item.tries, first=1.0, longest=_LONGEST_BACKOFF)
        seconds = max(wait, GRACE) if unsure else wait
        until = self._now() + dt.timedelta(seconds=seconds)
        _log.warning("put off", key=item.key, seconds=seconds, reason=problem)
        self._outbox.postpone(item, until, problem, counts=counts)


def _body(outgoing: RenderedMessage, item: OutboxRow) -> dict[str, Any]:
    payload = {"key": item.key, "version": item.version}
    return {
        "text": outgoing.message.text,
        "blocks": [block.to_dict() for block in outgoing.message.blocks],
        "metadata": {"event_type": EVENT, "event_payload": payload},
    }


def _code(error: SlackApiError) -> str:
    """The code of a refusal; empty for what is not Slack's API that answers (a proxy's page).

    There slack_sdk puts a sentence of its own in the code's place.
    """
    data = error.response.data
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    return code if _CODE.fullmatch(code) else ""


def _is_unsure(error: SlackApiError) -> bool:
    """Whether the call may have been carried out all the same."""
    code, status = _code(error), error.response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return not code or code in _UNSURE or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _retry_after(error: SlackApiError) -> float:
    headers = {str(name).lower(): value for name, value in error.response.headers.items()}
    try:
        seconds = float(headers.get("retry-after", 1))
        return min(max(1.0, seconds), LONGEST_WAIT.total_seconds())
    except (TypeError, ValueError):
        return 1.0
