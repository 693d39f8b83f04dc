"""What works without gunicorn: Socket Mode with the worker in one process, or the worker alone.

Settings ──► Parts ──► Listeners ──► Bolt App ──► Socket Mode (`papers run`, with the worker)
                │                            └──► WSGI under gunicorn (`papers web`: web, wsgi)
                └────► Worker (`papers worker`)
"""

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app.container import Container, make_container, now
from bot.app.environment import app_token, bot_token, forget_token
from bot.app.state import SOCKET
from bot.app.worker import Worker
from bot.db.lock import Lock, lock_of
from bot.errors import PapersError
from bot.ops.health import HealthEndpoints, health_server
from bot.settings import Settings
from bot.slack.app import check_token, connect_socket, make_app
from bot.slack.clients import make_clients

_FINISH = 5.0  # seconds; a platform kills ten after it asked, and its machine may be busy
_LOOK = 0.2  # seconds
_ANOTHER = 15.0  # seconds that a start waits for the process before it to end


def run(
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve by Socket Mode until SIGTERM, SIGINT or `stop`; `ready` is called once connected."""
    token, socket_token = bot_token(settings), app_token(settings)
    _end_at_once()
    forget_token()
    clients = make_clients(token, settings.slack_api_url)
    workspace = check_token(clients.repeatable)
    parts = make_container(settings)
    alone = _alone(parts)
    worker = Worker(parts, token, workspace)
    app = make_app(parts.listener_context(clients, workspace), "")
    with _watched(parts):
        handler = connect_socket(app, socket_token)
        heard, ending = _heard(), stop or threading.Event()
        working = _started(worker.run, ending)
        structlog.get_logger().info("ready", transport="socket")
        ready()
        _wait(heard, ending)
        _finish(working, _started(_close, handler, app))
    alone.release()


def work(settings: Settings) -> None:
    """Send, publish and poll until SIGTERM or SIGINT, beside any number of `papers web`."""
    token = bot_token(settings)
    _end_at_once()
    workspace = check_token(make_clients(token, settings.slack_api_url).repeatable)
    parts = make_container(settings)
    worker = Worker(parts, token, workspace)
    with _watched(parts):
        heard, ending = _heard(), threading.Event()
        working = _started(worker.run, ending)
        structlog.get_logger().info("ready", transport="none")
        _wait(heard, ending)
        _finish(working)


def _watched(parts: Container) -> contextlib.AbstractContextManager[int]:
    """Health and metrics of a process that serves nothing else over HTTP."""
    watch = HealthEndpoints(parts.database, parts.lookup, now)
    return health_server(parts.settings.host, parts.settings.port, watch)


def _end_at_once() -> None:
    """Until the process is ready nothing is held that could be lost, and Slack may be slow."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _heard() -> list[int]:
    """The signals to end that have come; more of them join the list."""
    heard: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: heard.append(number))
    return heard


def _wait(heard: list[int], ending: threading.Event) -> None:
    """Wait for a signal, or for whoever else ends the process; then all know.

    It looks again and again: a signal that comes just before a thread sleeps does not wake it.
    And a handler must not set the event: its lock may be held by the very thread it interrupts.
    """
    while not heard and not ending.wait(_LOOK):
        pass
    ending.set()


def _started(work: Callable[..., None], *arguments: object) -> threading.Thread:
    """Something that goes on beside, and ends with the process at the latest."""
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    return thread


def _finish(*threads: threading.Thread) -> None:
    """Let what is being done be done, for as long as a platform waits; the rest is begun again."""
    end = time.monotonic() + _FINISH
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _close(handler: SocketModeHandler, app: App) -> None:
    """Take no more requests, and answer those that were taken."""
    handler.close()
    app.listener_runner.listener_executor.shutdown(wait=True, cancel_futures=True)


def _alone(parts: Container) -> Lock:
    """The lock of the one process that answers by Socket Mode on a database.

    Raises PapersError in the second one: both would answer, each some of the requests.
    """
    lock = lock_of(parts.database, SOCKET)
    end = time.monotonic() + _ANOTHER
    while not lock.acquire():
        if time.monotonic() > end:
            raise PapersError(
                "Another `papers run` is using this database. End it first, or give this one its "
                "own DATABASE_URL and PAPERS_DATA_DIR."
            )
        time.sleep(0.2)
    return lock
