"""Self-check of the bot with Slack: owner and scopes of its token, access to channels.

Nothing is raised: a refusal or a failed connection is a result.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.slack.api_errors import TOKEN_ERRORS, error_code, error_sentence
from bot.slack.authority import Member, Workspace, read_member, read_workspace
from bot.slack.clients import client_without_retries

Result = TypeVar("Result")

_REASON_LENGTH = 200
_SHARED = ("is_shared", "is_ext_shared", "is_org_shared", "is_pending_ext_shared")
_quiet = logging.getLogger("bot.self_check")  # the result tells what slack_sdk would log
_quiet.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The owner of a token, and what it may do."""

    name: str
    """The workspace's name."""
    workspace: Workspace
    scopes: frozenset[str] | None
    """Those granted; None if Slack does not say."""
    skew: float | None
    """Seconds by which Slack's clock is ahead of ours; None if Slack does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A channel as the bot sees it."""

    name: str
    is_member: bool
    is_archived: bool
    is_read_only: bool
    is_private: bool
    is_shared: bool
    """Whether people of another workspace or organisation are in it, or are invited."""


@dataclass(frozen=True, slots=True)
class SlackRefusal:
    """A call that Slack refused."""

    code: str

    @property
    def reason(self) -> str:
        """The reason in words."""
        return TOKEN_ERRORS.get(self.code, error_sentence(self.code))


@dataclass(frozen=True, slots=True)
class SlackUnreachable:
    """A call that was not answered."""

    reason: str


class BotSelfCheck:
    """Calls of Slack that are made once, with a short time-out."""

    def __init__(self, base_url: str, *, timeout: int, now: Callable[[], dt.datetime]) -> None:
        """`timeout` in seconds, for each call."""
        self._base_url, self._timeout, self._now = base_url, timeout, now

    def identity(self, bot_token: str) -> BotIdentity | SlackRefusal | SlackUnreachable:
        """The owner of a bot token."""
        client = self._client(bot_token)
        return _result(lambda: self._identity(client.auth_test()))

    def app_token(self, app_token: str) -> SlackRefusal | SlackUnreachable | None:
        """Check that an app-level token opens Socket Mode; None if so. Nothing is connected."""
        client = self._client(app_token)

        def ask() -> None:
            client.apps_connections_open(app_token=app_token)

        return _result(ask)

    def conversation(
        self, bot_token: str, channel: str
    ) -> Conversation | SlackRefusal | SlackUnreachable:
        """A channel by its id."""
        client = self._client(bot_token)
        return _result(lambda: _conversation(client.conversations_info(channel=channel)))

    def member(self, bot_token: str, user: str) -> Member | SlackRefusal | SlackUnreachable:
        """A person by their id."""
        client = self._client(bot_token)
        return _result(lambda: read_member(client.users_info(user=user).get("user")))

    def group(
        self, bot_token: str, group: str
    ) -> tuple[str, ...] | SlackRefusal | SlackUnreachable:
        """The ids of a user group's members."""
        client = self._client(bot_token)
        return _result(lambda: _members(client.usergroups_users_list(usergroup=group)))

    def _client(self, token: str) -> WebClient:
        return client_without_retries(token, self._base_url, self._timeout, _quiet)

    def _identity(self, answer: SlackResponse) -> BotIdentity:
        headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
        scopes, date = headers.get("x-oauth-scopes"), headers.get("date")
        skew = None
        if date:
            skew = (parsedate_to_datetime(date) - self._now()).total_seconds()
        return BotIdentity(
            name=str(answer.get("team") or answer.get("url") or "a workspace"),
            workspace=read_workspace(answer),
            scopes=None if scopes is None else _split(scopes),
            skew=skew,
        )


def _result(ask: Callable[[], Result]) -> Result | SlackRefusal | SlackUnreachable:
    try:
        return ask()
    except SlackApiError as error:
        return SlackRefusal(error_code(error))
    except (OSError, HTTPException, SlackClientError, ValueError) as error:
        reason = str(getattr(error, "reason", error))[:_REASON_LENGTH]
        return SlackUnreachable(reason or repr(error))


def _conversation(answer: SlackResponse) -> Conversation:
    channel = answer.get("channel") or {}
    return Conversation(
        name=str(channel.get("name") or channel.get("id") or ""),
        is_member=bool(channel.get("is_member") or channel.get("is_im")),
        is_archived=bool(channel.get("is_archived")),
        is_read_only=bool(channel.get("is_read_only") or channel.get("is_thread_only")),
        is_private=bool(channel.get("is_private")),
        is_shared=any(bool(channel.get(key)) for key in _SHARED),
    )


def _members(answer: SlackResponse) -> tuple[str, ...]:
    return tuple(map(str, answer.get("users") or ()))


def _split(scopes: str) -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, scopes.split(","))))
