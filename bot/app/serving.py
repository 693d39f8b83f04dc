"""What serves Slack: settings become a lookup, listeners and a transport.

Settings ──► LiveLookup ──► Listeners ──► Bolt App ──► Socket Mode (`papers run`)
                                                  └──► WSGI under gunicorn (`papers web`)
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import NoReturn

import structlog
from pydantic import SecretStr
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)

from bot.app.process import configure_logging, read_settings
from bot.catalog.files import read_catalog
from bot.catalog.names import shipped_names
from bot.errors import PapersError
from bot.lookup.live import LiveLookup
from bot.settings import Settings
from bot.slack.application import check_token, connect_socket, make_app
from bot.slack.listeners import Listeners
from bot.slack.wsgi import SlackRequests

WORKERS = 2


def live_lookup(settings: Settings) -> LiveLookup:
    """The lookup of the settings' folder."""
    return LiveLookup(settings.data_dir, shipped_names(), time.monotonic)


def run(
    settings: Settings,
    ready: Callable[[], None] = lambda: None,
    stop: threading.Event | None = None,
) -> None:
    """Serve by Socket Mode until SIGTERM, SIGINT or `stop`; `ready` is called once connected."""
    bot_token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    app_token = _secret(settings.slack_app_token, "SLACK_APP_TOKEN", "xapp-")
    ending = stop or threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ending.set())
    _forget_token()
    app = make_app(_client(settings, bot_token), "", _listeners(settings))
    handler = connect_socket(app, app_token)
    structlog.get_logger().info("ready", transport="socket")
    ready()
    ending.wait()
    handler.close()
    app.listener_runner.listener_executor.shutdown(wait=True, cancel_futures=True)


def serve(settings: Settings) -> NoReturn:
    """Become gunicorn with the WSGI application. Does not return.

    Raises PapersError beforehand when a token is missing or refused, so that the reason is seen.
    """
    token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")
    check_token(_client(settings, token))
    read_catalog(settings.data_dir)
    gunicorn = [
        sys.executable, "-m", "gunicorn", "bot.app.serving:wsgi()",
        "--bind", f"{settings.host}:{settings.port}",
        "--worker-class", "gthread", "--threads", "32",
        "--workers", os.environ.get("WEB_CONCURRENCY", str(WORKERS)),  # noqa: TID251  # gunicorn's own
        "--graceful-timeout", "8", "--keep-alive", "75", "--no-control-socket",
        "--chdir", str(Path.cwd()),
    ]  # fmt: skip
    os.execv(sys.executable, gunicorn)  # noqa: S606  # our own words, no shell


def wsgi() -> SlackRequests:
    """What a gunicorn worker serves."""
    settings = read_settings()
    configure_logging(settings)
    token = _secret(settings.slack_bot_token, "SLACK_BOT_TOKEN", "xoxb-")
    secret = _secret(settings.slack_signing_secret, "SLACK_SIGNING_SECRET", "")
    _forget_token()
    app = make_app(_client(settings, token), secret, _listeners(settings))
    structlog.get_logger().info("ready", transport="http")
    return SlackRequests(app)


def _listeners(settings: Settings) -> Listeners:
    return Listeners(live_lookup(settings), SystemRandom())


def _forget_token() -> None:
    """Bolt reads the variable by itself and then warns that it has the token twice."""
    os.environ.pop("SLACK_BOT_TOKEN", None)  # noqa: TID251  # see above


def _client(settings: Settings, token: str) -> WebClient:
    """A client whose calls may be repeated; what must not be is sent by another."""
    return WebClient(
        token=token,
        base_url=settings.slack_api_url,
        retry_handlers=[
            ConnectionErrorRetryHandler(),
            RateLimitErrorRetryHandler(max_retry_count=2),
        ],
    )


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
