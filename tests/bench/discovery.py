"""Time and memory to read a feed and to store the papers of a long catch-up.

The papers are generated, and no request leaves the machine.
"""

import datetime as dt
import tempfile
import time
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.discovery.paper import Paper
from bot.discovery.sources.arxiv.rss import parse_feed
from bot.discovery.sources.base import Arrival, FetchedBatch
from bot.discovery.store import PaperStore
from tests.discovery.corpus import FeedPaper, rss

_ITEMS = 2_000
_YEAR = 200_000
_PAGE = 500
_ABSTRACT = " ".join(f"word{n % 83} of the abstract number {n}" for n in range(40))


def show(console: Console, most: int) -> None:
    """Print the figures; the catch-up has a year's papers, but not more than `most`."""
    table = Table("task", "figure", title="Finding papers")
    body = _feed()
    began = time.perf_counter()
    parse_feed(body)
    seconds = time.perf_counter() - began
    table.add_row("reading a feed of 2,000 items", f"{_ITEMS / seconds:,.0f} items a second")
    papers = min(_YEAR, most)
    seconds, megabytes, on_disk = _catch_up(papers)
    table.add_row(
        f"storing {papers:,} papers of a catch-up",
        f"{seconds:.0f} s, {papers / seconds:,.0f} a second, {megabytes:.0f} MB more memory, "
        f"{on_disk:.0f} MB on disk",
    )
    console.print(table)


def _feed() -> bytes:
    return rss(
        *(
            FeedPaper(
                id=f"2509.{number:05}", title=f"Garden {number}: A Study", abstract=_ABSTRACT
            )
            for number in range(_ITEMS)
        )
    )


def _catch_up(papers: int) -> tuple[float, float, float]:
    """Seconds, megabytes of memory and megabytes of database to store papers page by page."""
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "papers.db"
        database = open_database(f"sqlite:///{path}")
        migrate(database)
        store = PaperStore(database)
        before = peak = process.memory_info().rss
        began = time.perf_counter()
        for first in range(0, papers, _PAGE):
            last = min(first + _PAGE, papers)
            arrivals = tuple(_arrival(number) for number in range(first, last))
            store.take("arXiv", FetchedBatch(arrivals), dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
            peak = max(peak, process.memory_info().rss)
        lasted = time.perf_counter() - began
        database.close()  # SQLite moves its write-ahead log into the file
        return lasted, (peak - before) / 1e6, path.stat().st_size / 1e6


def _arrival(number: int) -> Arrival:
    day = dt.date(2025, 1, 6) + dt.timedelta(days=number // 550)
    paper = Paper(
        arxiv=f"25{number // 90_000 + 1:02}.{number % 90_000:05}",
        title=f"Garden {number}: A Study of Rain",
        abstract=_ABSTRACT,
        authors=("Ada Gärtner", "Bo Rain"),
        categories=("cs.DC", "cs.LG"),
    )
    return Arrival(paper, 1, day, is_new=True)
