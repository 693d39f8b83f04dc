"""Laws of /healthz, /readyz and /metrics: whoever watches is told the truth, and in time."""

import datetime as dt
import http.client
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pytest_httpserver import HTTPServer
from werkzeug.test import Client

from bot.app.container import now
from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.db.engine import Database, open_database
from bot.demo.standin import free_port
from bot.discovery.store import FeedCheck, FetchedBatch, PaperStore
from bot.errors import PapersError
from bot.lookup.service import LookupService
from bot.ops import health as watching
from bot.ops.health import HealthEndpoints, health_server
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.review.model import Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack.blocks.cards import APPROVE
from tests.conftest import DATA
from tests.slack.fake import ALICE, FakeSlack
from tests.slack.workspace_bot import Clock, WorkspaceBot, populate

FEW_MINUTES = dt.timedelta(minutes=6)


def client(database: Database, folder: Path = DATA) -> Client:
    return Client(
        HealthEndpoints(database, LookupService(folder, shipped_names(), time.monotonic), now)
    )


def say(database: Database, at: dt.datetime, key: str = "a") -> None:
    with database.write() as connection:
        enqueue(connection, Message(key=key, channel="C1", kind="feeds", content={}), at)


def reasons(asked: Client) -> list[str]:
    answer = asked.get("/readyz")
    found = answer.get_json()
    assert answer.status_code == (503 if found["reasons"] else 200)
    assert found["ready"] is (not found["reasons"])
    return list(found["reasons"])


def samples(asked: Client) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    text = asked.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_in_order_is_alive_and_ready(database: Database) -> None:
    asked = client(database)
    assert asked.get("/healthz").get_json() == {"status": "alive"}
    say(database, now())
    assert reasons(asked) == []
    assert asked.get("/").status_code == 404
    assert asked.post("/readyz").status_code == 405


def test_a_stuck_outbox_is_no_readiness(database: Database) -> None:
    say(database, now() - FEW_MINUTES)
    (reason,) = reasons(client(database))
    assert "1 message to be said, the oldest for 6 min" in reason


def test_a_refused_token_is_no_readiness_until_something_is_sent_again(database: Database) -> None:
    say(database, now())
    box = Outbox(database)
    (item,) = box.waiting()
    box.postpone(item, now(), "Slack answered token_revoked", counts=False)
    (reason,) = reasons(client(database))
    assert "the token has been revoked" in reason
    box.posted(item, 1, "C1", "1.2", now())
    assert reasons(client(database)) == []


def test_a_list_that_cannot_be_read_is_no_readiness_and_is_served_all_the_same(
    database: Database, catalog_copy: Callable[[Path], Path], tmp_path: Path
) -> None:
    folder = catalog_copy(tmp_path)
    lookup = LookupService(folder, shipped_names(), time.monotonic)
    asked = Client(HealthEndpoints(database, lookup, now))
    good = (folder / "list.yaml").read_text()
    (folder / "list.yaml").write_text("title: [")
    time.sleep(0.6)
    assert "list.yaml" in reasons(asked)[0]
    assert lookup.current().answer("serving").results
    (folder / "list.yaml").write_text(good)
    time.sleep(0.6)
    assert reasons(asked) == []


def test_a_database_that_is_away_is_told_and_the_process_is_alive() -> None:
    away = open_database("postgresql://u:distinctive@127.0.0.1:9/x")
    asked = client(away)
    (reason,) = reasons(asked)
    assert "refused" in reason
    assert "distinctive" not in reason
    assert asked.get("/healthz").status_code == 200
    assert samples(asked)["papers_database_up",] == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_hangs_keeps_nobody_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PATIENCE", 0.5)
    monkeypatch.setattr(Outbox, "depth", lambda _: time.sleep(20))
    began = time.monotonic()
    (reason,) = reasons(client(database))
    assert "did not answer within" in reason
    assert time.monotonic() - began < 5


@pytest.fixture
def bot(
    slack_server: HTTPServer,
    database: Database,
    catalog_copy: Callable[[Path], Path],
    tmp_path: Path,
) -> WorkspaceBot:
    """A bot whose time is ours, so that what it did is not from another year."""
    slack_server.clear()
    clock = Clock(now=now())
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)
    return WorkspaceBot(slack, database, catalog_copy(tmp_path), clock)


def test_metrics_tell_of_commands_the_outbox_and_feeds(bot: WorkspaceBot) -> None:
    asked = client(bot.database)
    before = samples(asked)
    bot.command("kv cache", ALICE)
    say(bot.database, now() - FEW_MINUTES, "old")
    say(bot.database, now(), "dead")
    box = Outbox(bot.database)
    box.mark_dead(box.waiting()[-1], "no use")
    checks = (FeedCheck("cs.DC", "stalled", "No new paper.", 0, now().date()),)
    PaperStore(bot.database).take(FetchedBatch(checks=checks), now())
    after = samples(asked)
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


def test_metrics_count_clicks_decisions_and_what_slack_refuses(bot: WorkspaceBot) -> None:
    asked = client(bot.database)
    before = samples(asked)
    entry = Entry(title="Made Up", sections=("llm-systems/serving",))
    proposal = Proposal(identity="title:x", subject=Subject(after=entry), source=None)
    made = bot.review.suggest(proposal, bot.clock.now)
    assert isinstance(made, SuggestionMade)
    bot.settle(3)
    bot.click(bot.card(made.suggestion.id), APPROVE, ALICE)
    content = {"since": now().isoformat(), "lines": ["x"], "over": None}
    lost = Message(key="x", channel="C0GONE", kind="feeds", content=content)
    with bot.database.write() as connection:
        enqueue(connection, lost, bot.clock.now)
    bot.settle(3)
    after = samples(asked)
    for counted in (
        ("papers_clicks_total", APPROVE),
        ("papers_slack_errors_total", "channel_not_found"),
    ):
        assert after[counted] == before.get(counted, 0) + 1
    assert after["papers_decisions_total", "accepted"] == 1
    assert after["papers_outbox_dead",] == 1


def test_a_taken_port_is_a_sentence_and_port_0_is_none(database: Database) -> None:
    watch = HealthEndpoints(database, LookupService(DATA, shipped_names(), time.monotonic), now)
    port = free_port(0)
    with health_server("127.0.0.1", port, watch):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ready": true, "reasons": []}')
        connection.close()
        with (
            pytest.raises(PapersError, match=f"Port {port}.*PORT"),
            health_server("127.0.0.1", port, watch),
        ):
            pass
    with health_server("127.0.0.1", 0, watch) as none:
        assert none == 0
