"""Socket Mode client that goes on answering while its connection is replaced.

Slack replaces every connection now and then. Here the new one is read before the old one is
closed, and a lost one is replaced at once; if that fails, slack_sdk's monitor tries again every
few seconds. The module works around faults of slack_sdk 3.47, in `slack_sdk/socket_mode/`:

- builtin/client.py, `SocketModeClient.connect`: closes the old connection, which takes up to 3 s
  (`Connection.disconnect` waits for the reader), before it reads the new one.
- client.py, `BaseSocketModeClient.process_message`: reconnects in the thread that hands out the
  requests, which wait meanwhile.
- builtin/internals.py, `_receive_messages`: takes the end of the stream for an empty message, in a
  busy loop until enough pings have failed. The check that it had was removed in
  https://github.com/slackapi/python-slack-sdk/pull/1269;
  https://github.com/slackapi/python-slack-sdk/pull/1727 reports the loop.
- builtin/connection.py, `Connection.send`: may send a part of a frame (`socket.send`).
"""

import json
import socket
import threading
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.builtin.connection import Connection, ConnectionState
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.slack.transport.request_claims import Claim, changes_something, digest

_PING = 5.0  # seconds; without an answer for four of them a connection counts as lost
_OVERLAP = 10.0  # seconds in which Slack may still send over the old connection

_log = structlog.get_logger()


class OverlappingClient(SocketModeClient):
    """Client that reads each connection in a thread of its own, until that connection ends."""

    def connect(self) -> None:
        """Open a connection, read it, and close the one before a little later.

        Raises OSError when Slack cannot be reached.
        """
        if self.wss_uri is None:
            self.wss_uri = self.issue_new_wss_url()
        new, state = self._connection(self.wss_uri), ConnectionState()
        new.connect()
        if not new.is_active():
            raise ConnectionError("Slack's WebSocket cannot be reached")
        old, old_state = self.current_session, self.current_session_state
        self.current_session, self.current_session_state = new, state
        threading.Thread(target=new.run_until_completion, args=(state,), daemon=True).start()
        if old is not None:
            timer = threading.Timer(_OVERLAP, _close, (old, old_state))
            timer.daemon = True
            timer.start()
        if not self.current_app_monitor_started:
            self.current_app_monitor_started = True
            self.current_app_monitor.start()

    def _connection(self, url: str) -> Connection:
        connection = _Connection(
            url=url,
            logger=self.logger,
            ping_interval=self.ping_interval,
            receive_buffer_size=self.receive_buffer_size,
            proxy=self.proxy,
            proxy_headers=self.proxy_headers,
            ssl_context=self.web_client.ssl,
        )
        replace = partial(self._replace, connection)
        connection.on_message_listener = partial(self._receive, replace)
        connection.on_error_listener = replace
        connection.on_close_listener = replace
        return connection

    def _receive(self, replace: partial[None], text: str) -> None:
        message: Any = None
        with suppress(ValueError, RecursionError):
            message = json.loads(text)
        if isinstance(message, dict) and message.get("type") == "disconnect":
            # In another thread: more requests may come over this connection.
            reason = str(message.get("reason"))[:50]
            threading.Thread(target=replace, args=(reason,), daemon=True).start()
        else:
            self.enqueue_message(text)

    def _replace(self, connection: Connection, reason: object, *_: object) -> None:
        """Open a new connection, unless another thread has replaced this one already."""
        with self.connect_operation_lock:
            if connection is not self.current_session or self.closed:
                return
            _log.info("replacing the connection to Slack", reason=str(reason))
            try:
                self.wss_uri = self.issue_new_wss_url()
                self.connect()
            except Exception as error:  # noqa: BLE001  # whatever it is, the monitor tries again
                _log.warning("no new connection to Slack yet", reason=type(error).__name__)


class _Connection(Connection):
    """Connection that can be closed at any moment, and whose end is an error."""

    def connect(self) -> None:
        """Connect; `is_active` tells whether that succeeded."""
        super().connect()
        if self.sock is not None:
            self.sock = _Socket(self.sock)  # type: ignore[assignment]  # the methods that are used

    def disconnect(self) -> None:
        """Close the connection, after ending the read and the write that are under way."""
        if (sock := self.sock) is not None:
            with suppress(OSError):  # the other end was faster
                sock.shutdown(socket.SHUT_RDWR)
        super().disconnect()


class _Socket:
    """Socket that raises at the end of its stream and sends whole messages."""

    def __init__(self, wrapped: socket.socket) -> None:
        self._wrapped = wrapped
        self.send = wrapped.sendall
        self.close = wrapped.close

    def recv(self, size: int) -> bytes:
        """Receive up to so many bytes. Raises ConnectionResetError at the end of the stream."""
        data = self._wrapped.recv(size)
        if not data:
            raise ConnectionResetError("Slack closed the connection")
        return data

    def shutdown(self, how: int) -> None:
        """End the stream. Unlike SSLSocket's method it does not drop the encryption before."""
        socket.socket.shutdown(self._wrapped, how)


class OverlappingHandler(SocketModeHandler):
    """Bolt's handler with an OverlappingClient, not connected yet."""

    def __init__(self, app: App, app_token: str, threads: int, claim: Claim) -> None:
        """`claim` tells whether a request is new, by its digest."""
        # Bolt's own constructor would start the threads of a client that is not used.
        self.app, self.app_token, self._claim = app, app_token, claim
        self.client = OverlappingClient(
            app_token=app_token,
            logger=app.logger,
            web_client=WebClient(token=app_token, base_url=app.client.base_url),
            ping_interval=_PING,
            concurrency=threads,
        )
        self.client.current_session_runner.shutdown()  # would read the current connection, too
        self.client.socket_mode_request_listeners.append(self.handle)  # type: ignore[arg-type]  # as Bolt does

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as in Bolt's handler for this client
        """Hand a request to the app; acknowledge a repeated one that it must not see twice."""
        if changes_something(req.payload) and not self._claim(digest(req.envelope_id)):
            _log.warning("repeated request ignored")
            client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        super().handle(client, req)


def _close(connection: Connection, state: ConnectionState) -> None:
    state.terminated = True
    connection.close()
