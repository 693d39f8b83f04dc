"""200 people at once over signed HTTP, while a worker polls, learns and sends 50 digests.

    people (threads of two processes) ──► papers web (2 gunicorn processes) ──┐
    arXiv on loopback ──► papers worker ──► a strict Slack on loopback        ├── PostgreSQL
                                └── the child that learns ────────────────────┘

Everybody asks again after a second of reading. All of it shares this machine's processors. How
many commands it takes at most, `http` measures.
"""

import datetime as dt
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import islice
from multiprocessing import get_context
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
from tests.bench.http import Asked, ask_once
from tests.bench.processes import HOST, SECRET, free_port, quiet
from tests.bench.queries import make_queries
from tests.db.postgres import Postgres
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import Made
from tests.e2e.processes import ROOT, running, wait_for
from tests.slack.fake import BOT, FakeSlack
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW

PEOPLE, DIGESTS, PAPERS = 200, 50, 500
SECONDS = 60.0
DEADLINE = 3.0  # Slack's, for an acknowledgement
_ASKERS = 2  # processes
_WARM_UP = 1.0  # seconds
_READING = 1.0  # seconds between an answer and the next question
_WORDS = [
    "serving", "training", "cache", "pipeline", "tensor", "expert", "memory", "kernel", "flower"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What people saw, and what the worker has done meanwhile."""

    asked: Asked
    lasted: float
    digests: int
    polled: str
    """What the poll said of itself."""
    digests_after: float
    """Seconds from the worker's start to the last digest."""

    @property
    def most(self) -> float:
        """The longest that anybody waited."""
        return max(self.asked.seconds)


def show(console: Console, seconds: float = SECONDS) -> None:
    """Let them ask, and print the table."""
    console.print(f"{PEOPLE} people ask for {seconds:.0f} s …", style="dim")
    found = load(seconds)
    table = Table(title=f"{PEOPLE} people at once, a worker at work", title_justify="left")
    heads = ("commands", "median", "99th percentile", "most", "a second", "lost", "digests")
    for head in heads:
        table.add_column(head, justify="right")
    asked = found.asked
    table.add_row(
        f"{len(asked.seconds):,}",
        milliseconds(quantile(asked.seconds, 0.5)),
        milliseconds(quantile(asked.seconds, 0.99)),
        milliseconds(found.most),
        f"{len(asked.seconds) / found.lasted:,.0f}",
        f"{asked.errors}",
        f"{found.digests} in {found.digests_after:.0f} s",
    )
    console.print(table)
    console.print(f"the worker's poll: {found.polled}", style="dim")


def load(seconds: float) -> Outcome:
    """Start everything, let people ask for so long, and look what came of all."""
    quiet()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="papers-load-")))
        postgres = stack.enter_context(Postgres.running(durable=True))
        server = stack.enter_context(HTTPServer(host=HOST, threaded=True))
        slack = FakeSlack(server)
        world = _World(folder, postgres.create("load"), server, slack)
        world.prepare()
        stack.callback(world.database.close)
        port = stack.enter_context(world.web())
        queries = make_queries(read_catalog(ROOT / "data").catalog, 30)
        texts = [text for kind in queries.values() for text in kind]
        with ProcessPoolExecutor(_ASKERS, mp_context=get_context("spawn")) as pool:
            list(pool.map(_awake, [0.3] * _ASKERS))
            pool.submit(ask_for, port, texts, _ASKERS, _WARM_UP).result()
            stack.enter_context(world.worker())
            began = time.perf_counter()
            parts = [
                pool.submit(ask_for, port, texts, PEOPLE // _ASKERS, seconds)
                for _ in range(_ASKERS)
            ]
            answers = [part.result() for part in parts]
            lasted = time.perf_counter() - began
        wait_for(lambda: len(world.digests()) >= DIGESTS, 120, f"{DIGESTS} digests")
        polled = wait_for(world.polled, 120, "the poll")
        posted = world.digests()
        return Outcome(
            asked=_together(answers),
            lasted=lasted,
            digests=len(posted),
            polled=polled,
            digests_after=max(posted) - world.began,
        )


@dataclass
class _World:
    """One bot's list, database and workspace."""

    folder: Path
    url: str
    server: HTTPServer
    slack: FakeSlack
    began: float = 0.0

    def prepare(self) -> None:
        """The list, an arXiv with a day's papers, and 50 channels whose digest is due."""
        shutil.copytree(ROOT / "data", self.folder / "data")
        path = self.folder / "data/list.yaml"
        path.write_text(re.sub("categories: .*", "categories: [cs.DC]", path.read_text()))
        now = dt.datetime.now(dt.UTC)  # noqa: TID251  # the processes have it, too
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
        """`papers web`, ready; its port."""
        port = free_port()
        log = self.folder / "web.log"
        with running("web", settings=self._settings(port), log=log) as process:
            wait_for(lambda: _is_healthy(port) or process.poll() is not None, 60, "`papers web`")
            assert process.poll() is None, log.read_text()[-2000:]
            yield port

    @contextmanager
    def worker(self) -> Iterator[None]:
        """`papers worker`, from now on."""
        self.began = time.time()
        with running("worker", settings=self._settings(0), log=self.folder / "worker.log"):
            yield

    def digests(self) -> list[float]:
        """When each digest was posted."""
        said = self.slack.by_metadata("key")
        keys = [(str((one.metadata or {})["event_payload"]["key"]), one.ts) for one in said]
        return [float(ts) for key, ts in keys if key.startswith("digest:")]

    def polled(self) -> str:
        """What the poll said of itself, once it is over."""
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


def ask_for(port: int, texts: Sequence[str], people: int, seconds: float) -> Asked:
    """So many people, each on a connection of their own, ask again and again for so long."""
    together = threading.Barrier(people)

    def person(number: int) -> Asked:
        connection = HTTPConnection(HOST, port, timeout=30)
        together.wait()
        until, found, errors, at = time.perf_counter() + seconds, list[float](), 0, number
        while time.perf_counter() < until:
            took = ask_once(connection, texts[at % len(texts)])
            found += [took] if took is not None else []
            errors += took is None
            at += people
            time.sleep(_READING)
        connection.close()
        return Asked(found, errors)

    with ThreadPoolExecutor(people) as threads:
        return _together(list(islice(threads.map(person, range(people)), people)))


def _together(answers: Sequence[Asked]) -> Asked:
    seconds = [one for part in answers for one in part.seconds]
    return Asked(seconds, sum(part.errors for part in answers))


def _papers() -> Iterator[Made]:
    """A day's papers, whose words are those of lists like this one."""
    for number in range(PAPERS):
        words = [_WORDS[(number * 7 + step * step) % len(_WORDS)] for step in range(1, 60)]
        yield Made(
            id=f"2511.{number:05}",
            title=f"Number {number}: {' '.join(words[:6]).title()}",
            abstract=" ".join(words) + ".",
        )


def _awake(seconds: float) -> None:
    """Keep a process of the pool busy, so that all of them have started."""
    time.sleep(seconds)


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
