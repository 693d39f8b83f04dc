"""Endpoints for monitoring: /healthz, /readyz and /metrics answer the truth, and in time."""

import contextlib
import datetime as dt
import http.client
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer
from werkzeug.test import Client

from bot.app.clock import utc_now
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.db.engine import Database, open_database
from bot.demo.standin import free_port
from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.base import FetchedBatch
from bot.discovery.store import PaperStore
from bot.errors import PapersError
from bot.lookup.service import REFRESH_SECONDS, LookupService
from bot.ops.health import DEADLINE, HealthEndpoints, health_server
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.review.model import Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack.blocks.cards import APPROVE
from tests.conftest import DATA
from tests.slack.fake import ALICE, FakeSlack
from tests.slack.workspace_bot import Clock, WorkspaceBot, populate

SIX_MINUTES = dt.timedelta(minutes=6)
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def endpoints(database: Database, deadline: float = DEADLINE) -> HealthEndpoints:
    lookup = LookupService(DATA, shipped_names(), time.monotonic)
    return HealthEndpoints(database, lookup, utc_now, deadline=deadline)


def queue_message(database: Database, at: dt.datetime, key: str = "a") -> None:
    with database.write() as connection:
        enqueue(connection, Message(key=key, channel="C1", kind="feeds", content={}), at)


def reasons(client: Client) -> list[str]:
    """Why /readyz says that the process is not ready."""
    response = client.get("/readyz")
    answer = response.get_json()
    assert response.status_code == (503 if answer["reasons"] else 200)
    assert answer["ready"] is (not answer["reasons"])
    return list(answer["reasons"])


