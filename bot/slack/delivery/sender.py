"""Sender of the outbox: delivers every row once, at Slack's pace.

    due ──► may it go now? ──► posted already? ──► attempt (committed) ──► post ──► posted
                               (an edit needs no attempt: it can be repeated)

A message may have been posted although no answer came: a lost connection, an error of Slack's, a
kill. Before it is posted again, the channel's history is searched for a message with the row's key
in its metadata. One message a second and channel
(https://docs.slack.dev/apis/web-api/rate-limits).

A message that people delete is posted again with its next edit, and the first message of a thread
with the next reply: once for each of them.
"""

import datetime as dt
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
from bot.slack.api_errors import (
    RATE_LIMITED,
    SERVER_ERRORS,
    UNAUTHORIZED,
    count,
    error_sentence,
    retry_after,
    slack_code,
)
from bot.slack.blocks.text import SlackMessage
from bot.slack.clients import ONCE_ONLY_SECONDS

MAX_TRIES = 30
"""After so many failures in a row a message is given up: about two hours."""
GRACE = float(ONCE_ONLY_SECONDS)
"""Seconds in which a post without an answer may still arrive."""
INTERVAL = 1.0
"""Seconds between two messages to a channel."""
EVENT = "papers_message"

_LONGEST_BACKOFF = 300.0
_AUTHORIZATION_BACKOFF = 60.0
_MAX_PAGES = 20
_LOOK_BACK = dt.timedelta(days=1)  # clocks differ, and jump
_PERMANENT = {
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
_MESSAGE_GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})
"""Answers to an edit of a message that is not there any more."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message to send; a reply in a thread may be shown in the channel too."""

    message: SlackMessage
    is_broadcast: bool = False


Render = Callable[[OutboxRow], RenderedMessage | None]


