"""Laws of faults: while anything around the bot fails, nothing is lost and nothing done twice.

Real processes over a strict Slack, a git repository and a database: PostgreSQL is restarted, Slack
answers 429, 500 or not at all, no file can be written, the clock jumps, feeds are down for days.
Meanwhile papers are suggested, approved and looked up. `make proof` has more of each than
`make test`.
"""

import datetime as dt
import http.client
import json
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
from tests.db.distant_server import DistantServer
from tests.db.postgres import Postgres
from tests.discovery.arxiv import ArXiv
from tests.discovery.corpus import FeedPaper
from tests.e2e.installation import (
    REVIEWERS,
    Installation,
    Process,
    offers,
    running_installation,
    shown,
    utc_now,
)
from tests.e2e.processes import wait_for
from tests.e2e.test_crashes import assert_consistent
from tests.lengths import length
from tests.slack.fake import PAPERS, Fault, PostedMessage

HOUR = 3600.0


class BackgroundLoad:
    """Suggestions, approvals and lookups that continue while the bot's surroundings fail."""

    def __init__(self, installation: Installation, web: Process, seed: int) -> None:
        self._installation, self._web, self._random = installation, web, random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._act_until_stopped, daemon=True)
        self._approved: set[int] = set()
        self.answers: list[tuple[int, str]] = []

    @contextmanager
    def running(self) -> Iterator["BackgroundLoad"]:
        """Act in a thread while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            self._thread.join(60)

    def _act_until_stopped(self) -> None:
        while not self._stopped.wait(self._random.uniform(0.05, 0.4)):
            with suppress(SQLAlchemyError):  # the database that the test itself reads is down
                self._act()

    def _act(self) -> None:
        installation = self._installation
        if len(installation.suggested) < length(4, 60) and self._random.random() < 0.4:
            installation.suggest()
        self.answers.append(installation.command("alpha", self._web.port))
        undecided = [number for number in installation.suggested if number not in self._approved]
        cards = [(number, installation.card(number)) for number in undecided]
        for number, card in cards:
            if card and offers(card, APPROVE) and self._random.random() < 0.5:
                user = self._random.choice(REVIEWERS)
                installation.deliver(installation.slack.click(card, APPROVE, user), self._web.port)
                self._approved.add(number)

    def assert_answered(self) -> None:
        """Every lookup was answered."""
        assert len(self.answers) > 3
        assert all(status == 200 for status, _ in self.answers), self.answers
        assert all("Alpha: the first paper" in body for _, body in self.answers)


@contextmanager
def installation_under_load(
    url: str, folder: Path, seed: int
) -> Iterator[tuple[Installation, BackgroundLoad, list[Process]]]:
    """An installation of two workers and a web server, and a load for it."""
    with running_installation(url, folder) as installation:
        web = installation.web()
        processes = [installation.start("worker"), installation.start("worker"), web]
        installation.wait_until_up(*processes)
        yield installation, BackgroundLoad(installation, web, seed), processes


def assert_finished(installation: Installation, load: BackgroundLoad) -> None:
    """Every suggestion and decision took effect once, and every lookup was answered."""
    installation.slack.heal()
    installation.wait_until_idle(180)
    print(assert_consistent(installation))  # noqa: T201  # the figures of the proof
    load.assert_answered()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "papers.db")
    return f"sqlite:///{tmp_path}/papers.db"


def test_restarts_of_postgresql_under_load_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Orderly and abrupt restarts in turn; every lookup is answered."""
    with Postgres.running(durable=True) as server:
        url = server.create("faults")
        with opened(url) as database:
            migrate(database)
        with installation_under_load(url, tmp_path / "installation", 1) as (installation, load, _):
            with load.running():
                for number in range(length(2, 30)):
                    time.sleep(2)
                    server.stop(abruptly=bool(number % 2))
                    time.sleep(1.5)
                    server.start()
                time.sleep(2)
            assert_finished(installation, load)


