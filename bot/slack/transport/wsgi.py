"""HTTP mode: WSGI application that hands Slack's signed requests to the Bolt app.

Nothing is parsed or logged from a request before its signature is verified on the raw bytes. So
slack_bolt's own adapter and verification are not used: they parse first, and log the whole body of
a request whose signature is wrong. Their parser also takes any form that contains the word
"payload" for a click, and would lose `/papers payload`.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

import structlog
from slack_bolt import App, BoltRequest, BoltResponse

from bot.slack.transport.request_claims import Claim, changes_something, digest
from bot.slack.transport.signed_request import RefusedError, parse, verify

EVENTS = "/slack/events"
LARGEST = 1_000_000  # bytes; Slack's own requests stay far below

_log = structlog.get_logger()


class SlackRequests:
    """WSGI application for all requests of Slack, which come to one path."""

    def __init__(
        self,
        app: App,
        signing_secret: str,
        now: Callable[[], dt.datetime],
        claim: Claim = lambda _: True,
    ) -> None:
        """`claim` tells whether a request is new, by its digest."""
        self._app, self._secret, self._claim, self._now = app, signing_secret, claim, now

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        try:
            response = self._answer(environ)
        except RefusedError as error:
            _log.warning("request refused", status=error.status.value, reason=error.reason)
            headers: dict[str, str | Sequence[str]] = {"content-type": "text/plain"}
            response = BoltResponse(status=error.status, body=error.reason, headers=headers)
        status, body = HTTPStatus(response.status), response.body.encode("utf-8", "replace")
        headers_sent = [
            (name, value)
            for name, values in response.headers.items()
            if name.lower() != "content-length"
            for value in values
        ]
        start_response(
            f"{status.value} {status.phrase}", [*headers_sent, ("content-length", str(len(body)))]
        )
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> BoltResponse:
        """Verify, parse and dispatch a request. Raises RefusedError."""
        raw = _read(environ)
        timestamp = environ.get("HTTP_X_SLACK_REQUEST_TIMESTAMP", "")
        signature = environ.get("HTTP_X_SLACK_SIGNATURE", "")
        verify(self._secret, timestamp, signature, raw, self._now().timestamp())
        body = parse(raw, environ.get("CONTENT_TYPE", ""))
        if changes_something(body) and not self._claim(digest(raw, timestamp)):
            _log.warning("repeated request ignored")
            return BoltResponse(status=200)
        try:
            # Bolt accepts a parsed body in this mode only. It gets no header: some of Slack's
            # are not signed, and some that Slack does not send would choose a listener.
            return self._app.dispatch(BoltRequest(body=body, mode="socket_mode"))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # Listeners run elsewhere; these come from Bolt's own reading of the body.
            _log.warning("Bolt cannot read a request", reason=type(error).__name__)
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the body is malformed") from None


def _read(environ: WSGIEnvironment) -> bytes:
    """The raw body. Raises RefusedError, for what can be refused before it is read too."""
    if environ.get("PATH_INFO") != EVENTS:
        raise RefusedError(HTTPStatus.NOT_FOUND, "nothing is here")
    if environ.get("REQUEST_METHOD") != "POST":
        raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only POST")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal()):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the length is no number")
    if len(length) > len(str(LARGEST)) or int(length) > LARGEST:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    raw: bytes = environ["wsgi.input"].read(int(length))
    return raw
