"""What goes wrong with a call of Slack's, in a word for programs and in words for people."""

from slack_sdk.errors import SlackApiError

from bot.counters import SLACK_ERRORS

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
PASSING = frozenset(
    {"ratelimited", "fatal_error", "internal_error", "service_unavailable", "request_timeout"}
)
"""Codes that say nothing of the token: Slack has trouble, or has enough."""
UNAUTHORIZED = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
    | {"missing_scope", "ekm_access_denied", "team_access_not_granted"}
)
"""Codes after which nothing can be said until somebody mends the token."""


def error_code(error: SlackApiError) -> str:
    """Slack's word for what is wrong; the HTTP status where it has none."""
    data = error.response.data
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    # For an answer that is no JSON the client puts a sentence of its own there.
    return code if code and " " not in code else f"HTTP {error.response.status_code}"


def count(error: Exception) -> None:
    """Count a call that failed."""
    code = error_code(error) if isinstance(error, SlackApiError) else UNREACHABLE
    SLACK_ERRORS.labels(code[:60]).inc()


def answered(code: str) -> str:
    """How the sender notes a refusal with a row of the outbox."""
    return f"Slack answered {code}"