def test_a_distant_postgresql_with_outages_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Each message takes 2 ms there and back, and the network breaks; lookups are answered."""
    with (
        Postgres.running(durable=True) as server,
        DistantServer.running(server.port, delay=0.001) as network,
    ):
        url = server.create("distant")
        with opened(url) as database:
            migrate(database)
        with installation_under_load(network.url(url), tmp_path / "installation", 4) as (
            installation,
            load,
            _,
        ):
            with load.running():
                for _ in range(length(1, 10)):
                    time.sleep(3)
                    with network.outage():
                        time.sleep(length(2, 10))
                time.sleep(3)
            assert_finished(installation, load)


SLACK_FAULTS = [
    Fault.ratelimited(2), Fault.drop_after, Fault.http_500, Fault.http_500_after, Fault.drop_before
]  # fmt: skip


@pytest.mark.parametrize("fault", SLACK_FAULTS[: length(2, 5)], ids=lambda fault: fault.name)
def test_an_outage_of_slack_loses_and_repeats_nothing(
    sqlite_url: str, tmp_path: Path, fault: Fault
) -> None:
    """Every method fails, and both workers are killed while messages are being sent."""
    with installation_under_load(sqlite_url, tmp_path / "installation", 2) as (
        installation,
        load,
        processes,
    ):
        with load.running():
            time.sleep(2)
            installation.slack.fail("*", fault, seconds=length(4, 60))
            time.sleep(length(2, 30))
            for worker in processes[:2]:
                worker.kill(children=True)
            keep_two_workers(installation, length(3, 45))
            time.sleep(2)
        assert_finished(installation, load)


def keep_two_workers(installation: Installation, seconds: float) -> None:
    """Restart workers that end, as a platform does; then heal Slack until both are ready."""
    workers: list[Process] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end or not all('"ready"' in worker.log_text for worker in workers):
        assert time.monotonic() < end + 60, [worker.log_text[-1000:] for worker in workers]
        if time.monotonic() > end:
            installation.slack.heal()
        workers = [worker for worker in workers if worker.is_alive]
        workers += [installation.start("worker") for _ in range(2 - len(workers))]
        time.sleep(1)


def forbid_writes(process: Process) -> Callable[[], None]:
    """Forbid a process and its descendants to write to files; return a function that lifts this.

    A full disk needs privileges. A limit on file sizes fails the same calls, with EFBIG instead
    of ENOSPC; logs and git's objects are files, too.
    """
    root = psutil.Process(process.popen.pid)
    tree = [root, *root.children(recursive=True)]
    _, hard = root.rlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        for member in tree:
            with suppress(psutil.NoSuchProcess):
                member.rlimit(resource.RLIMIT_FSIZE, (size, hard))

    limit(0)
    return lambda: limit(hard)


def test_while_no_file_can_be_written_clicks_are_answered_and_nothing_is_lost(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Neither the database nor data/ can be written: a click gets an error, later ones work."""
    with installation_under_load(sqlite_url, tmp_path / "installation", 3) as (
        installation,
        load,
        processes,
    ):
        with load.running():
            time.sleep(3)
            for _ in range(length(1, 10)):
                lifts = [forbid_writes(process) for process in processes]
                time.sleep(4)
                status, (reason,) = readiness(processes[2])
                assert status == 503
                assert "cannot keep a decision: its disk is full" in reason
                assert_click_is_answered(installation, processes[2])
                for lift in lifts:
                    lift()
                time.sleep(3)
                wait_for(lambda: readiness(processes[2]) == (200, []), 20, "readiness")
        assert all(process.is_alive for process in processes), "no process ended"
        assert_finished(installation, load)


def readiness(web: Process) -> tuple[int, list[str]]:
    """The status of `/readyz` and the reasons."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status, json.loads(response.read())["reasons"]
    finally:
        connection.close()


def assert_click_is_answered(installation: Installation, web: Process) -> None:
    """A press of a button is answered with a private message."""
    number, before = installation.suggested[0], len(installation.slack.ephemerals())
    card = wait_for(lambda: installation.card(number), 20, "a card")
    action = APPROVE if offers(card, APPROVE) else UNDO
    installation.deliver(installation.slack.click(card, action, REVIEWERS[0]), web.port)
    wait_for(lambda: len(installation.slack.ephemerals()) > before, 20, "a private message")


def test_a_decision_holds_while_only_the_lists_disk_is_full(
    postgres: Postgres, tmp_path: Path
) -> None:
    """The card's thread says that the decision is not published yet; later it is published."""
    with installation_under_load(postgres.url("papers"), tmp_path / "installation", 4) as (
        installation,
        load,
        processes,
    ):
        number = installation.suggest()
        card = installation.wait_for_card(number, APPROVE)
        lifts = [forbid_writes(worker) for worker in processes[:2]]
        with load.running():
            installation.deliver(
                installation.slack.click(card, APPROVE, REVIEWERS[0]), processes[2].port
            )

            def is_reported() -> bool:
                return any(
                    "Not published yet" in reply.text for reply in installation.slack.thread(card)
                )

            wait_for(is_reported, 30, "the reason")
            for lift in lifts:
                lift()
        assert_finished(installation, load)
    postgres.empty("papers")


