"""Slack's error codes: how to read, count and explain them."""

import re
from http.client import HTTPException

from slack_sdk.errors import SlackApiError

from bot.counters import SLACK_ERRORS
from bot.errors import PapersError

UNREACHABLE = "unreachable"
TOKEN_ERRORS = {
    "invalid_auth": "Slack does not know this token",
    "not_authed": "Slack received no token",
    "account_inactive": "the token belongs to a deleted user or workspace",
    "token_revoked": "the token has been revoked",
    "token_expired": "the token has expired",
    "not_allowed_token_type": "this is the wrong kind of token",
    "missing_scope": "the token lacks a scope",
}
SERVER_ERRORS = frozenset(
    {"fatal_error", "internal_error", "service_unavailable", "request_timeout"}
)
"""Codes of failures in Slack itself; the call may have been carried out."""
RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
TRANSIENT = SERVER_ERRORS | RATE_LIMITED
"""Codes that do not concern the call or its token: the same call may succeed later."""
UNAUTHORIZED = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
    | {"missing_scope", "ekm_access_denied", "team_access_not_granted"}
)
"""Codes of a token that has to be replaced before Slack accepts calls."""

CALL_FAILURES = (SlackApiError, OSError, HTTPException)
"""Exceptions of a call that Slack refused, did not answer, or answered in part."""

_CODE = re.compile(r"[a-z0-9_]+")


class SlackError(PapersError):
    """Slack cannot be used as it is set up."""


class SlackUnavailableError(SlackError):
    """Slack cannot be reached, or is in trouble; the same call may succeed later."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        """`retry_after`: the seconds that Slack asks to wait, if it says so."""
        super().__init__(message)
        self.retry_after = retry_after


def slack_code(error: SlackApiError) -> str:
    """Slack's error code; empty for an answer of something else, such as a proxy's page.

    For an answer that is not JSON slack_sdk puts a sentence in the code's place.
    """
    data = error.response.data
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    return code if _CODE.fullmatch(code) else ""


def error_code(error: SlackApiError) -> str:
    """Slack's error code, or the HTTP status of an answer without one."""
    return slack_code(error) or f"HTTP {error.response.status_code}"


def failure_code(error: Exception) -> str:
    """The code of a failed call: Slack's, the HTTP status, or "unreachable" without an answer."""
    return error_code(error) if isinstance(error, SlackApiError) else UNREACHABLE


def retry_after(error: SlackApiError) -> float:
    """Seconds that Slack asks to wait, at least 1; 1 where it does not say."""
    headers = {str(name).lower(): value for name, value in error.response.headers.items()}
    try:
        return max(1.0, float(headers.get("retry-after", 1)))
    except (TypeError, ValueError):
        return 1.0


def count(error: Exception) -> None:
    """Count a failed call."""
    SLACK_ERRORS.labels(failure_code(error)[:60]).inc()


def error_sentence(code: str) -> str:
    """The sentence that the outbox keeps about a refused call; `readiness` compares it."""
    return f"Slack answered {code}"
