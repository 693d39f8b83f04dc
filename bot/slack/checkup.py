"""What Slack tells of the bot itself: whose token it is, its scopes, the channels it is in.

Nothing is raised: that Slack refuses, or cannot be reached, is what there is to tell.
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

from bot.slack.api_errors import TOKEN_ERRORS, error_code

Told = TypeVar("Told")
_LONGEST = 200
_quiet = logging.getLogger("bot.checkup")  # what fails is told once, by what is returned
_quiet.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """Whose the token is."""

    workspace: str
    scopes: frozenset[str] | None
    """Those granted; None where Slack does not say."""
    skew: float | None
    """Seconds by which Slack's clock is ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A channel as the bot sees it."""

    name: str
    is_member: bool
    is_archived: bool
    is_read_only: bool


@dataclass(frozen=True, slots=True)
class SlackRefusal:
    """Slack says no."""

    code: str

    @property
    def reason(self) -> str:
        """Why, in words."""
        return TOKEN_ERRORS.get(self.code, f"Slack answered {self.code}")


@dataclass(frozen=True, slots=True)
class SlackUnreachable:
    """Slack says nothing."""

    reason: str


class BotSelfCheck:
    """Asks Slack, with little patience and without repeating anything."""

    def __init__(self, base_url: str, *, timeout: int, now: Callable[[], dt.datetime]) -> None:
        """`timeout` in seconds, for every silence."""
        self._base_url, self._timeout, self._now = base_url, timeout, now

    def identity(self, bot_token: str) -> BotIdentity | SlackRefusal | SlackUnreachable:
        """Whose bot token it is."""
        client = self._client(bot_token)
        return self._told(lambda: self._identity(client.auth_test()))

    def app_token(self, app_token: str) -> SlackRefusal | SlackUnreachable | None:
        """Whether Socket Mode could begin; None if so. Nothing is connected."""
        client = self._client(app_token)

        def ask() -> None:
            client.apps_connections_open(app_token=app_token)

        return self._told(ask)

    def conversation(
        self, bot_token: str, channel: str
    ) -> Conversation | SlackRefusal | SlackUnreachable:
        """A channel, by its id."""
        client = self._client(bot_token)
        return self._told(lambda: _conversation(client.conversations_info(channel=channel)))

    def _client(self, token: str) -> WebClient:
        return WebClient(
            token=token,
            base_url=self._base_url,
            timeout=self._timeout,
            retry_handlers=[],
            logger=_quiet,
        )

    def _identity(self, answer: SlackResponse) -> BotIdentity:
        headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        skew = None
        if "date" in headers:
            skew = (parsedate_to_datetime(headers["date"]) - self._now()).total_seconds()
        return BotIdentity(
            workspace=str(answer.get("team") or answer.get("url") or "a workspace"),
            scopes=None if scopes is None else frozenset(filter(None, _split(scopes))),
            skew=skew,
        )

    def _told(self, ask: Callable[[], Told]) -> Told | SlackRefusal | SlackUnreachable:
        try:
            return ask()
        except SlackApiError as error:
            return SlackRefusal(error_code(error))
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            return SlackUnreachable(str(getattr(error, "reason", error))[:_LONGEST] or repr(error))


def _conversation(answer: SlackResponse) -> Conversation:
    found = answer.get("channel") or {}
    return Conversation(
        name=str(found.get("name") or found.get("id") or ""),
        is_member=bool(found.get("is_member") or found.get("is_im")),
        is_archived=bool(found.get("is_archived")),
        is_read_only=bool(found.get("is_read_only") or found.get("is_thread_only")),
    )


def _split(scopes: str) -> list[str]:
    return [scope.strip() for scope in scopes.split(",")]
