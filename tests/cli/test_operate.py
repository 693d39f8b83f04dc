"""Operators' commands: tables and sentences for people, JSON for programs."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app.clock import utc_now
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.db.lock import open_lock
from bot.db.migrate import schema_version, upgrade
from bot.ops.jobs import JobJournal, JobRun
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.review.actions import Approve, DecisionRules
from bot.review.model import Person, Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade
from tests.cli.runner import papers
from tests.conftest import DATA, opened
from tests.e2e import processes
from tests.slack.fake import FakeSlack
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW, populate

ENTRY = Entry(title="Made Up", sections=("llm-systems/serving",))
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def settings(
    database_url: str, catalog_copy: Callable[[Path], Path], tmp_path: Path
) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "PAPERS_DATA_DIR": str(catalog_copy(tmp_path))}


def add_dead_letters(database: Database, *keys: str) -> None:
    with database.write() as connection:
        for key in keys:
            message = Message(key=key, channel="C0GONE", kind="feeds", content={})
            enqueue(connection, message, utc_now())
    outbox = Outbox(database)
    for row in outbox.pending_rows():
        outbox.mark_dead(row, "is_archived: the channel is archived.")


@on_sqlite
def test_dead_letters_are_listed_and_sent_again_one_or_all(
    settings: dict[str, str], database: Database
) -> None:
    add_dead_letters(database, "a", "b", "c")
    listed = json.loads(papers("outbox", "--json", **settings).stdout)
    assert [(row["key"], row["state"]) for row in listed] == [
        ("a", "dead"),
        ("b", "dead"),
        ("c", "dead"),
    ]
    shown = papers("outbox", **settings).stdout
    assert "C0GONE" in shown
    assert "is_archived" in shown
    assert "send 1 message again" in papers("outbox", "retry", "b", **settings).stdout
    assert [row.key for row in Outbox(database).pending_rows()] == ["b"]
    wrong = papers("outbox", "retry", "b", **settings)
    assert (wrong.returncode, "no dead letter b" in wrong.stderr) == (1, True)
    assert json.loads(papers("outbox", "retry", "--json", **settings).stdout) == {"retried": 2}
    assert not Outbox(database).dead_rows()


@on_sqlite
def test_jobs_are_listed_with_their_last_and_next_run(
    settings: dict[str, str], database: Database
) -> None:
    for name in ("poll", "publish"):
        JobJournal(database).record(
            JobRun(
                name=name,
                started_at=utc_now(),
                finished_at=utc_now(),
                outcome="OSError: full",
                is_ok=False,
                next_at=utc_now(),
            )
        )
    rows = {row["name"]: row for row in json.loads(papers("jobs", "--json", **settings).stdout)}
    assert set(rows) == {"poll", "publish"}
    assert set(rows["publish"]) == {"name", "last", "is_ok", "outcome", "next"}
    assert rows["publish"]["is_ok"] is False
    assert "OSError: full" in papers("jobs", **settings).stdout


@on_sqlite
def test_the_history_of_a_suggestion_lists_its_events(
    settings: dict[str, str], database: Database
) -> None:
    review = ReviewService(database, None)
    proposal = Proposal(identity="title:made-up", subject=Subject(after=ENTRY), source="U1")
    made = review.suggest(proposal, utc_now())
    assert isinstance(made, SuggestionMade)
    rules = DecisionRules(is_reviewer=True)
    review.act(made.suggestion.id, Approve(), Person("U2", "bob"), utc_now(), rules)
    number = str(made.suggestion.id)
    history = json.loads(papers("history", number, "--json", **settings).stdout)
    assert history["state"] == "approved"
    assert [(event["what"], event["actor"]) for event in history["events"]] == [
        ("suggested", "U1"),
        ("accepted", "U2"),
    ]
    shown = papers("history", number, **settings).stdout
    assert "Made Up: approved" in shown
    assert "accepted by U2" in shown
    assert "There is no suggestion 99" in papers("history", "99", **settings).stderr


def test_a_backup_is_restored_but_not_under_a_running_bot(
    settings: dict[str, str], database: Database, tmp_path: Path
) -> None:
    add_dead_letters(database, "a")
    file = str(tmp_path / "state.backup")
    assert "bytes" in papers("backup", file, **settings).stdout
    assert papers("outbox", "retry", **settings).returncode == 0
    lock = open_lock(database, "worker")
    assert lock.acquire()
    refused = papers("restore", file, "--replace", **settings)
    assert (refused.returncode, "at work" in refused.stderr) == (1, True)
    lock.release()
    assert "--replace" in papers("restore", file, **settings).stderr
    done = papers("restore", file, "--replace", **settings)
    assert done.returncode == 0, done.stderr
    assert [row.key for row in Outbox(database).dead_rows()] == ["a"]
    elsewhere = settings | {"DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    assert papers("restore", file, **elsewhere).returncode == 0
    with opened(elsewhere["DATABASE_URL"]) as other:
        assert [row.key for row in Outbox(other).dead_rows()] == ["a"]


def test_migrate_and_every_start_say_which_processes_to_end_first(
    settings: dict[str, str], empty_database_url: str, fake_slack: FakeSlack
) -> None:
    settings |= {
        "DATABASE_URL": empty_database_url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": "xapp-made-up",
        "SLACK_API_URL": fake_slack.url,
    }
    with opened(empty_database_url) as database:
        with database.write() as connection:
            upgrade(connection, "0004")
        lock = open_lock(database, "worker")
        assert lock.acquire()
        for command in ("migrate", "run", "worker"):
            done = papers(command, **settings)
            assert done.returncode == 1
            assert "End `papers run`, `web` and `worker` first" in done.stderr
        assert schema_version(database) == "0004"
        lock.release()


@pytest.mark.parametrize(
    ("words", "url", "says"),
    [
        (("outbox",), "sqlite:///{folder}/none.db", "is not there yet"),
        (("backup", "x"), "sqlite:///{folder}/none.db", "is not there yet"),
        (("jobs",), "postgresql://u:distinctive@127.0.0.1:9/x", "cannot be used"),
        (("migrate",), "postgresql://u:distinctive@127.0.0.1:9/x", "cannot be used"),
        (("history", "1"), "mysql://u:distinctive@x/y", "DATABASE_URL"),
    ],
)
def test_an_unusable_database_is_a_sentence(
    words: tuple[str, ...], url: str, says: str, tmp_path: Path
) -> None:
    done = papers(*words, DATABASE_URL=url.format(folder=tmp_path))
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "distinctive" not in done.stderr
    assert not (tmp_path / "none.db").exists()


@on_sqlite
def test_the_doctor_prints_json_and_exits_with_one_if_there_are_errors(
    settings: dict[str, str], fake_slack: FakeSlack
) -> None:
    populate(fake_slack)
    settings |= {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": "made-up",
        "SLACK_API_URL": fake_slack.url,
        "PAPERS_REVIEW_CHANNEL": REVIEW,
    }
    done = papers("doctor", "--json", **settings)
    report = json.loads(done.stdout)
    assert (done.returncode, report["state"]) == (1, "error"), "no worker is running"
    findings = {finding["what"]: finding for finding in report["findings"]}
    assert set(findings["worker"]) == {"what", "state", "sentence", "remedy"}
    assert findings["SLACK_BOT_TOKEN"]["state"] == "ok"
    shown = papers("doctor", **settings).stdout
    for finding in report["findings"][:6]:
        assert finding["sentence"] in shown
        assert finding["remedy"] in shown


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        connections, stop = list[socket.socket](), threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    connections.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join()
        for connection in connections:
            connection.close()


def test_the_doctor_ends_in_time_although_everything_hangs(silence: str, tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    began = time.monotonic()
    done = processes.papers(
        "doctor",
        SLACK_BOT_TOKEN="xoxb-made-up",
        SLACK_APP_TOKEN="xapp-made-up",
        SLACK_API_URL=f"http://{silence}/api/",
        DATABASE_URL=f"postgresql://u:p@{silence}/x",
        PAPERS_DATA_DIR=str(tmp_path / "data"),
    )
    assert time.monotonic() - began < 18, "15 s, and what this machine needs to start Python"
    assert done.returncode == 1
    assert "SLACK_BOT_TOKEN: Slack cannot be reached: timed out" in done.stdout
    assert "database" in done.stdout
    assert "Traceback" not in done.stderr
