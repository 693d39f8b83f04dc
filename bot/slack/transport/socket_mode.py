"""Socket Mode over connections that come and go, without anybody who types noticing.

Slack renews every connection now and then, and its servers hang up. slack_sdk's own client takes
the old connection down before it listens to the new one, for up to three seconds; one that was cut
it finds out about after a minute, in which it keeps a processor busy. Here instead:

    told to disconnect, hung up, cut ──► a new connection at once ──► the old one is heard out
    no new one to be had, or no sign of life ──► asked again every few seconds
"""

import json
import select
import threading
from contextlib import suppress
from socket import socket
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState

_PING = 5.0  # seconds; four without an answer are no connection
_OVERLAP = 10.0  # seconds in which Slack may still send by the connection before
_LOOK = 200  # milliseconds that a look for what has come waits

_log = structlog.get_logger()


class RenewingClient(SocketModeClient):
    """A client each of whose connections is read by a thread of its own, until it ends."""

    def connect(self) -> None:
        """Connect, listen, and only then let the connection before go.

        Raises OSError when there is no connection to be had.
        """
        if self.wss_uri is None:
            self.wss_uri = self.issue_new_wss_url()
        new, state = _Connection(self, self.wss_uri), ConnectionState()
        new.connect()
        if not new.is_active():
            raise ConnectionError("Slack's WebSocket cannot be reached")
        old, old_state = self.current_session, self.current_session_state
        self.current_session, self.current_session_state = new, state
        threading.Thread(target=new.run_until_completion, args=(state,), daemon=True).start()
        if old is not None:
            timer = threading.Timer(_OVERLAP, _let_go, (old, old_state))
            timer.daemon = True
            timer.start()
        if not self.current_app_monitor_started:
            self.current_app_monitor_started = True
            self.current_app_monitor.start()

    def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: FBT001, FBT002  # as the method that it replaces
        """Renew the connection; once, however many threads find that it is time."""
        session = self.current_session
        with self.connect_operation_lock:
            if self.closed or self.current_session is not session:
                return
            if force or not self.is_connected():
                self.wss_uri = self.issue_new_wss_url()
                self.connect()

    def renew(self, connection: "_Connection") -> None:
        """Have another connection in place of one that ends, unless there is one already."""
        if connection is not self.current_session or self.closed:
            return
        try:
            self.connect_to_new_endpoint(force=True)
        except Exception as error:  # noqa: BLE001  # whatever it is, the monitor tries again
            _log.warning("no new connection to Slack yet", reason=type(error).__name__)

    def _run_current_session(self) -> None:
        """Nothing: each connection has its thread."""


class _Connection(Connection):
    """A connection that says at once when it ends."""

    def __init__(self, client: RenewingClient, url: str) -> None:
        super().__init__(
            url=url,
            logger=client.logger,
            ping_interval=client.ping_interval,
            receive_buffer_size=client.receive_buffer_size,
            proxy=client.proxy,
            proxy_headers=client.proxy_headers,
            on_message_listener=self._heard,
            on_error_listener=self._broke,
            on_close_listener=self._closed,
            ssl_context=client.web_client.ssl,
        )
        self._owner = client

    def connect(self) -> None:
        """Connect; from then on a hang-up is an error, not an empty message."""
        super().connect()
        if self.sock is not None:
            self.sock = _Listening(self.sock)  # type: ignore[assignment]  # what is used of a socket

    def _heard(self, message: str) -> None:
        told: Any = None
        with suppress(ValueError):
            told = json.loads(message)
        if isinstance(told, dict) and told.get("type") == "disconnect":
            _log.info("Slack renews the connection", reason=str(told.get("reason"))[:50])
            threading.Thread(target=self._owner.renew, args=(self,), daemon=True).start()
        else:
            self._owner.enqueue_message(message)

    def _broke(self, error: Exception) -> None:
        _log.info("the connection to Slack broke", reason=type(error).__name__)
        self._owner.renew(self)

    def _closed(self, _code: int, _reason: str | None = None) -> None:
        self._owner.renew(self)


class _Listening:
    """A socket that is looked at briefly, so that whoever closes it need not wait long."""

    def __init__(self, found: socket) -> None:
        self._socket = found
        self._poll = select.poll()
        self._poll.register(found, select.POLLIN)

    def recv(self, size: int) -> bytes:
        """What has come. Raises TimeoutError if nothing has, ConnectionError at the end."""
        pending = getattr(self._socket, "pending", None)  # what TLS has taken in already
        if not (pending and pending()) and not self._poll.poll(_LOOK):
            raise TimeoutError
        data = self._socket.recv(size)
        if not data:
            raise ConnectionResetError("Slack hung up")
        return data

    def send(self, data: bytes) -> None:
        """All of it."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def make_handler(app: App, app_token: str, threads: int) -> SocketModeHandler:
    """Bolt's handler over such a client, not connected yet."""
    web_client = WebClient(token=app_token, base_url=app.client.base_url)
    handler = SocketModeHandler(app, app_token, web_client=web_client, concurrency=threads)
    handler.client.close()
    client = RenewingClient(
        app_token=app_token,
        logger=app.logger,
        web_client=web_client,
        ping_interval=_PING,
        concurrency=threads,
    )
    client.socket_mode_request_listeners.append(handler.handle)  # type: ignore[arg-type]  # Bolt's own way
    handler.client = client
    return handler


def _let_go(old: Connection, state: ConnectionState) -> None:
    state.terminated = True
    old.close()
