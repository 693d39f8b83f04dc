"""A network between the bot and its PostgreSQL server: slow, and broken when a test says so."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from typing import Self

from sqlalchemy import make_url

_HOST = "127.0.0.1"
_CHUNK = 65_536


class DistantServer:
    """A proxy on loopback that forwards connections to a port, each chunk after a delay."""

    def __init__(self, port: int, delay: float) -> None:
        """`delay` in seconds, for each direction."""
        self._target, self._delay = port, delay
        self._listener = socket.create_server((_HOST, 0))
        self._listener.settimeout(0.1)
        self._is_cut = self._is_closed = False
        self._open: set[socket.socket] = set()

    @classmethod
    @contextlib.contextmanager
    def running(cls, port: int, *, delay: float) -> Iterator[Self]:
        """A proxy while the block runs."""
        proxy = cls(port, delay)
        thread = threading.Thread(target=proxy._accept, daemon=True)  # its own
        thread.start()
        try:
            yield proxy
        finally:
            proxy._is_closed = True
            thread.join(5)
            proxy._listener.close()
            proxy._disconnect()

    def url(self, url: str) -> str:
        """The address of a database of the server, through the proxy."""
        port = self._listener.getsockname()[1]
        return make_url(url).set(host=_HOST, port=port).render_as_string(hide_password=False)

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """End all connections, and refuse new ones while the block runs."""
        self._is_cut = True
        self._disconnect()
        try:
            yield
        finally:
            self._is_cut = False

    def _disconnect(self) -> None:
        for connection in tuple(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._is_closed:
            with contextlib.suppress(TimeoutError, OSError):
                near, _ = self._listener.accept()
                if self._is_cut:
                    near.close()
                    continue
                threading.Thread(target=self._forward, args=(near,), daemon=True).start()

    def _forward(self, near: socket.socket) -> None:
        """Forward both directions of a connection until one end closes it."""
        with near, contextlib.suppress(OSError):
            far = socket.create_connection((_HOST, self._target))
            pair = {near: far, far: near}
            self._open |= pair.keys()
            try:
                with far, selectors.DefaultSelector() as selector:
                    for end in pair:
                        selector.register(end, selectors.EVENT_READ)
                    while not self._is_closed:
                        for key, _ in selector.select(0.2):
                            source = next(end for end in pair if end is key.fileobj)
                            data = source.recv(_CHUNK)
                            if not data:
                                return
                            time.sleep(self._delay)
                            pair[source].sendall(data)
            finally:
                self._open -= pair.keys()
