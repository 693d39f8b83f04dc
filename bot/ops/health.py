"""HTTP endpoints for monitoring: /healthz, /readyz, /metrics.

`papers web` serves them beside Slack's requests; `papers run` and `papers worker` start a small
server for them.
"""

import contextlib
import datetime as dt
import json
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database
from bot.db.error_text import driver_reason
from bot.db.migrate import is_current
from bot.deadline import DeadlineError, results_within
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.ops.metrics import exposition
from bot.ops.readiness import reasons
from bot.outbox.store import Outbox

DEADLINE = 5.0
"""Seconds for an answer, also when the database hangs."""

_JSON = "application/json"
_IDLE_SECONDS = 10  # after which an idle connection is closed

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
                    yield f"The database cannot be used: {driver_reason(result)}."
                case _:
                    yield f"The check failed: {type(result).__name__}."


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without the reverse DNS lookup of http.server, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECONDS

    def log_message(self, *_: object) -> None:
        """Log nothing: probes come every few seconds."""


@contextlib.contextmanager
def health_server(host: str, port: int, application: WSGIApplication) -> Iterator[int]:
    """Serve an application in a thread while the block runs; yields the port.

    Port 0 serves nothing. Raises PapersError when the port cannot be used.
    """
    if port == 0:
        yield 0
        return
    try:
        server = make_server(host, port, application, _Server, _Handler)
    except OSError as error:
        raise PapersError(
            f"Port {port} on {host} cannot be used for health and metrics: {error.strerror}. Set "
            "PORT to another one, or to 0 for none."
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.2,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
