"""Signatures and bodies of Slack's HTTP requests: verified as bytes, then parsed within bounds.

https://docs.slack.dev/authentication/verifying-requests-from-slack/ describes the signature.
slack_sdk's `SignatureVerifier` raises for timestamps and signatures that Slack never sends, and
slack_bolt's `parse_body` parses any body, of any size and depth, before it is verified. Pure.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
_MAX_AGE = 300  # seconds, before and after: Slack's own advice
_MAX_DIGITS = 12  # of a timestamp in seconds
_MAX_FIELDS = 100  # of a form; a command has about fifteen
_MAX_DEPTH = 50  # of nested JSON; Slack's deepest messages have about twenty levels
# Fields that Bolt reads without looking at their type.
_TEXTS = frozenset({"type", "command", "callback_id", "action_id", "trigger_id", "response_url"})
_OBJECTS = frozenset({"team", "user", "channel", "view", "message", "container", "state", "event"})
_LISTS = frozenset({"actions", "authorizations"})
_TYPED = _TEXTS | _OBJECTS | _LISTS


class RefusedError(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def verify(secret: str, timestamp: str, signature: str, raw: bytes, now: float) -> None:
    """Check the signature of a raw body and its age; `now` is in seconds since the epoch.

    Raises RefusedError with status 401.
    """
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= _MAX_DIGITS
    if not is_number:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the timestamp is no number")
    if abs(now - int(timestamp)) > _MAX_AGE:
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the timestamp is not of these five minutes")
    mac = hmac.new(secret.encode(), f"v0:{timestamp}:".encode(), hashlib.sha256)
    mac.update(raw)
    expected = f"v0={mac.hexdigest()}".encode()
    if not hmac.compare_digest(expected, signature.encode("utf-8", "surrogatepass")):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the signature is wrong")


def parse(raw: bytes, content_type: str) -> dict[str, Any]:
    """Parse JSON, a form, or JSON in a form's `payload`. Raises RefusedError with status 400."""
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == JSON:
            return _parse_json(raw.decode())
        if kind == FORM:
            return _parse_form(raw.decode())
    except (ValueError, RecursionError):
        pass
    raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed")


def _parse_form(text: str) -> dict[str, Any]:
    """Parse the form of a command, or of a click with its payload. Raises as `_parse_json`."""
    if text.lstrip().startswith("{"):
        raise ValueError
    form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    return _parse_json(form["payload"]) if "payload" in form else dict[str, Any](form)


def _parse_json(text: str) -> dict[str, Any]:
    """Parse an object. Raises ValueError, or RecursionError for thousands of levels."""
    body = json.loads(text, parse_constant=_refuse_constant)
    if not isinstance(body, dict):
        raise ValueError  # noqa: TRY004  # as json.loads does
    # Null is what is missing: some of Bolt's code expects a value where there is the name.
    body = {name: value for name, value in body.items() if value is not None or name not in _TYPED}
    if not all(_has_type(name, value) for name, value in body.items()):
        raise ValueError
    level: list[object] = [body]
    for _ in range(_MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
        if not level:
            return body
    raise ValueError


def _has_type(name: str, value: object) -> bool:
    """Whether a field of a payload is of the type that Slack gives it."""
    if name in _TEXTS:
        return isinstance(value, str)
    if name in _OBJECTS:
        return isinstance(value, dict)
    if name in _LISTS:
        return isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return True


def _children(value: object) -> Iterable[object]:
    match value:
        case dict():
            return value.values()
        case list():
            return value
        case _:
            return ()


def _refuse_constant(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which are not JSON."""
    raise ValueError(name)
