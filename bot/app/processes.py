"""Processes without gunicorn: Socket Mode and the worker in one, or the worker alone.

`papers run`     Socket Mode listeners + worker
`papers worker`  worker, beside any number of `papers web` (modules web, gunicorn_conf, wsgi)
"""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator

import structlog
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app.container import Container, bootstrap
from bot.app.worker import Worker
from bot.db.lock import open_lock
from bot.errors import PapersError
from bot.ops.database import SOCKET_LOCK
from bot.ops.health import health_server
from bot.settings import Settings, app_token, bot_token, hide_bot_token
from bot.slack.app import check_token, connect_socket, make_app
from bot.slack.clients import make_clients
from bot.slack.listeners.threads import ListenerThreads

_SHUTDOWN_SECONDS = 5.0  # platforms kill after ten, and the machine may be busy
_LISTENER_SECONDS = 4.0  # for work that was acknowledged already
_POLL_SECONDS = 0.2
_TAKEOVER_SECONDS = 15.0  # how long a start waits for the previous process to end

_log = structlog.get_logger()


def run(
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve by Socket Mode until SIGTERM, SIGINT or `stop`; call `ready` once connected."""
    bot_token(settings)  # reported before a missing app-level token
    app_level_token = app_token(settings)
    container = _start(settings)
    with (
        _socket_mode_lock(container),
        health_server(settings.host, settings.port, container.health()),
    ):
        worker = Worker(container)
        threads = ListenerThreads()
        app = make_app(container.listener_context(), threads)
        handler = connect_socket(app, app_level_token, container.claims().claim)
        signals, stop = _record_signals(), stop or threading.Event()
        working = _start_thread(worker.run, stop)
        _log.info("ready", transport="socket")
        ready()
        _wait(signals, stop)
        _join(working, _start_thread(_close, handler, threads))


def work(settings: Settings) -> None:
    """Send, publish and poll until SIGTERM or SIGINT, beside any number of `papers web`."""
    container = _start(settings)
    worker = Worker(container)
    with health_server(settings.host, settings.port, container.health()):
        signals, stop = _record_signals(), threading.Event()
        working = _start_thread(worker.run, stop)
        _log.info("ready", transport="none")
        _wait(signals, stop)
        _join(working)


def _start(settings: Settings) -> Container:
    """Ask Slack whether the bot token works, then build the object graph.

    SIGTERM ends the process at once meanwhile: nothing is held that could be lost, and Slack may
    be slow.
    """
    token = bot_token(settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    hide_bot_token()
    clients = make_clients(token, settings.slack_api_url)
    return bootstrap(settings, clients=clients, workspace=check_token(clients.repeatable))


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


def _close(handler: SocketModeHandler, threads: ListenerThreads) -> None:
    """Take no more requests, and finish those in progress."""
    handler.close()
    threads.close(_LISTENER_SECONDS)


@contextlib.contextmanager
def _socket_mode_lock(container: Container) -> Iterator[None]:
    """Hold the lock of the only process that answers by Socket Mode on this database.

    Slack would spread requests over two of them. Raises PapersError when another one keeps it.
    """
    lock = open_lock(container.database, SOCKET_LOCK)
    end = container.clock() + _TAKEOVER_SECONDS
    while not lock.acquire():
        if container.clock() > end:
            raise PapersError(
                "Another `papers run` is using this database. End it first, or give this one its "
                "own DATABASE_URL and PAPERS_DATA_DIR."
            )
        container.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()
