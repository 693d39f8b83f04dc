"""200 concurrent people over signed HTTP, while a worker polls, fits and sends 50 digests.

    people (threads of two processes) ──► papers web (2 gunicorn processes) ──┐
    arXiv on loopback ──► papers worker ──► the fake Slack on loopback        ├── PostgreSQL
                                └── the process that fits the model ──────────┘

Each person asks again after one second of reading. All processes share this machine's cores. The
highest possible rate of commands is measured by `http`.
"""

import datetime as dt
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from rich.console import Console
from rich.table import Table

from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.digest.model import EVERYTHING, Schedule, SubscriptionRequest
from bot.digest.store import DigestStore
from bot.discovery.sources.arxiv.calendar import last_announcement
from bot.ops.jobs import runs
from tests.bench.figures import milliseconds, quantile
from tests.bench.http import PROCESSES, CommandTimes, client_processes, run_clients, send
from tests.bench.processes import (
    HOST,
    SECRET,
    free_port,
    proportional_memory,
    quiet,
    wait_until_healthy,
)
from tests.bench.queries import make_queries
from tests.db.postgres import Postgres
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import FeedPaper
from tests.e2e.processes import ROOT, running, wait_for
from tests.slack.fake import BOT, FakeSlack
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW

PEOPLE, DIGESTS, PAPERS = 200, 50, 500
SECONDS = 60.0
DEADLINE = 3.0  # Slack's, for an acknowledgement
_WARM_UP = 1.0  # seconds
_READING = 1.0  # seconds between an answer and the next question
_WORDS = [
    "serving", "training", "cache", "pipeline", "tensor", "expert", "memory", "kernel", "flower"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOutcome:
    """The times of people's commands, and the worker's results meanwhile."""

    commands: CommandTimes
    lasted: float
    digests: int
    poll: str
    """The recorded outcome of the poll."""
    digests_after: float
    """Seconds from the worker's start to the last digest."""
    memory: int
    """Bytes that `papers web` holds after the load; pages that its processes share count once."""


def show(console: Console, seconds: float = SECONDS) -> None:
    """Run the load, and print the table."""
    console.print(f"{PEOPLE} people ask for {seconds:.0f} s …", style="dim")
    outcome = load(seconds)
    table = Table(title=f"{PEOPLE} concurrent people beside a busy worker", title_justify="left")
    heads = (
        *("commands", "median", "99th percentile", "most", "a second", "lost", "digests"),
        "memory of web",
    )
    for head in heads:
        table.add_column(head, justify="right")
    times = outcome.commands.seconds
    table.add_row(
        f"{len(times):,}",
        milliseconds(quantile(times, 0.5)),
        milliseconds(quantile(times, 0.99)),
        milliseconds(max(times)),
        f"{len(times) / outcome.lasted:,.0f}",
        f"{outcome.commands.errors}",
        f"{outcome.digests} in {outcome.digests_after:.0f} s",
        f"{outcome.memory / 1e6:,.0f} MB",
    )
    console.print(table)
    console.print(f"the worker's poll: {outcome.poll}", style="dim")


def load(seconds: float) -> LoadOutcome:
    """Start the whole bot, let people ask for so many seconds, and gather the results."""
    quiet()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="papers-load-")))
        postgres = stack.enter_context(Postgres.running(durable=True))
        server = stack.enter_context(HTTPServer(host=HOST, threaded=True))
        slack = FakeSlack(server)
        bot = _Deployment(folder, postgres.create("load"), server, slack)
        bot.prepare()
        stack.callback(bot.database.close)
        port = stack.enter_context(bot.web())
        queries = make_queries(read_catalog(ROOT / "data").catalog, 30)
        texts = [text for kind in queries.values() for text in kind]
        with client_processes(PROCESSES) as pool:
            pool.submit(ask_for, port, texts, PROCESSES, _WARM_UP).result()
            stack.enter_context(bot.worker())
            began = time.perf_counter()
            parts = [
                pool.submit(ask_for, port, texts, PEOPLE // PROCESSES, seconds)
                for _ in range(PROCESSES)
            ]
            commands = CommandTimes.merged([part.result() for part in parts])
            lasted = time.perf_counter() - began
        memory = proportional_memory(bot.web_process)
        wait_for(lambda: len(bot.digests()) >= DIGESTS, 120, f"{DIGESTS} digests")
        poll = wait_for(bot.poll_outcome, 120, "the poll")
        posted = bot.digests()
        return LoadOutcome(
            commands=commands,
            lasted=lasted,
            digests=len(posted),
            poll=poll,
            digests_after=max(posted) - bot.began,
            memory=memory,
        )


@dataclass
class _Deployment:
    """One bot with its list, database and workspace."""

    folder: Path
    url: str
    server: HTTPServer
    slack: FakeSlack
    began: float = 0.0
    web_process: int = 0
    """The process id of gunicorn's master."""

    def prepare(self) -> None:
        """Set up the list, an arXiv with a day's papers, and 50 channels with a digest due."""
        shutil.copytree(ROOT / "data", self.folder / "data")
        path = self.folder / "data/list.yaml"
        path.write_text(re.sub("categories: .*", "categories: [cs.DC]", path.read_text()))
        now = dt.datetime.now(dt.UTC)  # noqa: TID251  # the processes use the real clock, too
        ArXiv(self.server).announce(last_announcement(now), *_papers())
        self.slack.channel(REVIEW, "papers-review", members=(BOT,))
        self.database: Database = open_database(self.url)
        migrate(self.database)
        early = (now - dt.timedelta(hours=1)).time().replace(microsecond=0)
        schedule = Schedule(rhythm="daily", time=early, zone="UTC")
        for number in range(DIGESTS):
            channel = f"C1{number:03}"
            self.slack.channel(channel)
            order = SubscriptionRequest(
                channel=channel, topic=EVERYTHING, schedule=schedule, requested_by="U0001"
            )
            DigestStore(self.database).subscribe(order, now - dt.timedelta(days=2))

    @contextmanager
    def web(self) -> Iterator[int]:
        """Run `papers web`; the port, once it is ready."""
        port = free_port()
        log = self.folder / "web.log"
        with running("web", settings=self._settings(port), log=log) as process:
            wait_until_healthy(process, port)
            self.web_process = process.pid
            yield port

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Run `papers worker`."""
        self.began = time.time()
        with running("worker", settings=self._settings(0), log=self.folder / "worker.log"):
            yield

    def digests(self) -> list[float]:
        """The timestamps of the posted digests."""
        keys = [
            (str((message.metadata or {})["event_payload"]["key"]), message.ts)
            for message in self.slack.by_metadata("key")
        ]
        return [float(ts) for key, ts in keys if key.startswith("digest:")]

    def poll_outcome(self) -> str:
        """The recorded outcome of the poll; empty while it runs."""
        with self.database.read() as connection:
            query = sa.select(runs.c.outcome).where(runs.c.name == "poll", runs.c.outcome != "")
            return connection.scalar(query) or ""

    def _settings(self, port: int) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": self.slack.url,
            "DATABASE_URL": self.url,
            "PAPERS_DATA_DIR": str(self.folder / "data"),
            "PAPERS_REVIEW_CHANNEL": REVIEW,
            "PAPERS_HOST": HOST,
            "PAPERS_RSS_URL": self.server.url_for("/rss"),
            "PAPERS_API_URL": self.server.url_for("/api/query"),
            "PAPERS_LOOKBACK_DAYS": "0",
            "PAPERS_LOG_LEVEL": "WARNING",
            "PORT": str(port),
        }


def ask_for(port: int, texts: Sequence[str], people: int, seconds: float) -> CommandTimes:
    """Let people, each on a connection of their own, ask again and again for some seconds."""

    def person(number: int, connection: HTTPConnection) -> Iterator[float | None]:
        at, until = number, time.perf_counter() + seconds
        while time.perf_counter() < until:
            yield send(connection, texts[at % len(texts)])
            at += people
            time.sleep(_READING)

    return run_clients(port, people, person)


def _papers() -> Iterator[FeedPaper]:
    """A day's papers, in the vocabulary of the list."""
    for number in range(PAPERS):
        words = [_WORDS[(number * 7 + step * step) % len(_WORDS)] for step in range(1, 60)]
        yield FeedPaper(
            id=f"2511.{number:05}",
            title=f"Number {number}: {' '.join(words[:6]).title()}",
            abstract=" ".join(words) + ".",
        )
