"""The WSGI application of `papers web`, and the checks before gunicorn forks.

prepare, once ──► fork ──► wsgi, in each process
"""

import socket
from functools import cache
from wsgiref.types import WSGIApplication

import structlog

from bot.app.container import bootstrap
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.ops.health import open_health_socket, serve_health
from bot.settings import Settings, bot_token, hide_bot_token, read_settings, signing_secret
from bot.slack.app import check_token, make_app
from bot.slack.authority import Workspace
from bot.slack.clients import make_clients
from bot.slack.transport.wsgi import SlackRequests


def prepare() -> None:
    """Open the health port, check the token, the list and the database, and migrate.

    Raises PapersError.
    """
    settings = read_settings()
    _health_socket(settings)
    _workspace(settings)
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
    workspace = _workspace(settings)
    hide_bot_token()
    container = bootstrap(settings, workspace=workspace)
    app = make_app(container.listener_context())
    structlog.get_logger().info("ready", transport="http")
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
def _workspace(settings: Settings) -> Workspace:
    """Ask Slack for the token's workspace.

    The first process asks, and the forked ones inherit the answer: one that dies while Slack is
    down can be replaced.
    """
    return check_token(make_clients(bot_token(settings), settings.slack_api_url).repeatable)
