"""The WSGI application of `papers web`, and the checks before gunicorn forks.

prepare, once ──► fork ──► wsgi, in each process
"""

import contextlib
import socket
import threading
from functools import cache
from wsgiref.types import WSGIApplication

import structlog

from bot.app.container import bootstrap
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.ops.health import open_health_socket, serve_health
from bot.settings import Settings, bot_token, hide_bot_token, read_settings, signing_secret
from bot.slack.api_errors import SlackError, SlackUnavailableError
from bot.slack.app import make_app, make_connection
from bot.slack.transport.wsgi import SlackRequests
from bot.slack.workspace_connection import WorkspaceConnection, wait_for_slack

_log = structlog.get_logger()
_REFUSED_SECONDS = 60.0  # before a token that was refused is tried again


def prepare() -> None:
    """Open the health port, check the token, the list and the database, and migrate.

    Slack may be away: lookups need none of it. Raises PapersError.
    """
    settings = read_settings()
    _health_socket(settings)
    with contextlib.suppress(SlackUnavailableError):
        _connection(settings).ask()
    read_catalog(settings.data_dir)
    database = open_database(settings.database)
    try:
        migrate(database)
    finally:
        database.close()  # a connection does not outlive a fork


def wsgi() -> WSGIApplication:
    """Make the application of one gunicorn process, and serve its health port if it has one."""
    settings = read_settings()
    secret = signing_secret(settings)
    connection = _connection(settings)
    hide_bot_token()
    if not connection.is_known:
        threading.Thread(target=_learn, args=(connection,), daemon=True).start()
    container = bootstrap(settings, connection=connection)
    app = make_app(container.listener_context())
    _log.info("ready", transport="http")
    requests = SlackRequests(app, secret, container.now, container.claims().claim)
    if listener := _health_socket(settings):
        serve_health(listener, container.health())
        return requests
    return container.health(requests)


@cache
def _health_socket(settings: Settings) -> socket.socket | None:
    """The socket of the health port, opened by the first process and inherited by the others.

    Raises PapersError when the port cannot be used.
    """
    if settings.health_port is None:
        return None
    return open_health_socket(settings.host, settings.health_port, "PAPERS_HEALTH_PORT")


@cache
def _connection(settings: Settings) -> WorkspaceConnection:
    """The token's workspace. The first process asks, and the forked ones inherit the answer."""
    return make_connection(bot_token(settings), settings.slack_api_url)


def _learn(connection: WorkspaceConnection) -> None:
    """Ask for the workspace until Slack accepts the token; `/readyz` has the problem meanwhile."""
    never = threading.Event()
    while not connection.is_known:
        try:
            wait_for_slack(connection.ask, never, connection.outage)
        except SlackError as error:
            _log.error("Slack refuses the token", reason=str(error))
            never.wait(_REFUSED_SECONDS)
