"""Everything around the bot fails for a while: nothing is lost, nothing is said or done twice.

Real processes over a strict Slack, a git repository and a database: PostgreSQL is restarted, Slack
answers 429, 500 or not at all, no disk takes a byte, the clock jumps, the feeds are down for days.
Meanwhile papers are suggested, and people approve them and look things up. `make proof` has more
of each than `make test`.
"""

import datetime as dt
import random
import re
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from sqlalchemy.exc import SQLAlchemyError
from werkzeug import Response

from bot.db.migrate import migrate
from bot.digest.model import EVERYTHING, Schedule, SubscriptionRequest
from bot.digest.store import DigestStore
from bot.discovery.paper import Paper
from bot.discovery.store import PaperStore
from bot.ops.jobs import runs
from bot.slack.blocks.cards import APPROVE, UNDO
from tests.conftest import DATA, opened
from tests.db.postgres import Postgres
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import Made
from tests.e2e.processes import wait_for
from tests.e2e.test_crashes import is_in_order
from tests.e2e.whole import REVIEWERS, Process, Whole, moment, offers, shown, whole
from tests.lengths import length
from tests.slack.fake import PAPERS, Fault, PostedMessage

HOUR = 3600.0


class Crowd:
    """People and polls that go on, whatever happens to the bot."""

    def __init__(self, world: Whole, web: Process, seed: int) -> None:
        self._world, self._web, self._chance = world, web, random.Random(seed)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._approved: set[int] = set()
        self.answers: list[tuple[int, str]] = []

    @contextmanager
    def busy(self) -> Iterator["Crowd"]:
        """They are at it while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(60)

    def _go_on(self) -> None:
        while not self._over.wait(self._chance.uniform(0.05, 0.4)):
            with suppress(SQLAlchemyError):  # the test's own look at a database that is away
                self._do_something()

    def _do_something(self) -> None:
        world = self._world
        if len(world.suggested) < length(4, 60) and self._chance.random() < 0.4:
            world.suggest()
        self.answers.append(world.command("alpha", self._web.port))
        waiting = [(one, world.card(one)) for one in world.suggested if one not in self._approved]
        for number, card in waiting:
            if card and offers(card, APPROVE) and self._chance.random() < 0.5:
                user = self._chance.choice(REVIEWERS)
                world.deliver(world.slack.click(card, APPROVE, user), self._web.port)
                self._approved.add(number)

    def assert_answered(self) -> None:
        """Every lookup was answered, whatever else was away."""
        assert len(self.answers) > 3
        assert all(status == 200 for status, _ in self.answers), self.answers
        assert all("Alpha: the first paper" in body for _, body in self.answers)


@contextmanager
def at_work(url: str, folder: Path, seed: int) -> Iterator[tuple[Whole, Crowd, list[Process]]]:
    """A bot with two workers and a web server, and a crowd for it."""
    with whole(url, folder) as world:
        web = world.web()
        processes = [world.start("worker"), world.start("worker"), web]
        world.wait_until_up(*processes)
        yield world, Crowd(world, web, seed), processes


def assert_done(world: Whole, crowd: Crowd) -> None:
    """All is done that was asked for, once; people had their answers."""
    world.slack.heal()
    world.wait_for_calm(180)
    print(is_in_order(world))  # noqa: T201  # the figures of the proof
    crowd.assert_answered()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "papers.db")
    return f"sqlite:///{tmp_path}/papers.db"


def test_postgresql_is_restarted_under_load(tmp_path: Path) -> None:
    """In order and abruptly; lookups are answered all the while."""
    with Postgres.running(durable=True) as server:
        url = server.create("faults")
        with opened(url) as database:
            migrate(database)
        with at_work(url, tmp_path / "world", 1) as (world, crowd, _):
            with crowd.busy():
                for number in range(length(2, 30)):
                    time.sleep(2)
                    server.stop(abruptly=bool(number % 2))
                    time.sleep(1.5)
                    server.start()
                time.sleep(2)
            assert_done(world, crowd)


AWAY = [
    Fault.ratelimited(2), Fault.drop_after, Fault.http_500, Fault.http_500_after, Fault.drop_before
]  # fmt: skip


@pytest.mark.parametrize("fault", AWAY[: length(2, 5)], ids=lambda fault: fault.name)
def test_slack_is_away_for_a_while(sqlite_url: str, tmp_path: Path, fault: Fault) -> None:
    """For every method; both workers are killed while messages are on their way."""
    with at_work(sqlite_url, tmp_path / "world", 2) as (world, crowd, processes):
        with crowd.busy():
            time.sleep(2)
            world.slack.fail("*", fault, seconds=length(4, 60))
            time.sleep(length(2, 30))
            for one in processes[:2]:
                one.kill(children=True)
            keep_two_workers(world, length(3, 45))
            time.sleep(2)
        assert_done(world, crowd)


def keep_two_workers(world: Whole, seconds: float) -> None:
    """As a platform does: what ends is started again. In the end Slack is back and both are up."""
    workers: list[Process] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or not all('"ready"' in one.told for one in workers):
        assert time.monotonic() < end + 60, [one.told[-1000:] for one in workers]
        if time.monotonic() > end:
            world.slack.heal()
        workers = [one for one in workers if one.is_alive]
        workers += [world.start("worker") for _ in range(2 - len(workers))]
        time.sleep(1)


def no_more_bytes(process: Process) -> Callable[[], None]:
    """No file takes another byte from a process and those it has started; how that ends.

    A full disk cannot be had without privileges. A limit on files fails the same calls, with
    EFBIG in the place of ENOSPC; logs and git's objects are files, too.
    """
    root = psutil.Process(process.popen.pid)
    group = [root, *root.children(recursive=True)]
    _, hard = root.rlimit(resource.RLIMIT_FSIZE)

    def limit(most: int) -> None:
        for one in group:
            with suppress(psutil.NoSuchProcess):
                one.rlimit(resource.RLIMIT_FSIZE, (most, hard))

    limit(0)
    return lambda: limit(hard)


def test_no_disk_takes_a_byte_for_a_while(sqlite_url: str, tmp_path: Path) -> None:
    """Neither the database nor data/ can be written: whoever clicks is told; later it works."""
    with at_work(sqlite_url, tmp_path / "world", 3) as (world, crowd, processes):
        with crowd.busy():
            time.sleep(3)
            for _ in range(length(1, 10)):
                ends = [no_more_bytes(one) for one in processes]
                time.sleep(4)
                assert_told(world, processes[2])
                for end in ends:
                    end()
                time.sleep(3)
        assert all(one.is_alive for one in processes), "nobody died of it"
        assert_done(world, crowd)


def assert_told(world: Whole, web: Process) -> None:
    """Whoever presses a button now gets a sentence, in private."""
    number, told = world.suggested[0], len(world.slack.ephemerals())
    card = wait_for(lambda: world.card(number), 20, "a card")
    action = APPROVE if offers(card, APPROVE) else UNDO
    world.deliver(world.slack.click(card, action, REVIEWERS[0]), web.port)
    wait_for(lambda: len(world.slack.ephemerals()) > told, 20, "a sentence")


def test_the_lists_disk_is_full_and_the_database_is_not(
    postgres: Postgres, tmp_path: Path
) -> None:
    """A decision holds; that it is not published yet is told in the card's thread, until it is."""
    with at_work(postgres.url("papers"), tmp_path / "world", 4) as (world, crowd, processes):
        number = world.suggest()
        card = world.wait_for_card(number, APPROVE)
        ends = [no_more_bytes(one) for one in processes[:2]]
        with crowd.busy():
            world.deliver(world.slack.click(card, APPROVE, REVIEWERS[0]), processes[2].port)

            def is_told() -> bool:
                return any("Not published yet" in one.text for one in world.slack.thread(card))

            wait_for(is_told, 30, "the reason")
            for end in ends:
                end()
        assert_done(world, crowd)
    postgres.empty("papers")


