"""Slack Web API clients, one for each way in which a call may be made."""

import logging
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.handler import RetryHandler

INTERACTIVE_SECONDS = 2
"""Time-out of a call for which a person waits: Slack gives up on a request after three seconds."""
ONCE_ONLY_SECONDS = 5
REPEATABLE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackClients:
    """The clients of one token."""

    interactive: WebClient
    """For calls for which a person waits: a short time-out, no repetition."""
    repeatable: WebClient
    """For reads and idempotent calls: repeated after a lost connection or a rate limit."""
    once_only: WebClient
    """For calls that act again when repeated, such as chat.postMessage: no repetition."""


def make_clients(token: str, base_url: str) -> SlackClients:
    """Make the clients of a token for the Web API at `base_url`."""
    return SlackClients(
        interactive=client_without_retries(token, base_url, INTERACTIVE_SECONDS),
        repeatable=WebClient(
            token=token,
            base_url=base_url,
            timeout=REPEATABLE_SECONDS,
            retry_handlers=_repetition(),
        ),
        once_only=client_without_retries(token, base_url, ONCE_ONLY_SECONDS),
    )


def client_without_retries(
    token: str, base_url: str, timeout: int, logger: logging.Logger | None = None
) -> WebClient:
    """Make a client that calls once; `timeout` in seconds, `logger` for its failures."""
    return WebClient(
        token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=logger
    )


def _repetition() -> list[RetryHandler]:
    return [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(max_retry_count=2)]
