"""Processes without gunicorn: Socket Mode and the worker in one, or the worker alone.

`papers run`     Socket Mode listeners + worker
`papers worker`  worker, beside any number of `papers web` (modules web, gunicorn_conf, wsgi)
"""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app.container import Container, bootstrap
from bot.app.worker import Worker
from bot.db.lock import SOCKET_LOCK, announced_end, hold_locks
from bot.ops.health import health_server
from bot.settings import Settings, app_token, bot_token, hide_bot_token
from bot.slack.api_errors import SlackUnavailableError
from bot.slack.app import connect_socket, make_app, make_connection
from bot.slack.clients import make_clients
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.workspace_connection import wait_for_slack

Result = TypeVar("Result")

_SHUTDOWN_SECONDS = 5.0  # platforms kill after ten, and the machine may be busy
_LISTENER_SECONDS = 4.0  # for work that was acknowledged already
_POLL_SECONDS = 0.2

_log = structlog.get_logger()


def run(
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve by Socket Mode until SIGTERM, SIGINT or `stop`; call `ready` once connected.

    While Slack is away, the jobs that need no Slack run. Raises SlackError when it refuses a
    token.
    """
    bot_token(settings)  # reported before a missing app-level token
    app_level_token = app_token(settings)
    container, stop = _start(settings), stop or threading.Event()
    with (
        socket_mode_lock(container),
        health_server(settings.host, settings.port, container.health()),
    ):
        worker = Worker(container)
        threads = ListenerThreads()
        app = make_app(container.listener_context(), threads)

        def connect() -> SocketModeHandler:
            container.connection.ask()
            handler = connect_socket(app, app_level_token, container.claims().claim)
            _log.info("ready", transport="socket")
            ready()
            return handler

        connected = _connect(container, connect, stop)
        signals = _record_signals()
        working = _start_thread(worker.run, stop)
        _wait(signals, stop)
        with announced_end(container.database):
            _join(working, _start_thread(_close, connected, threads))
        _raise_refusal(connected)


def work(settings: Settings) -> None:
    """Send, publish and poll until SIGTERM or SIGINT, beside any number of `papers web`.

    While Slack is away, the jobs that need no Slack run. Raises SlackError when it refuses the
    token.
    """
    container, stop = _start(settings), threading.Event()
    worker = Worker(container)
    with health_server(settings.host, settings.port, container.health()):

        def connect() -> None:
            container.connection.ask()
            _log.info("ready", transport="none")

        connected = _connect(container, connect, stop)
        signals = _record_signals()
        working = _start_thread(worker.run, stop)
        _wait(signals, stop)
        with announced_end(container.database):
            _join(working)
        _raise_refusal(connected)


def _start(settings: Settings) -> Container:
    """Ask Slack once whether the bot token works, then build the object graph.

    SIGTERM ends the process at once meanwhile: nothing is held that could be lost, and Slack may
    be slow.
    """
    token = bot_token(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    hide_bot_token()
    connection = make_connection(token, settings.slack_api_url)
    with contextlib.suppress(SlackUnavailableError):
        connection.ask()
    clients = make_clients(token, settings.slack_api_url)
    return bootstrap(settings, clients=clients, connection=connection)


def _connect(
    container: Container, connect: Callable[[], Result], stop: threading.Event
) -> "Future[Result | None]":
    """Connect to Slack at once; if it is away, in a thread and with back-off.

    Raises SlackError if Slack refuses now; a later refusal sets `stop` and is in the future.
    """
    connected: Future[Result | None] = Future()
    outage = container.connection.outage
    if outage is None:
        try:
            connected.set_result(connect())
        except SlackUnavailableError as error:
            outage = error
        else:
            return connected

    def wait() -> None:
        try:
            connected.set_result(wait_for_slack(connect, stop, outage))
        except Exception as error:  # noqa: BLE001  # raised again in the main thread
            connected.set_exception(error)
            stop.set()

    _start_thread(wait)
    return connected


def _raise_refusal(connected: "Future[Result]") -> None:
    """Raise the error for which the process ends, if there is one."""
    if connected.done():
        connected.result()


def _record_signals() -> list[int]:
    """Record SIGTERM and SIGINT in a list that grows as they come."""
    received: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: received.append(number))
    return received


def _wait(signals: list[int], stop: threading.Event) -> None:
    """Wait for a signal or for `stop`, then set `stop` for all threads.

    Polls, because a signal that comes just before a thread sleeps does not wake it. A signal
    handler must not set the event: the thread that it interrupts may hold the event's lock.
    """
    while not signals and not stop.wait(_POLL_SECONDS):
        pass
    stop.set()


def _start_thread(work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Run something in a thread that does not keep the process alive."""
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _join(*threads: threading.Thread) -> None:
    """Wait a few seconds for threads to finish; the next start repeats what is cut off."""
    end = time.monotonic() + _SHUTDOWN_SECONDS
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _close(connected: "Future[SocketModeHandler | None]", threads: ListenerThreads) -> None:
    """Take no more requests, and finish those in progress."""
    if connected.done() and not connected.exception() and (handler := connected.result()):
        handler.close()
    threads.close(_LISTENER_SECONDS)


def socket_mode_lock(container: Container) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of the only process that answers by Socket Mode on this database.

    Slack would spread requests over two of them. Raises PapersError when another one serves.
    """
    return hold_locks(
        container.database,
        (SOCKET_LOCK,),
        "Another `papers run` is using this database. End it first, or give this one its own "
        "DATABASE_URL and PAPERS_DATA_DIR.",
        clock=container.clock,
        sleep=container.sleep,
    )