def test_the_clock_jumps_by_an_hour_both_ways(sqlite_url: str, tmp_path: Path) -> None:
    """What is due is said once, at the latest a minute later; no hour is waited for."""
    put = tmp_path / "shift"
    put.write_text("0")
    with whole(sqlite_url, tmp_path / "world") as world:
        world.more = {"SHIFT_FILE": str(put)}
        soon = moment() + dt.timedelta(minutes=30)
        daily = Schedule(rhythm="daily", time=soon.time().replace(microsecond=0), zone="UTC")
        order = SubscriptionRequest(
            channel=PAPERS, topic=EVERYTHING, schedule=daily, requested_by="U0001"
        )
        DigestStore(world.database).subscribe(order, moment() - dt.timedelta(days=2))
        worker = world.start("worker", module="tests.e2e.shifted")
        world.wait_until_up(worker)
        for number, hours in enumerate([1, 0, -1, 0, 1, -1] * length(1, 5)):
            put.write_text(str(hours * HOUR))
            suggested = world.suggest()
            world.wait_for_card(suggested, APPROVE, 30)
            if number == 0:
                wait_for(lambda: digests(world), 60, "the digest")
        world.wait_for_calm(60)
        assert len(digests(world)) == len(set(digests(world))) <= 2, "no edition twice"
        assert "the clock has jumped" in worker.told
        assert not world.slack.limited


