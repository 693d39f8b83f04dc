"""HTTP mode: WSGI application that hands Slack's requests to the Bolt app.

Bolt's WSGI adapter, with two faults of slack_bolt 1.30 worked around:

- adapter/wsgi/http_request.py, `WsgiHttpRequest.get_body`, raises for a body that is not UTF-8 and
  for a wrong length, and slack_sdk's signature/__init__.py, `SignatureVerifier.is_valid`, for a
  timestamp that is no number. Such requests would be answered with status 500.
- request/internals.py, `parse_body`, takes any form that contains the word "payload" for a click
  and drops it unless it has a field of that name, so `/papers payload` would be lost.
"""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_bolt.adapter.wsgi.http_request import WsgiHttpRequest
from slack_bolt.adapter.wsgi.http_response import WsgiHttpResponse

EVENTS = "/slack/events"
LARGEST = 1_000_000  # bytes; Slack's own requests stay far below

_log = structlog.get_logger()


class RefusedError(Exception):
    """A request that is answered with an error status."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class SlackRequests(SlackRequestHandler):
    """WSGI application for all requests of Slack, which come to one path."""

    def __init__(self, app: App) -> None:
        super().__init__(app, EVENTS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            _check(environ)
            return super().__call__(environ, start_response)
        except RefusedError as error:
            _log.warning("request refused", status=error.status.value, reason=error.reason)
            response = WsgiHttpResponse(
                error.status, {"content-type": ["text/plain"]}, error.reason
            )
            start_response(response.status, response.get_headers())
            return response.get_body()

    def dispatch(self, request: WsgiHttpRequest) -> BoltResponse:
        """Hand a request to the Bolt app. Raises RefusedError if its body is malformed."""
        bolt_request = _bolt_request(request)
        try:
            return self.app.dispatch(bolt_request)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # Listeners run elsewhere; these come from Bolt's own reading of the body.
            _log.warning("Bolt cannot read a request", reason=repr(error)[:200])
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None


def _check(environ: WSGIEnvironment) -> None:
    """Raise RefusedError for what can be refused before the body is read."""
    if environ.get("PATH_INFO") != EVENTS:
        raise RefusedError(HTTPStatus.NOT_FOUND, "nothing is here")
    if environ.get("REQUEST_METHOD") != "POST":
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only POST")
    if not environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "0").isdecimal():
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the timestamp is no number")
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the length is no number") from None
    if not 0 <= length <= LARGEST:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")


def _bolt_request(request: WsgiHttpRequest) -> BoltRequest:
    """Parse a request; its signature is checked over the raw body. Raises RefusedError."""
    try:
        raw, headers = request.get_body(), request.get_headers()
        parsed = _parse(raw, str(headers.get("content-type", "")))
        # Bolt accepts a parsed body in socket mode only.
        bolt_request = BoltRequest(body=parsed, headers=headers, mode="socket_mode")
    except (AttributeError, LookupError, TypeError, ValueError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None
    bolt_request.mode, bolt_request.raw_body = "http", raw
    return bolt_request


def _parse(raw: str, content_type: str) -> dict[str, Any]:
    """Parse JSON, a form, or JSON in a form's `payload`. Raises ValueError."""
    if content_type.startswith("application/json"):
        body = json.loads(raw)
    else:
        form = dict(parse_qsl(raw, keep_blank_values=True))
        body = json.loads(form["payload"]) if "payload" in form else form
    if not isinstance(body, dict):
        raise ValueError  # noqa: TRY004  # as json.loads does
    return body
