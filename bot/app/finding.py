"""What finds papers: settings become a database, a polite client and a poll."""

import datetime as dt
import time

from bot.catalog.files import read_catalog
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.discovery.pace import Pace
from bot.discovery.poll import Poller, Progress, Report, Sources
from bot.discovery.store import Store
from bot.http import HttpClient, user_agent
from bot.settings import Settings


def open_store(settings: Settings) -> Database:
    """The settings' database, its schema brought to the newest."""
    database = open_database(settings.database)
    migrate(database)
    return database


def poll(settings: Settings, progress: Progress) -> Report:
    """One poll of arXiv now: what came, and how each category was found."""
    catalog = read_catalog(settings.data_dir).catalog
    database = open_store(settings)
    pace = Pace(database, _now, time.sleep)
    sources = Sources(
        settings.rss_url, settings.api_url, catalog.info.categories, settings.lookback_days
    )
    agent = user_agent(settings.contact)
    with HttpClient(agent=agent, clock=time.monotonic, now=_now, wait=pace.wait) as http:
        poller = Poller(Store(database), http, pace, sources, progress)
        report = poller.poll(_now())
        poller.describe((entry.arxiv for entry in catalog.entries if entry.arxiv), _now())
    return report


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # this is where the clock comes from
