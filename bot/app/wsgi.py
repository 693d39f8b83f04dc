"""The WSGI application of `papers web`, and the checks before gunicorn forks.

prepare, once ──► fork ──► wsgi, in each process
"""

from functools import cache

import structlog

from bot.app.container import bootstrap
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.ops.health import HealthEndpoints
from bot.settings import Settings, bot_token, hide_bot_token, read_settings, signing_secret
from bot.slack.app import check_token, make_app
from bot.slack.clients import make_clients
from bot.slack.transport.wsgi import SlackRequests


def prepare() -> None:
    """Check the token, the list and the database, and migrate. Raises PapersError."""
    settings = read_settings()
    _workspace(settings)
    read_catalog(settings.data_dir)
    database = open_database(settings.database)
    try:
        migrate(database)
    finally:
        database.close()  # a connection does not outlive a fork


def wsgi() -> HealthEndpoints:
    """Make the application of one gunicorn process."""
    settings = read_settings()
    secret = signing_secret(settings)
    workspace = _workspace(settings)
    hide_bot_token()
    container = bootstrap(settings, workspace=workspace)
    app = make_app(container.listener_context())
    structlog.get_logger().info("ready", transport="http")
    return container.health(SlackRequests(app, secret, container.claims().claim))


@cache
def _workspace(settings: Settings) -> str:
    """Ask Slack for the address of the token's workspace.

    The first process asks, and the forked ones inherit the answer: one that dies while Slack is
    down can be replaced.
    """
    return check_token(make_clients(bot_token(settings), settings.slack_api_url).repeatable)
