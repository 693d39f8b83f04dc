"""Slack Web API clients, one for each way in which a call may be made."""

from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)

INTERACTIVE_SECONDS = 2
"""Time-out of a call for which a person waits: Slack gives up on a request after three seconds."""
ONCE_ONLY_SECONDS = 5
REPEATABLE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackClients:
    """The clients of one token."""

    interactive: WebClient
    """For calls for which a person waits: a short time-out."""
    repeatable: WebClient
    """For reads and idempotent calls: repeated after a lost connection or a rate limit."""
    once_only: WebClient
    """For calls that act again when repeated, such as chat.postMessage: no repetition."""


def make_clients(token: str, base_url: str) -> SlackClients:
    """Make the clients of a token for the Web API at `base_url`."""

    def client(timeout: int, *, repeats: bool) -> WebClient:
        handlers = [ConnectionErrorRetryHandler(), RateLimitErrorRetryHandler(max_retry_count=2)]
        return WebClient(
            token=token,
            base_url=base_url,
            timeout=timeout,
            retry_handlers=handlers if repeats else [],
        )

    return SlackClients(
        interactive=client(INTERACTIVE_SECONDS, repeats=True),
        repeatable=client(REPEATABLE_SECONDS, repeats=True),
        once_only=client(ONCE_ONLY_SECONDS, repeats=False),
    )
