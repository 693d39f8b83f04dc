"""HTTP mode: Slack's requests in, over WSGI, to the Bolt app.

Bolt's own WSGI adapter is not used: it answers 500 to a body that is no text, and its parser takes
any form whose text holds the word "payload" for a click and loses it (`/papers payload`). What is
parsed here goes to Bolt with the raw body, over which Bolt checks the signature.
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from slack_bolt import App, BoltRequest

EVENTS = "/slack/events"
LARGEST = 1_000_000  # bytes; Slack's own requests stay far below

_log = structlog.get_logger()


class RefusedError(Exception):
    """A request that is not answered, with the status that says why."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class SlackRequests:
    """A WSGI application that takes every request of Slack's at one path."""

    def __init__(self, app: App) -> None:
        """Hand the requests to this app."""
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            status, headers, body = self._answer(environ)
        except RefusedError as refused:
            _log.warning("request refused", status=refused.status.value, reason=refused.reason)
            status, headers, body = (
                refused.status,
                [("content-type", "text/plain")],
                refused.reason.encode(),
            )
        start_response(
            f"{status.value} {status.phrase}", [*headers, ("content-length", str(len(body)))]
        )
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> tuple[HTTPStatus, list[tuple[str, str]], bytes]:
        if environ.get("PATH_INFO") != EVENTS:
            raise RefusedError(HTTPStatus.NOT_FOUND, "nothing is here")
        if environ.get("REQUEST_METHOD") != "POST":
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only POST")
        request = _read(environ)
        try:
            response = self._app.dispatch(request)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # Listeners run elsewhere; what is raised here is Bolt's own reading of the body.
            _log.warning("a body that Bolt cannot read", reason=repr(error)[:200])
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None
        headers = [
            (name, value)
            for name, values in response.headers.items()
            for value in values
            if name.lower() != "content-length"
        ]
        return HTTPStatus(response.status), headers, response.body.encode()


def _read(environ: WSGIEnvironment) -> BoltRequest:
    headers = _headers(environ)
    if not str(headers.get("x-slack-request-timestamp", "0")).isdecimal():
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the timestamp is no number")
    raw = _body(environ)
    parsed = _parse(raw, headers.get("content-type", ""))
    try:
        # Only in its socket mode does Bolt take a body that is parsed already.
        request = BoltRequest(body=parsed, headers=dict(headers), mode="socket_mode")
    except (AttributeError, LookupError, TypeError, ValueError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None
    request.mode, request.raw_body = "http", raw
    return request


def _headers(environ: WSGIEnvironment) -> Mapping[str, str]:
    return {
        name.removeprefix("HTTP_").lower().replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in {"CONTENT_TYPE", "CONTENT_LENGTH"}
    }


def _body(environ: WSGIEnvironment) -> str:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the length is no number") from None
    if not 0 <= length <= LARGEST:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    data: bytes = environ["wsgi.input"].read(length)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is no UTF-8") from None


def _parse(raw: str, content_type: str) -> dict[str, Any]:
    """The body as Slack means it: JSON, a form, or JSON in a form's `payload`."""
    try:
        if content_type.startswith("application/json"):
            found = json.loads(raw)
        else:
            form = dict(parse_qsl(raw, keep_blank_values=True))
            found = json.loads(form["payload"]) if "payload" in form else form
    except ValueError:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None
    if not isinstance(found, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed")
    return found
