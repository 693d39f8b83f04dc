"""What finds papers: settings become a database, a polite client and a poll."""

import datetime as dt
import time

from bot.catalog.files import read_catalog
from bot.catalog.model import Catalog
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.discovery.account import Account
from bot.discovery.learning import LearningError
from bot.discovery.pace import Pace
from bot.discovery.poll import Poller, Progress, Report, Sources
from bot.discovery.proposing import Candidate, Proposer
from bot.discovery.store import Store
from bot.http import HttpClient, user_agent
from bot.settings import Settings


def open_store(settings: Settings) -> Database:
    """The settings' database, its schema brought to the newest."""
    database = open_database(settings.database)
    migrate(database)
    return database


def find(settings: Settings, progress: Progress, *, dry_run: bool = False) -> Account:
    """One poll of arXiv now, and what is proposed of all that has come."""
    catalog = read_catalog(settings.data_dir).catalog
    database = open_store(settings)
    store = Store(database)
    report = poll(settings, catalog, database, progress)
    progress("Judging", 0, 1)
    candidates: tuple[Candidate, ...] = ()
    try:
        candidates = Proposer(store, catalog).propose(_now(), dry_run=dry_run)
    except LearningError as error:
        report.trouble.append(str(error))
    sections = {path: catalog.section_titles(path) for path in catalog.places}
    return Account(report, candidates, sections, dry_run)


def poll(settings: Settings, catalog: Catalog, database: Database, progress: Progress) -> Report:
    """Ask arXiv: what came, and how each category was found."""
    pace = Pace(database, _now, time.sleep)
    sources = Sources(
        settings.rss_url, settings.api_url, catalog.info.categories, settings.lookback_days
    )
    agent = user_agent(settings.contact)
    with HttpClient(agent=agent, clock=time.monotonic, now=_now, wait=pace.wait) as http:
        poller = Poller(Store(database), http, pace, sources, progress)
        report = poller.poll(_now())
        listed = (entry.arxiv for entry in catalog.entries if entry.arxiv)
        poller.describe(listed, _now(), report)
    return report


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # this is where the clock comes from
