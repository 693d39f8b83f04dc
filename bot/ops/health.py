"""HTTP endpoints for monitoring: /healthz, /readyz, /metrics.

`papers web` serves them beside Slack's requests or, with PAPERS_HEALTH_PORT, by the small server
that `papers run` and `papers worker` start for them. All its processes then accept connections on
one socket, which the first process opened.
"""

import contextlib
import datetime as dt
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database
from bot.db.error_text import public_reason
from bot.db.migrate import is_current
from bot.deadline import DeadlineError, results_within
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.ops.metrics import exposition
from bot.ops.readiness import reasons
from bot.ops.write_probe import probe_writing
from bot.outbox.store import Outbox

DEADLINE = 5.0
"""Seconds for an answer, also when the database hangs."""

_JSON = "application/json"
_OPEN_SECONDS = 10.0  # for a connection, from its first moment to the end of the response
_MOST_OPEN = 32  # connections; then the oldest is closed
_PROBE_SECONDS = 3.0  # between two write probes

Page = tuple[HTTPStatus, str, bytes]
"""Status, content type and body."""


class HealthEndpoints:
    """A WSGI application with the endpoints, in front of an optional other application."""

    def __init__(  # noqa: PLR0913  # what the pages are about
        self,
        database: Database,
        lookup: LookupService,
        now: Callable[[], dt.datetime],
        rest: WSGIApplication | None = None,
        *,
        slack_problem: Callable[[], str | None] = lambda: None,
        deadline: float = DEADLINE,
    ) -> None:
        """`rest` serves all other paths; `slack_problem` tells why Slack cannot be used yet."""
        self._database, self._lookup, self._now, self._rest = database, lookup, now, rest
        self._slack_problem, self._deadline = slack_problem, deadline
        self._probed_at, self._write_problem = -_PROBE_SECONDS, ""
        self._pages: dict[str, Callable[[], Page]] = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._metrics,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        page = self._pages.get(environ.get("PATH_INFO", ""))
        if page is None and self._rest is not None:
            return self._rest(environ, start_response)
        if page is None:
            status, kind, body = HTTPStatus.NOT_FOUND, "text/plain", b"nothing is here"
        elif environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
            status, kind, body = HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"only GET"
        else:
            status, kind, body = page()
        headers = [("content-type", kind), ("content-length", str(len(body)))]
        start_response(
            f"{status.value} {status.phrase}", [*headers, ("cache-control", "no-store")]
        )
        return [] if environ.get("REQUEST_METHOD") == "HEAD" else [body]

    def _health(self) -> Page:
        return HTTPStatus.OK, _JSON, json.dumps({"status": "alive"}).encode()

    def _readiness(self) -> Page:
        slack = self._slack_problem()
        problems = [*([slack] if slack else []), *self._in_time(self._problems)]
        answer = json.dumps({"ready": not problems, "reasons": problems}, ensure_ascii=False)
        status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
        return status, _JSON, answer.encode()

    def _problems(self) -> Iterator[str]:
        if not is_current(self._database):
            yield "The database has the schema of another version: restart this process."
        self._lookup.current()
        outbox, list_problem = Outbox(self._database), self._lookup.problem
        yield from reasons(list_problem, outbox.depth(), outbox.problems(), self._now())
        if problem := self._probe():
            yield problem

    def _probe(self) -> str:
        """Why a decision could not be kept now; empty if it could. Writes every few seconds."""
        moment = time.monotonic()
        if moment - self._probed_at >= _PROBE_SECONDS:
            try:
                probe_writing(self._database, self._now())
                self._write_problem = ""
            except SQLAlchemyError as error:
                reason = public_reason(error)
                self._write_problem = f"The database cannot keep a decision: {reason}."
            self._probed_at = moment
        return self._write_problem

    def _metrics(self) -> Page:
        def ask() -> Iterator[str]:
            yield exposition(self._database, self._now).decode()

        return HTTPStatus.OK, CONTENT_TYPE_LATEST, "".join(self._in_time(ask)).encode()

    def _in_time(self, task: Callable[[], Iterator[str]]) -> Iterator[str]:
        """The texts of a task; sentences instead where it fails or takes too long."""
        for _, result in results_within(self._deadline, {"": task}):
            match result:
                case str():
                    yield result
                case DeadlineError():
                    yield f"The database did not answer within {self._deadline:g} s."
                case SQLAlchemyError():
                    yield f"The database cannot be used: {public_reason(result)}."
                case _:
                    yield f"The check failed: {type(result).__name__}."


class _Server(ThreadingMixIn, WSGIServer):
    """Server on a socket that is open already, with few connections and a deadline for each."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, application: WSGIApplication) -> None:
        # The address is not looked up in the DNS, as http.server would; that may take seconds.
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        host, self.server_port = listener.getsockname()[:2]
        self.server_name = str(host)
        self.setup_environ()
        self.set_app(application)
        self._ends: dict[Any, float] = {}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer a connection in a thread of its own."""
        for oldest in [*self._ends][: max(0, len(self._ends) - _MOST_OPEN + 1)]:
            _cut(oldest)
        self._ends[request] = time.monotonic() + _OPEN_SECONDS
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """End the connections whose time is over; the server calls this often."""
        now = time.monotonic()
        for request, end in [*self._ends.items()]:
            if end < now:
                _cut(request)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._ends.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Print nothing about a connection that ended early."""


def _cut(connection: socket.socket) -> None:
    """End the reading and writing of another thread."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    timeout = _OPEN_SECONDS

    def log_message(self, *_: object) -> None:
        """Log nothing: probes come every few seconds."""


def open_health_socket(host: str, port: int, setting: str) -> socket.socket:
    """Listen on the port that a setting names. Raises PapersError when it cannot be used."""
    try:
        listener = socket.create_server((host, port), backlog=_MOST_OPEN)
    except OSError as error:
        raise PapersError(
            f"Port {port} on {host} cannot be used for health and metrics: {error.strerror}. Set "
            f"{setting} to another one{', or to 0 for none' if setting == 'PORT' else ''}."
        ) from None
    listener.settimeout(0.0)  # several processes may wake for one connection
    return listener


def serve_health(listener: socket.socket, application: WSGIApplication) -> WSGIServer:
    """Serve an application in a thread on an open socket; returns the server."""
    server = _Server(listener, application)
    threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True).start()
    return server


@contextlib.contextmanager
def health_server(host: str, port: int, application: WSGIApplication) -> Iterator[int]:
    """Serve an application in a thread while the block runs; yields the port.

    Port 0 serves nothing. Raises PapersError when the port cannot be used.
    """
    if port == 0:
        yield 0
        return
    server = serve_health(open_health_socket(host, port, "PORT"), application)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
