"""What watches a process over HTTP: /healthz, /readyz, /metrics.

`papers web` has them beside Slack's requests; `papers run` and `papers worker` have a small server
of their own for them.
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
from bot.deadline import TooSlowError, within
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.ops.metrics import exposition
from bot.ops.readiness import ProcessState, reasons
from bot.outbox.store import Outbox

PATIENCE = 5.0
"""Seconds for an answer, whatever the database does."""
_JSON = "application/json"
_SILENCE = 10  # seconds after which a connection that says nothing is closed

Answer = tuple[HTTPStatus, str, bytes]


class HealthEndpoints:
    """A WSGI application for those who watch; every other path is another application's."""

    def __init__(
        self,
        database: Database,
        lookup: LookupService,
        now: Callable[[], dt.datetime],
        rest: WSGIApplication | None = None,
    ) -> None:
        """`rest` answers what is asked on any other path."""
        self._database, self._lookup, self._now, self._rest = database, lookup, now, rest
        self._paths = {"/healthz": self._health, "/readyz": self._readiness, "/metrics": self._all}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        page = self._paths.get(environ.get("PATH_INFO", ""))
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

    def _health(self) -> Answer:
        return HTTPStatus.OK, _JSON, json.dumps({"status": "alive"}).encode()

    def _readiness(self) -> Answer:
        found = list(self._in_time(self._why_not))
        told = json.dumps({"ready": not found, "reasons": found}, ensure_ascii=False)
        status = HTTPStatus.SERVICE_UNAVAILABLE if found else HTTPStatus.OK
        return status, _JSON, told.encode()

    def _why_not(self) -> Iterator[str]:
        self._lookup.current()
        outbox = Outbox(self._database)
        seen = ProcessState(
            unreadable_list=self._lookup.problem,
            depth=outbox.depth(),
            problems=outbox.problems(),
        )
        yield from reasons(seen, self._now())

    def _all(self) -> Answer:
        def ask() -> Iterator[str]:
            yield exposition(self._database, self._now).decode()

        found = "".join(self._in_time(ask)).encode()
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, found

    def _in_time(self, work: Callable[[], Iterator[str]]) -> Iterator[str]:
        for _, found in within(PATIENCE, [work]):
            match found:
                case str():
                    yield found
                case TooSlowError():
                    yield f"The database did not answer within {PATIENCE:g} s."
                case SQLAlchemyError():
                    yield f"The database cannot be used: {driver_reason(found)}."
                case _:
                    yield f"It could not be looked at: {type(found).__name__}."


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind, without asking the network for this machine's name."""
        socketserver.TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = _SILENCE

    def log_message(self, *_: object) -> None:
        """Those who watch come every few seconds; a line each would hide all others."""


@contextlib.contextmanager
def health_server(host: str, port: int, application: WSGIApplication) -> Iterator[int]:
    """Serve while the block runs, on the port that comes out; port 0 serves nothing.

    Raises PapersError when the port cannot be had.
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