def samples(client: Client) -> dict[tuple[str, ...], float]:
    """The samples of /metrics by name and label values."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_in_order_is_alive_and_ready(database: Database) -> None:
    client = Client(endpoints(database))
    assert client.get("/healthz").get_json() == {"status": "alive"}
    queue_message(database, utc_now())
    assert reasons(client) == []
    assert client.get("/").status_code == 404
    assert client.post("/readyz").status_code == 405


@on_sqlite
def test_a_stuck_message_makes_the_process_not_ready(database: Database) -> None:
    queue_message(database, utc_now() - SIX_MINUTES)
    (reason,) = reasons(Client(endpoints(database)))
    assert "1 message to send, the oldest for 6 min" in reason


@on_sqlite
def test_a_refused_token_makes_the_process_not_ready_until_a_message_is_sent(
    database: Database,
) -> None:
    queue_message(database, utc_now())
    outbox, client = Outbox(database), Client(endpoints(database))
    (row,) = outbox.pending_rows()
    outbox.postpone(row, utc_now(), "Slack answered token_revoked", counts=False)
    (reason,) = reasons(client)
    assert "the token has been revoked" in reason
    outbox.mark_posted(row, 1, "C1", "1.2", utc_now())
    assert reasons(client) == []


def test_a_broken_list_makes_the_process_not_ready_and_the_last_good_one_is_served(
    sqlite: Database, catalog_copy: Callable[[Path], Path], tmp_path: Path
) -> None:
    folder, clock = catalog_copy(tmp_path), Clock()
    lookup = LookupService(folder, shipped_names(), lambda: clock.seconds)
    client = Client(HealthEndpoints(sqlite, lookup, utc_now))
    good = (folder / "list.yaml").read_text()
    (folder / "list.yaml").write_text("title: [")
    clock.tick(REFRESH_SECONDS)
    (reason,) = reasons(client)
    assert "list.yaml" in reason
    assert str(tmp_path) not in reason
    assert lookup.current().answer("serving").results
    (folder / "list.yaml").write_text(good)
    clock.tick(REFRESH_SECONDS)
    assert reasons(client) == []


def test_an_unreachable_database_makes_the_process_not_ready_but_alive() -> None:
    client = Client(endpoints(open_database("postgresql://u:distinctive@127.0.0.1:9/x")))
    (reason,) = reasons(client)
    assert reason == "The database cannot be used: the connection is refused."
    assert client.get("/healthz").status_code == 200
    assert samples(client)["papers_database_up",] == 0


@on_sqlite
def test_a_database_that_keeps_nothing_makes_the_process_not_ready(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk; found out by writing, at most every few seconds."""
    full = False
    written: list[str] = []

    def execute(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(("UPDATE", "INSERT")):
            written.append(statement)
            if full:
                raise sqlite3.OperationalError("/srv/x/papers.db: database or disk is full")

    monkeypatch.setattr("bot.ops.health._PROBE_SECONDS", 0.0)
    sa.event.listen(database.engine, "before_cursor_execute", execute)
    client = Client(endpoints(database))
    assert reasons(client) == []
    full = True
    (reason,) = reasons(client)
    assert reason == "The database cannot keep a decision: its disk is full."
    full = False
    assert reasons(client) == []
    monkeypatch.setattr("bot.ops.health._PROBE_SECONDS", 60.0)
    count = len(written)
    assert reasons(client) == reasons(client) == []
    assert len(written) == count


def test_a_database_that_hangs_delays_no_answer(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    monkeypatch.setattr(Outbox, "depth", lambda _: over.wait(30))
    began = time.monotonic()
    (reason,) = reasons(Client(endpoints(sqlite, deadline=0.5)))
    over.set()
    assert "did not answer within" in reason
    assert time.monotonic() - began < 10


@pytest.fixture
def bot(
    slack_server: HTTPServer,
    database: Database,
    catalog_copy: Callable[[Path], Path],
    tmp_path: Path,
) -> WorkspaceBot:
    """A bot whose clock starts at the present, as metrics do."""
    slack_server.clear()
    clock = Clock(now=utc_now())
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)
    return WorkspaceBot(slack, database, catalog_copy(tmp_path), clock)


@on_sqlite
def test_metrics_show_commands_the_outbox_and_feeds(bot: WorkspaceBot) -> None:
    client = Client(endpoints(bot.database))
    before = samples(client)
    bot.command("kv cache", ALICE)
    queue_message(bot.database, utc_now() - SIX_MINUTES, "old")
    queue_message(bot.database, utc_now(), "dead")
    outbox = Outbox(bot.database)
    outbox.mark_dead(outbox.pending_rows()[-1], "no use")
    checks = (FeedCheck("arXiv", "cs.DC", "stalled", "No new paper.", 0, utc_now().date()),)
    PaperStore(bot.database).take("arXiv", FetchedBatch(checks=checks), utc_now())
    after = samples(client)
    searched = ("papers_commands_total", "search")
    timed = ("papers_command_seconds_count", "search")
    assert after[searched] == before.get(searched, 0) + 1
    assert after[timed] == before.get(timed, 0) + 1
    assert after["papers_outbox_due",] == 1
    assert 360 <= after["papers_outbox_oldest_seconds",] < 460
    assert after["papers_outbox_dead",] == 1
    assert after["papers_publishing_due",] == 0
    assert after["papers_feed_verdict", "cs.DC", "stalled"] == 1
    assert after["papers_proposals_total",] == 0
    assert after["papers_database_up",] == 1


def test_metrics_count_clicks_decisions_and_refusals_of_slack(bot: WorkspaceBot) -> None:
    client = Client(endpoints(bot.database))
    before = samples(client)
    entry = Entry(title="Made Up", sections=("llm-systems/serving",))
    proposal = Proposal(identity="title:x", subject=Subject(after=entry), source=None)
    made = bot.review.suggest(proposal, bot.clock.now)
    assert isinstance(made, SuggestionMade)
    bot.settle(3)
    bot.click(bot.card(made.suggestion.id), APPROVE, ALICE)
    content = {"since": utc_now().isoformat(), "lines": ["x"], "over": None}
    lost = Message(key="x", channel="C0GONE", kind="feeds", content=content)
    with bot.database.write() as connection:
        enqueue(connection, lost, bot.clock.now)
    bot.settle(3)
    after = samples(client)
    for counted in (
        ("papers_clicks_total", APPROVE),
        ("papers_slack_errors_total", "channel_not_found"),
    ):
        assert after[counted] == before.get(counted, 0) + 1
    assert after["papers_decisions_total", "accepted"] == 1
    assert after["papers_outbox_dead",] == 1


def test_slow_clients_of_the_health_port_delay_no_answer(sqlite: Database) -> None:
    port = free_port(0)
    with health_server("127.0.0.1", port, endpoints(sqlite)), contextlib.ExitStack() as stack:
        for _ in range(100):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(b"G")
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        connection.close()
        assert time.monotonic() - began < 3
        assert sum("process_request_thread" in each.name for each in threading.enumerate()) <= 40


def test_a_taken_port_is_a_sentence_and_port_0_serves_nothing(sqlite: Database) -> None:
    application = endpoints(sqlite)
    port = free_port(0)
    with health_server("127.0.0.1", port, application):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ready": true, "reasons": []}')
        connection.close()
        with (
            pytest.raises(PapersError, match=f"Port {port}.*PORT"),
            health_server("127.0.0.1", port, application),
        ):
            pass
    with health_server("127.0.0.1", 0, application) as served:
        assert served == 0


@on_sqlite
def test_a_schema_of_another_version_is_named(database: Database) -> None:
    """An old `papers web` beside a newer process, which has migrated."""
    client = Client(endpoints(database))
    assert reasons(client) == []
    with database.write() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    assert reasons(client) == [
        "The database has the schema of another version: restart this process."
    ]


@on_sqlite
def test_the_problem_with_slack_comes_first_and_does_not_touch_health(database: Database) -> None:
    lookup = LookupService(DATA, shipped_names(), time.monotonic)
    client = Client(
        HealthEndpoints(database, lookup, utc_now, slack_problem=lambda: "Slack is away.")
    )
    assert reasons(client) == ["Slack is away."]
    assert client.get("/healthz").status_code == 200
