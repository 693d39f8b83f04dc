"""gunicorn worker that receives each request whole before a thread takes it.

gunicorn's own threaded worker reads a request in one of its threads, without a time-out, so as
many slow connections as there are threads stop it. Here the main loop receives the requests of
all connections without blocking, within deadlines; a thread then parses one from memory.

    accept ──► receiving ──► a thread answers ──► idle, or closing

It works with gunicorn 27, `workers/gthread.py`: its main loop, threads and shutdown are used as
they are, and its parser checks every request. TLS and HTTP/2 belong to the proxy in front.
"""

import re
import resource
import selectors
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

from gunicorn import http
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

RECEIVE_SECONDS = 5.0
"""For a whole request from its first moment, and for a response to be taken."""

_HEADER_SECONDS = 3.0
_CLOSING_SECONDS = 1.0  # for the client to read the response before its connection is closed
_STOPPING_SECONDS = 1.0  # for requests that are being received when the process is told to stop
_MOST_HEADER = 32_768  # bytes
_MOST_BODY = 1_000_000  # bytes, as in `bot.slack.transport.wsgi`
_MOST_OPEN = 400  # connections that are being received or closed; then the oldest is closed
_MOST_IDLE = 400  # connections between two requests; then each is closed after its response
_MOST_BUFFERED = 64_000_000  # bytes over all connections; then the largest request is dropped
_CHUNK = 65_536
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*(?=\r\n)", re.IGNORECASE)
_ENCODING = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)


class UnacceptableError(Exception):
    """A request that is refused before it is received."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


def request_length(received: bytes | bytearray, searched: int = 0) -> int | None:
    """The length of the request that begins here, in bytes; None while its header is incomplete.

    `searched` is how many bytes held no end of the header before. Raises UnacceptableError.
    """
    end = received.find(b"\r\n\r\n", max(0, searched - 3))
    if (end if end >= 0 else len(received)) > _MOST_HEADER:
        raise UnacceptableError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    if end < 0:
        return None
    header = bytes(received[: end + 2])
    if _ENCODING.search(header):
        raise UnacceptableError(HTTPStatus.LENGTH_REQUIRED)
    length = _LENGTH.search(header)
    body = int(length[1]) if length else 0
    if body > _MOST_BODY:
        raise UnacceptableError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return end + 4 + body


class Connection(TConn):  # type: ignore[misc]  # gunicorn carries no types
    """Connection with what was received of its next request."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.initialized = True  # the parser is made for each request
        self.received = bytearray()
        self.is_closing = False
        self.searched = 0
        self.length: int | None = None
        self.end = 0.0
        """When it is closed, in monotonic seconds."""

    def expect(self, now: float) -> None:
        """Begin to receive a request."""
        self.searched, self.length, self.end = 0, None, now + _HEADER_SECONDS

    def receive(self) -> bool:
        """Receive what is there; False at the end of the stream. Raises OSError."""
        data: bytes = self.sock.recv(_CHUNK)
        self.received += data
        return bool(data)

    def is_complete(self) -> bool:
        """Whether a whole request has been received. Raises UnacceptableError."""
        if self.length is None:
            self.length = request_length(self.received, self.searched)
            self.searched = len(self.received)
            if self.length is not None:
                self.end += RECEIVE_SECONDS - _HEADER_SECONDS
        return self.length is not None and len(self.received) >= self.length

    def init(self) -> None:
        """Let a thread parse the received request from memory; gunicorn calls this in it."""
        request = bytes(self.received[: self.length])
        del self.received[: self.length]
        self.parser = http.get_parser(self.cfg, iter([request]), self.client)
        self.sock.settimeout(RECEIVE_SECONDS)  # for the response

    def refuse(self, status: HTTPStatus) -> None:
        """Send an error as far as the connection takes it at once."""
        with suppress(OSError):
            self.sock.send(_error(status))


class BufferedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's threaded worker, whose threads never wait for a client's request."""

    max_keepalived: int
    worker_connections: int

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The open and the idle ones together stay below the number at which gunicorn accepts no
        # more, and that one leaves descriptors for the database.
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.worker_connections = min(self.worker_connections, descriptors * 3 // 4)
        self._most_open = min(_MOST_OPEN, descriptors // 4)
        self.max_keepalived = min(self.max_keepalived, _MOST_IDLE, descriptors // 4)
        self._open: dict[Connection, None] = {}
        """Connections that are being received or closed, the oldest first."""

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and begin to receive its request."""
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionError):  # another process was faster, or it has ended
            return
        except OSError:  # no descriptor is left
            self._make_room(len(self._open) // 2)
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, sock, client, listener.getsockname())
        self._receive_next(connection)

    def on_client_socket_readable(self, connection: Connection, sock: socket.socket) -> None:
        """Receive the next request on an idle connection."""
        self.poller.unregister(sock)
        self.keepalived_conns.remove(connection)
        self._receive_next(connection)

    def finish_request(self, connection: Connection, future: "Future[Any]") -> None:
        """Keep a connection for its next request, or close it without waiting for the client."""
        if connection.sock.fileno() < 0:  # gunicorn has closed it after an error
            self.nr_conns -= 1
            return
        is_kept = not future.cancelled() and not future.exception() and future.result()
        connection.sock.settimeout(0.0)
        if not is_kept:
            self._close_gently(connection)
        elif connection.received:
            self._receive_next(connection)
        else:
            super().finish_request(connection, future)

    def handle_request(self, request: Any, connection: Connection) -> bool:
        """Answer a request; False closes the connection, also one that takes no response."""
        try:
            return bool(super().handle_request(request, connection))
        except TimeoutError:
            return False

    def handle_error(
        self, request: Any, client: socket.socket, address: Any, error: Exception
    ) -> None:
        """Refuse a request that gunicorn cannot parse; log nothing of what it holds."""
        if isinstance(error, ParseException):
            self.log.warning("Request refused unparsed: %s", type(error).__name__)
            with suppress(OSError):
                client.sendall(_error(HTTPStatus.BAD_REQUEST))
        else:
            super().handle_error(request, client, address, error)

    def murder_pending(self) -> None:
        """Close the connections whose time is over; gunicorn calls this every second."""
        now = time.monotonic()
        if not self.alive:
            for connection in self._open:
                connection.end = min(connection.end, now + _STOPPING_SECONDS)
        expired = [connection for connection in self._open if connection.end <= now]
        slow = [each for each in expired if each.received and not each.is_closing]
        for connection in slow:
            connection.refuse(HTTPStatus.REQUEST_TIMEOUT)
        for connection in expired:
            self._close(connection)
        if slow:
            self.log.warning("Requests that did not arrive in time: %d", len(slow))

    def _receive_next(self, connection: Connection) -> None:
        connection.expect(time.monotonic())
        self._make_room(self._most_open - 1)
        self._open[connection] = None
        self.poller.register(
            connection.sock, selectors.EVENT_READ, partial(self._receive, connection)
        )
        if connection.received:
            self._proceed(connection)

    def _receive(self, connection: Connection, _sock: socket.socket) -> None:
        if connection not in self._open or connection.is_closing:
            return  # since the poller saw it
        try:
            if not connection.receive():
                self._close(connection)
                return
        except BlockingIOError:
            return
        except OSError:
            self._close(connection)
            return
        self._proceed(connection)

    def _proceed(self, connection: Connection) -> None:
        """Hand a complete request to a thread."""
        try:
            is_complete = connection.is_complete()
        except UnacceptableError as error:
            self._refuse(connection, error.status)
            return
        if is_complete:
            del self._open[connection]
            self.poller.unregister(connection.sock)
            self.enqueue_req(connection)
        elif len(connection.received) > _CHUNK:
            self._bound_memory()

    def _refuse(self, connection: Connection, status: HTTPStatus) -> None:
        self.log.warning("Request refused unread: %s %s", status.value, status.phrase)
        connection.refuse(status)
        del self._open[connection]
        self.poller.unregister(connection.sock)
        self._close_gently(connection)

    def _close_gently(self, connection: Connection) -> None:
        """End the stream to the client, and discard what it still sends for a moment.

        Closing at once could reset the connection before the client has read the response.
        """
        connection.is_closing, connection.end = True, time.monotonic() + _CLOSING_SECONDS
        connection.received.clear()
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.nr_conns -= 1
            connection.sock.close()
            return
        self._make_room(self._most_open - 1)
        self._open[connection] = None
        self.poller.register(
            connection.sock, selectors.EVENT_READ, partial(self._discard, connection)
        )

    def _discard(self, connection: Connection, _sock: socket.socket) -> None:
        if connection not in self._open:
            return  # since the poller saw it
        try:
            is_over = not connection.sock.recv(_CHUNK)
        except BlockingIOError:
            is_over = False
        except OSError:
            is_over = True
        if is_over:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        del self._open[connection]
        self.poller.unregister(connection.sock)
        self.nr_conns -= 1
        connection.sock.close()

    def _make_room(self, most: int) -> None:
        """Close the oldest connections beyond a number."""
        for connection in [*self._open][: max(0, len(self._open) - most)]:
            self._close(connection)

    def _bound_memory(self) -> None:
        """Refuse the largest request while all together take too much memory."""
        while sum(len(connection.received) for connection in self._open) > _MOST_BUFFERED:
            self._refuse(
                max(self._open, key=lambda each: len(each.received)),
                HTTPStatus.SERVICE_UNAVAILABLE,
            )


def _error(status: HTTPStatus) -> bytes:
    """A response without a body, after which the connection is closed."""
    lines = (f"HTTP/1.1 {status.value} {status.phrase}", "Connection: close", "Content-Length: 0")
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()