def test_jumps_of_the_clock_delay_no_message_and_repeat_none(
    sqlite_url: str, tmp_path: Path
) -> None:
    """By an hour, forwards and back: a due message is sent once and within a minute."""
    shift_file = tmp_path / "shift"
    shift_file.write_text("0")
    with running_installation(sqlite_url, tmp_path / "installation") as installation:
        installation.extra_settings = {"SHIFT_FILE": str(shift_file)}
        soon = utc_now() + dt.timedelta(minutes=30)
        daily = Schedule(rhythm="daily", time=soon.time().replace(microsecond=0), zone="UTC")
        order = SubscriptionRequest(
            channel=PAPERS, topic=EVERYTHING, schedule=daily, requested_by="U0001"
        )
        DigestStore(installation.database).subscribe(order, utc_now() - dt.timedelta(days=2))
        worker = installation.start("worker", module="tests.e2e.shifted")
        installation.wait_until_up(worker)
        for number, hours in enumerate([1, 0, -1, 0, 1, -1] * length(1, 5)):
            shift_file.write_text(str(hours * HOUR))
            suggested = installation.suggest()
            installation.wait_for_card(suggested, APPROVE, 30)
            if number == 0:
                wait_for(lambda: digests(installation), 60, "the digest")
        installation.wait_until_idle(60)
        assert len(digests(installation)) == len(set(digests(installation))) <= 2, (
            "no edition twice"
        )
        assert "the clock has jumped" in worker.log_text
        assert not installation.slack.limited


def digests(installation: Installation) -> list[str]:
    """The keys of the editions that were posted."""
    payloads = (
        (message.metadata or {}).get("event_payload", {})
        for message in installation.slack.posted()
    )
    return [
        str(payload["key"]) for payload in payloads if str(payload["key"]).startswith("digest")
    ]


TUESDAY = dt.datetime(2026, 3, 3, 15, 0, tzinfo=dt.UTC)  # ten in the morning in New York


@dataclass
class DailyPolls:
    """An installation that polls once on each simulated day, with an arXiv on loopback."""

    installation: Installation
    arxiv: ArXiv
    shift_file: Path

    def prepare(self, server: HTTPServer) -> None:
        """Use this repository's list, which is large enough to fit a model, and one category."""
        data = self.installation.site.work / "data"
        shutil.rmtree(data)
        shutil.copytree(DATA, data)
        text = re.sub("categories: .*", "categories: [cs.DC]", (data / "list.yaml").read_text())
        (data / "list.yaml").write_text(text)
        self.installation.extra_settings = {
            "SHIFT_FILE": str(self.shift_file),
            "PAPERS_PUBLISH": "files",
            "PAPERS_RSS_URL": server.url_for("/rss"),
            "PAPERS_API_URL": server.url_for("/api/query"),
            "PAPERS_LOOKBACK_DAYS": "0",
        }

    def poll(self, day: int) -> None:
        """Start a worker on that day, wait for its poll and kill it."""
        now = TUESDAY + dt.timedelta(days=day)
        self.shift_file.write_text(str((now - utc_now()).total_seconds()))
        papers = [FeedPaper(id=f"2603.{day}{n:04}", title=f"Paper {day} {n}") for n in range(8)]
        self.arxiv.announce(now.date(), *papers)
        worker = self.installation.start("worker", module="tests.e2e.shifted")
        wait_for(lambda: has_polled(self.installation, now), 90, f"the poll of day {day}")
        self.installation.wait_until_idle(60)
        worker.kill(children=True)


def test_papers_announced_while_feeds_are_down_are_fetched_later(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One notice, edited when the feeds are back; the missed papers come from the API."""
    down = [1, 2, 3][: length(1, 3)]
    with (
        HTTPServer(host="127.0.0.1", threaded=True) as server,
        running_installation(sqlite_url, tmp_path / "installation") as installation,
    ):
        daily = DailyPolls(installation, ArXiv(server), tmp_path / "shift")
        daily.prepare(server)
        daily.poll(0)
        assert not notices(installation)
        daily.arxiv.broken["/rss/"] = Response("<html>Sorry</html>", status=503)
        for day in down:
            daily.poll(day)
            assert "Something is wrong" in shown(notices(installation)[0])
        daily.arxiv.broken.clear()
        daily.poll(6)  # the Monday after
        assert "in order again" in shown(notices(installation)[0])
        assert notices(installation)[0].edits >= 1
        seen = {paper.arxiv for paper in seen_papers(installation)}
        missed = {f"2603.{day}{n:04}" for day in (*down, 6) for n in range(8)}
        assert missed <= seen, sorted(missed - seen)


def notices(installation: Installation) -> list[PostedMessage]:
    """Return the notice on feeds, if there is one; there are never two."""
    messages = [
        message
        for message in installation.slack.by_metadata("key")
        if str((message.metadata or {})["event_payload"]["key"]).startswith("feeds:")
    ]
    assert len(messages) <= 1
    return messages


def has_polled(installation: Installation, now: dt.datetime) -> bool:
    """Whether a poll that started at `now` or later has ended."""
    with installation.database.read() as connection:
        query = sa.select(runs.c.outcome).where(
            runs.c.name == "poll", runs.c.started_at >= now, runs.c.outcome != ""
        )
        return connection.execute(query).first() is not None


def seen_papers(installation: Installation) -> list[Paper]:
    """Papers of the simulated days that discovery has stored."""
    ids = [f"arxiv:2603.{day}{n:04}" for day in range(7) for n in range(8)]
    return [dated.paper for dated in PaperStore(installation.database).seen_papers(ids).values()]
