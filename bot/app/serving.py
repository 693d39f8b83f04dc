"""What serves Slack: settings become parts, listeners and a transport; and the worker beside it.

Settings ──► Parts ──► Listeners ──► Bolt App ──► Socket Mode (`papers run`, with the worker)
                │                            └──► WSGI under gunicorn (`papers web`)
                └────► Worker (`papers worker`)
"""

import contextlib
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import NoReturn

import structlog
from pydantic import SecretStr
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler

from bot.app.collecting import FOLDER
from bot.app.parts import Parts, client_of, make_parts, now
from bot.app.process import configure_logging, read_settings
from bot.app.state import SOCKET
from bot.app.watching import Watch, watched
from bot.app.working import Worker
from bot.catalog.files import read_catalog
from bot.db.engine import open_database
from bot.db.lock import Lock, lock_of
from bot.db.migrate import migrate
from bot.errors import PapersError
from bot.settings import Settings
from bot.slack.application import check_token, connect_socket, make_app
from bot.slack.listeners import Listeners
from bot.slack.wsgi import SlackRequests

WORKERS = 2
_FINISH = 8.0  # seconds; a platform kills ten after it asked
_ANOTHER = 15.0  # seconds that a start waits for the process before it to end


def run(
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve by Socket Mode until SIGTERM, SIGINT or `stop`; `ready` is called once connected."""
    bot_token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    app_token = _secret(settings.slack_app_token, "SLACK_APP_TOKEN", "xapp-")
    _end_at_once()
    _forget_token()
    client = client_of(settings, bot_token)
    workspace = check_token(client)
    parts = make_parts(settings)
    alone = _alone(parts)
    worker = Worker(parts, bot_token, workspace)
    app = make_app(client, "", _listeners(parts, bot_token, workspace))
    with _watched(parts):
        handler = connect_socket(app, app_token)
        ending = _stopping(stop)
        working = _started(worker.run, ending)
        structlog.get_logger().info("ready", transport="socket")
        ready()
        ending.wait()
        _finish(working, _started(_close, handler, app))
    alone.release()


def work(settings: Settings) -> None:
    """Send, publish and poll until SIGTERM or SIGINT, beside any number of `papers web`."""
    token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    _end_at_once()
    workspace = check_token(client_of(settings, token))
    parts = make_parts(settings)
    worker = Worker(parts, token, workspace)
    with _watched(parts):
        ending = _stopping(None)
        working = _started(worker.run, ending)
        structlog.get_logger().info("ready", transport="none")
        ending.wait()
        _finish(working)


def serve(settings: Settings) -> NoReturn:
    """Become gunicorn with the WSGI application. Does not return.

    Raises PapersError beforehand when a token is missing or refused, so that the reason is seen.
    """
    token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")
    check_token(client_of(settings, token))
    read_catalog(settings.data_dir)
    migrate(open_database(settings.database))
    gunicorn = [
        sys.executable, "-m", "gunicorn", "bot.app.serving:wsgi()",
        "--config", "python:bot.app.hooks",
        "--bind", f"{settings.host}:{settings.port}",
        "--worker-class", "gthread", "--threads", "32",
        "--workers", os.environ.get("WEB_CONCURRENCY", str(WORKERS)),  # noqa: TID251  # gunicorn's own
        "--graceful-timeout", "8", "--keep-alive", "75", "--no-control-socket",
        "--chdir", str(Path.cwd()),
    ]  # fmt: skip
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="papers-metrics-")  # noqa: TID251  # for the child
    os.execv(sys.executable, gunicorn)  # noqa: S606  # our own words, no shell


def wsgi() -> Watch:
    """What a process of gunicorn's serves."""
    settings = read_settings()
    configure_logging(settings)
    token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    secret = _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")
    _forget_token()
    client = client_of(settings, token)
    workspace = check_token(client)
    parts = make_parts(settings)
    app = make_app(client, secret, _listeners(parts, token, workspace))
    structlog.get_logger().info("ready", transport="http")
    return Watch(parts.database, parts.lookup, now, SlackRequests(app))


def _watched(parts: Parts) -> contextlib.AbstractContextManager[int]:
    """Health and metrics of a process that serves nothing else over HTTP."""
    watch = Watch(parts.database, parts.lookup, now)
    return watched(parts.settings.host, parts.settings.port, watch)


def _listeners(parts: Parts, token: str, workspace: str) -> Listeners:
    return Listeners(parts.desk(token, workspace), parts.names, SystemRandom())


def _end_at_once() -> None:
    """Until the process is ready nothing is held that could be lost, and Slack may be slow."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))


def _stopping(stop: threading.Event | None) -> threading.Event:
    """What is set when the process is to end."""
    ending = stop or threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    return ending


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


def _alone(parts: Parts) -> Lock:
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


def _forget_token() -> None:
    """Bolt reads the variable by itself and then warns that it has the token twice."""
    os.environ.pop("SLACK_BOT_TOKEN", None)  # noqa: TID251  # see above


def _secret(value: SecretStr | None, name: str, prefix: str) -> str:
    """A secret that must be there and of its kind; the message never shows it."""
    if value is None:
        raise PapersError(
            f"{name} is not set. The README tells in five steps where to find it; "
            "`papers demo` needs no Slack account."
        )
    secret = value.get_secret_value().strip()
    if not secret.startswith(prefix):
        raise PapersError(f"{name} should begin with {prefix}; are two tokens swapped?")
    return secret