class Sender:
    """Delivers due rows. One process a workspace runs it at a time, under a lock."""

    def __init__(
        self,
        outbox: Outbox,
        client: WebClient,
        render: Render,
        *,
        now: Callable[[], dt.datetime],
        clock: Callable[[], float],
    ) -> None:
        """`client` repeats no call by itself; `clock` gives monotonic seconds.

        `render` makes the message of a row; None if there is nothing to send.
        """
        self._outbox, self._client, self._render = outbox, client, render
        self._now, self._clock = now, clock
        self._started = clock()
        self._next_at: dict[str, float] = {}
        self._held_until = 0.0

    def step(self, may_go_on: Callable[[], bool]) -> int:
        """Deliver what is due, as long as `may_go_on`; the number of rows that were tried."""
        tried = 0
        for row in self._outbox.due_rows(self._now()):
            if self._clock() < self._held_until or not may_go_on():
                break
            if self._clock() < self._next_at.get(row.channel, 0.0):
                continue
            if row.attempted is not None and self._clock() - self._started < GRACE:
                continue  # the post of a process that ended just now may still arrive
            self._deliver(row)
            self._next_at[row.channel] = max(
                self._next_at.get(row.channel, 0.0), self._clock() + INTERVAL
            )
            tried += 1
        return tried

    def _deliver(self, row: OutboxRow) -> None:
        try:
            rendered = self._render(row)
            body = _body(rendered, row) if rendered else {}
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  # one row must not hold up all others
            _log.exception("a message could not be made", key=row.key)
            self._outbox.mark_dead(row, f"The message could not be made: {error!r}"[:300])
            return
        try:
            self._send(row, rendered, body)
        except SQLAlchemyError:
            raise  # the next try searches Slack for what was sent and not recorded
        except SlackApiError as error:
            count(error)
            self._handle_refusal(row, error)
        except (OSError, HTTPException, SlackClientError) as error:
            count(error)
            self._postpone(row, f"Slack could not be reached: {error}"[:300], is_unsure=True)
        except Exception as error:  # noqa: BLE001  # as above
            _log.exception("Slack's answer could not be understood", key=row.key)
            problem = f"Slack's answer could not be understood: {error!r}"[:300]
            self._postpone(row, problem, is_unsure=True)

    def _send(
        self, row: OutboxRow, rendered: RenderedMessage | None, body: Mapping[str, Any]
    ) -> None:
        if row.ts is None and row.attempted is not None and (posted := self._find(row)):
            self._outbox.mark_posted(row, *posted, self._now())
        elif rendered is None:
            self._record(row, row.posted_in or "", row.ts or "")
        elif row.ts:
            channel = row.posted_in or row.channel
            self._client.chat_update(channel=channel, ts=row.ts, **body)
            self._record(row, channel, row.ts)
        else:
            self._post(row, body, is_broadcast=rendered.is_broadcast)

    def _post(self, row: OutboxRow, body: Mapping[str, Any], *, is_broadcast: bool) -> None:
        self._outbox.mark_attempted(row)
        try:
            answer = self._client.chat_postMessage(
                channel=row.thread_in or row.channel,
                thread_ts=row.thread_ts,
                reply_broadcast=is_broadcast if row.thread_ts else None,
                unfurl_links=False,
                unfurl_media=False,
                **body,
            )
        except SlackApiError as error:
            if not _is_unsure(error):
                self._outbox.mark_not_posted(row)
            raise
        self._record(row, str(answer["channel"]), str(answer["ts"]))

    def _record(self, row: OutboxRow, channel: str, ts: str) -> None:
        self._outbox.mark_posted(row, row.version, channel, ts, self._now())

    def _find(self, row: OutboxRow) -> tuple[int, str, str] | None:
        """The version, channel and id of a row's message, if Slack has it."""
        channel = row.thread_in or row.channel
        if channel[:1] in {"U", "W"}:
            opened: Mapping[str, Any] = self._client.conversations_open(users=channel)["channel"]
            channel = str(opened["id"])
        for message in self._messages(channel, row):
            match message.get("metadata"):
                case {"event_payload": {"key": row.key, "version": int(version)}}:
                    return version, channel, str(message["ts"])
                case _:
                    continue
        return None

    def _messages(self, channel: str, row: OutboxRow) -> Iterator[Mapping[str, Any]]:
        """The messages among which a row's message must be."""
        client, cursor = self._client, ""
        options: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": 200}
        oldest = str((row.created_at - _LOOK_BACK).timestamp())
        for _ in range(_MAX_PAGES):
            if row.thread_ts:
                page = client.conversations_replies(ts=row.thread_ts, cursor=cursor, **options)
            else:
                page = client.conversations_history(oldest=oldest, cursor=cursor, **options)
            yield from page["messages"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _handle_refusal(self, row: OutboxRow, error: SlackApiError) -> None:
        status, code = error.response.status_code, slack_code(error)
        if status == HTTPStatus.TOO_MANY_REQUESTS or code in RATE_LIMITED:
            seconds = min(retry_after(error), LONGEST_WAIT.total_seconds())
            self._next_at[row.channel] = self._clock() + seconds
            self._postpone(row, "Slack asked to wait", wait=seconds, counts=False)
        elif code in UNAUTHORIZED:
            self._held_until = self._clock() + _AUTHORIZATION_BACKOFF
            _log.error("Slack refuses the token; nothing is sent", reason=code)
            self._postpone(row, error_sentence(code), wait=_AUTHORIZATION_BACKOFF, counts=False)
        elif code in _MESSAGE_GONE and row.ts:
            _log.warning("a message is gone; it is posted again", key=row.key)
            self._outbox.forget_posting(row.key)
        elif code == "thread_not_found" and row.thread_ts and not row.is_thread_missed:
            _log.warning("a thread is gone; its first message is posted again", key=row.thread_of)
            until = self._now() + dt.timedelta(seconds=INTERVAL)
            self._outbox.restart_thread(row, until, "the thread is gone")
        elif code in _PERMANENT:
            _log.error("not delivered", key=row.key, channel=row.channel, reason=code)
            self._outbox.mark_dead(row, f"{code}: {_PERMANENT[code]}.")
        else:
            problem = error_sentence(code or f"status {status} without JSON")
            self._postpone(row, problem, is_unsure=_is_unsure(error))

    def _postpone(
        self,
        row: OutboxRow,
        problem: str,
        *,
        wait: float | None = None,
        counts: bool = True,
        is_unsure: bool = False,
    ) -> None:
        """Try a row again later, by default after a back-off; `counts` towards MAX_TRIES."""
        if counts and row.tries + 1 >= MAX_TRIES:
            _log.error("given up", key=row.key, channel=row.channel, reason=problem)
            self._outbox.mark_dead(row, problem)
            return
        if wait is None:
            wait = backoff(row.tries, first=1.0, longest=_LONGEST_BACKOFF)
        seconds = max(wait, GRACE) if is_unsure else wait
        until = self._now() + dt.timedelta(seconds=seconds)
        _log.warning("put off", key=row.key, seconds=seconds, reason=problem)
        self._outbox.postpone(row, until, problem, counts=counts)


def _body(rendered: RenderedMessage, row: OutboxRow) -> dict[str, Any]:
    payload = {"key": row.key, "version": row.version}
    return {
        "text": rendered.message.text,
        "blocks": [block.to_dict() for block in rendered.message.blocks],
        "metadata": {"event_type": EVENT, "event_payload": payload},
    }


def _is_unsure(error: SlackApiError) -> bool:
    """Tell whether Slack may have carried out a call that failed."""
    code, status = slack_code(error), error.response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return False
    return not code or code in SERVER_ERRORS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
