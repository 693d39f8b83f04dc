"""Slack's side of Socket Mode: a small WebSocket server on loopback, whose connections can break.

    apps.connections.open ──► ws://127.0.0.1 ──► hello, envelopes ──► acknowledgements
                                          └──► disconnect (with a reason), close, cut

An envelope goes to the newest connection that was not told to disconnect; while there is none it
waits, as long as a person would. Written after RFC 6455, for the client of slack_sdk alone.
"""

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10
_PATIENCE = 0.5  # seconds that a read waits before it looks whether all is over


@dataclass
class Connection:
    """One WebSocket, from Slack's side."""

    number: int
    socket: socket.socket
    is_told: bool = False
    """Whether it was told to disconnect: nothing more comes by it."""
    is_open: bool = True
    pause: float = 0.0
    """Seconds between the two parts in which a frame is sent, if not 0."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, told: Mapping[str, Any]) -> None:
        """A message; silently nothing where the other end has gone."""
        self._frame(_TEXT, json.dumps(told).encode())

    def pong(self, payload: bytes) -> None:
        """The answer to a ping."""
        self._frame(_PONG, payload)

    def close(self) -> None:
        """Say good-bye, and hang up."""
        self._frame(_CLOSE, struct.pack("!H", 1000))
        self.cut()

    def cut(self) -> None:
        """Hang up without a word."""
        self.is_open = False
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def _frame(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        head = struct.pack("!BB", 0x80 | opcode, size) if size < 126 else b""
        if not head:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        frame = head + payload
        half = len(frame) // 2 if self.pause else len(frame)
        with self.lock, contextlib.suppress(OSError):
            self.socket.sendall(frame[:half])
            time.sleep(self.pause)
            self.socket.sendall(frame[half:])


class SocketMode:
    """Accepts connections of an app, and sends it requests."""

    def __init__(self, server: HTTPServer) -> None:
        """`apps.connections.open` is answered by the server, before any other of its handlers."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(_PATIENCE)
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._connections: list[Connection] = []
        self._answers: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._numbers = iter(range(1, 1_000_000))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.is_enabled = True
        server.expect_request("/api/apps.connections.open").respond_with_handler(self._given)
        self._threads[0].start()

    @property
    def connections(self) -> list[Connection]:
        """The open connections, the oldest first."""
        with self._changed:
            return [connection for connection in self._connections if connection.is_open]

    def command(self, body: str, patience: float = 3.0) -> tuple[float, Mapping[str, Any]] | None:
        """Send a command (its form as over HTTP): the seconds to its answer, and the answer.

        None if there was no answer in time.
        """
        payload = dict(parse_qsl(body, keep_blank_values=True))
        began = time.monotonic()
        number = f"envelope-{next(self._numbers)}"
        envelope = {
            "envelope_id": number,
            "type": "slash_commands",
            "accepts_response_payload": True,
            "payload": payload,
        }
        with self._changed:
            if not self._changed.wait_for(self._newest, patience):
                return None
            connection = self._newest()
        if connection is not None:
            connection.send(envelope)
        with self._changed:
            left = patience - (time.monotonic() - began)
            if not self._changed.wait_for(lambda: number in self._answers, max(0.0, left)):
                return None
            at, answer = self._answers[number]
            return at - began, answer

    def disconnect(self, reason: str) -> None:
        """Ask every connection to close: `warning`, `refresh_requested`, `link_disabled`."""
        for connection in self.connections:
            connection.is_told = True
            connection.send(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "made-up"}}
            )

    def wait_for_connections(self, seconds: float) -> float:
        """Wait for a usable connection; the seconds that it took."""
        began = time.monotonic()
        with self._changed:
            assert self._changed.wait_for(self._newest, seconds), f"no connection in {seconds} s"
        return time.monotonic() - began

    def end(self) -> None:
        """Close all connections and stop listening."""
        self._over.set()
        self._listening.close()
        for connection in self.connections:
            connection.cut()
        for thread in self._threads:
            thread.join(5)

    def _newest(self) -> Connection | None:
        usable = [
            connection
            for connection in self._connections
            if connection.is_open and not connection.is_told
        ]
        return usable[-1] if usable else None

    def _given(self, _request: Request) -> Response:
        port = self._listening.getsockname()[1]
        answer: dict[str, Any] = {"ok": True, "url": f"ws://127.0.0.1:{port}/link?ticket=made-up"}
        if not self.is_enabled:
            answer = {"ok": False, "error": "not_allowed_token_type"}
        return Response(json.dumps(answer), content_type="application/json")

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                accepted, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        accepted.settimeout(_PATIENCE)
        connection = Connection(len(self._connections), accepted)
        try:
            if not _shaken_hands(accepted):
                return
            hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0001"}}
            connection.send(hello)
            with self._changed:
                self._connections.append(connection)
                self._changed.notify_all()
            for opcode, payload in _frames(accepted, self._over):
                self._take(connection, opcode, payload)
        except OSError:
            pass
        finally:
            with self._changed:
                connection.is_open = False
                self._changed.notify_all()
            accepted.close()

    def _take(self, connection: Connection, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            connection.pong(payload)
        elif opcode == _TEXT:
            answer = json.loads(payload)
            with self._changed:
                self._answers[answer["envelope_id"]] = (
                    time.monotonic(),
                    answer.get("payload") or {},
                )
                self._changed.notify_all()


@contextlib.contextmanager
def socket_mode(server: HTTPServer) -> Iterator[SocketMode]:
    """Socket Mode while the block runs; made before the `FakeSlack` on the same server."""
    mode = SocketMode(server)
    try:
        yield mode
    finally:
        mode.end()


def _shaken_hands(accepted: socket.socket) -> bool:
    """Become a WebSocket."""
    request = b""
    while b"\r\n\r\n" not in request and len(request) < 10_000:
        data = accepted.recv(4096)
        if not data:
            return False
        request += data
    lines = (line.split(b":", 1) for line in request.split(b"\r\n")[1:] if b":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in lines}
    digest = hashlib.sha1(headers[b"sec-websocket-key"] + _GUID)  # noqa: S324  # RFC 6455 has it so
    accept = base64.b64encode(digest.digest())
    accepted.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    return True


def _frames(accepted: socket.socket, over: threading.Event) -> Iterator[tuple[int, bytes]]:
    """What the client sends, until it goes; frames are masked, and none is split."""
    kept = b""
    while not over.is_set():
        while (frame := _frame(kept)) is not None:
            opcode, payload, kept = frame
            if opcode == _CLOSE:
                return
            yield opcode, payload
        try:
            data = accepted.recv(65536)
        except TimeoutError:
            continue
        if not data:
            return
        kept += data


def _frame(data: bytes) -> tuple[int, bytes, bytes] | None:
    """The first frame, unmasked, and what follows it; None where it is not there in full."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7F, 2
    if size >= 126:
        width = 2 if size == 126 else 8
        if len(data) < at + width:
            return None
        size, at = int.from_bytes(data[at : at + width]), at + width
    mask, at = data[at : at + 4], at + 4
    if len(data) < at + size:
        return None
    payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data[at : at + size]))
    return data[0] & 0x0F, payload, data[at + size :]