def digests(world: Whole) -> list[str]:
    """The keys of the editions that were posted."""
    payloads = ((one.metadata or {}).get("event_payload", {}) for one in world.slack.posted())
    return [str(found["key"]) for found in payloads if str(found["key"]).startswith("digest")]


TUESDAY = dt.datetime(2026, 3, 3, 15, 0, tzinfo=dt.UTC)  # ten in the morning in the East


@dataclass
class Days:
    """A bot that lives day by day, with an arXiv on loopback."""

    world: Whole
    arxiv: ArXiv
    put: Path

    def prepare(self, server: HTTPServer) -> None:
        """The list of this repository, which has enough to learn from; one category to watch."""
        data = self.world.site.work / "data"
        shutil.rmtree(data)
        shutil.copytree(DATA, data)
        text = re.sub("categories: .*", "categories: [cs.DC]", (data / "list.yaml").read_text())
        (data / "list.yaml").write_text(text)
        self.world.more = {
            "SHIFT_FILE": str(self.put),
            "PAPERS_PUBLISH": "files",
            "PAPERS_RSS_URL": server.url_for("/rss"),
            "PAPERS_API_URL": server.url_for("/api/query"),
            "PAPERS_LOOKBACK_DAYS": "0",
        }

    def live(self, day: int) -> None:
        """A worker's day: it starts, polls once and is gone."""
        now = TUESDAY + dt.timedelta(days=day)
        self.put.write_text(str((now - moment()).total_seconds()))
        papers = [Made(id=f"2603.{day}{n:04}", title=f"Paper {day} {n}") for n in range(8)]
        self.arxiv.announce(now.date(), *papers)
        worker = self.world.start("worker", module="tests.e2e.shifted")
        wait_for(lambda: polled(self.world, now), 90, f"the poll of day {day}")
        self.world.wait_for_calm(60)
        worker.kill(children=True)


def test_feeds_are_down_for_some_weekdays(sqlite_url: str, tmp_path: Path) -> None:
    """One notice, edited when it is over; what was announced meanwhile is fetched from the API."""
    down = [1, 2, 3][: length(1, 3)]
    with (
        HTTPServer(host="127.0.0.1", threaded=True) as server,
        whole(sqlite_url, tmp_path / "world") as world,
    ):
        days = Days(world, ArXiv(server), tmp_path / "shift")
        days.prepare(server)
        days.live(0)
        assert not notices(world)
        days.arxiv.broken["/rss/"] = Response("<html>Sorry</html>", status=503)
        for day in down:
            days.live(day)
            assert "Something is wrong" in shown(notices(world)[0])
        days.arxiv.broken.clear()
        days.live(6)  # the Monday after
        assert "in order again" in shown(notices(world)[0])
        assert notices(world)[0].edits >= 1
        seen = {paper.arxiv for paper in seen_papers(world)}
        missed = {f"2603.{day}{n:04}" for day in (*down, 6) for n in range(8)}
        assert missed <= seen, sorted(missed - seen)


def notices(world: Whole) -> list[PostedMessage]:
    """What was said of feeds: at most one message."""
    found = [
        one
        for one in world.slack.by_metadata("key")
        if str((one.metadata or {})["event_payload"]["key"]).startswith("feeds:")
    ]
    assert len(found) <= 1
    return found


def polled(world: Whole, now: dt.datetime) -> bool:
    """Whether a poll of that day is done: its checks are kept, and candidates handed over."""
    with world.database.read() as connection:
        query = sa.select(runs.c.outcome).where(
            runs.c.name == "poll", runs.c.started_at >= now, runs.c.outcome != ""
        )
        return connection.execute(query).first() is not None


def seen_papers(world: Whole) -> list[Paper]:
    """Every paper that was seen."""
    ids = [f"arxiv:2603.{day}{n:04}" for day in range(7) for n in range(8)]
    return [dated.paper for dated in PaperStore(world.database).seen_papers(ids).values()]
