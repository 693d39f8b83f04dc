"""What gunicorn serves, and what its first process looks at before it starts others.

prepare, once ──► fork ──► wsgi, in each process
"""

from functools import cache

import structlog

from bot.app.container import make_container, now
from bot.app.environment import bot_token, forget_token, read_settings, signing_secret
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.ops.health import HealthEndpoints
from bot.settings import Settings
from bot.slack.app import check_token, make_app
from bot.slack.clients import make_clients
from bot.slack.transport.wsgi import SlackRequests


def prepare() -> None:
    """See that all is there to serve with. Raises PapersError that says what is not."""
    settings = read_settings()
    _workspace(settings)
    read_catalog(settings.data_dir)
    database = open_database(settings.database)
    try:
        migrate(database)
    finally:
        database.close()  # a connection does not outlive a fork


def wsgi() -> HealthEndpoints:
    """What a process of gunicorn's serves."""
    settings = read_settings()
    token, secret = bot_token(settings), signing_secret(settings)
    workspace = _workspace(settings)
    forget_token()
    parts = make_container(settings)
    clients = make_clients(token, settings.slack_api_url)
    app = make_app(parts.listener_context(clients, workspace), secret)
    structlog.get_logger().info("ready", transport="http")
    return HealthEndpoints(parts.database, parts.lookup, now, SlackRequests(app))


@cache
def _workspace(settings: Settings) -> str:
    """The address of the token's workspace.

    The first process asks, and the others are its copies: one that dies while Slack is down can be
    replaced.
    """
    return check_token(make_clients(bot_token(settings), settings.slack_api_url).repeatable)
