"""Laws of the operator's commands, as real processes: sentences for people, JSON for programs."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.app.container import now
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.db.lock import lock_of
from bot.ops.jobs import JobJournal, JobRun
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.review.decision import Approve, DecisionRules
from bot.review.model import Person, Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade
from tests.conftest import DATA, opened
from tests.e2e.processes import papers
from tests.slack.fake import FakeSlack
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW, populate

ENTRY = Entry(title="Made Up", sections=("llm-systems/serving",))


@pytest.fixture
def settings(
    database_url: str, catalog_copy: Callable[[Path], Path], tmp_path: Path
) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "PAPERS_DATA_DIR": str(catalog_copy(tmp_path))}


def bury(database: Database, *keys: str) -> None:
    """Dead letters."""
    with database.write() as connection:
        for key in keys:
            say = Message(key=key, channel="C0GONE", kind="feeds", content={})
            enqueue(connection, say, now())
    box = Outbox(database)
    for item in box.waiting():
        box.mark_dead(item, "is_archived: the channel is archived.")


def test_dead_letters_are_listed_and_tried_again_one_or_all(
    settings: dict[str, str], database: Database
) -> None:
    bury(database, "a", "b", "c")
    listed = json.loads(papers("outbox", "--json", **settings).stdout)
    assert [(row["key"], row["state"]) for row in listed] == [
        ("a", "dead"),
        ("b", "dead"),
        ("c", "dead"),
    ]
    shown = papers("outbox", **settings).stdout
    assert "C0GONE" in shown
    assert "is_archived" in shown
    assert "1 to be tried again" in papers("outbox", "retry", "b", **settings).stdout
    assert [item.key for item in Outbox(database).waiting()] == ["b"]
    wrong = papers("outbox", "retry", "b", **settings)
    assert (wrong.returncode, "no dead letter b" in wrong.stderr) == (1, True)
    assert json.loads(papers("outbox", "retry", "--json", **settings).stdout) == {"retried": 2}
    assert not Outbox(database).dead()


def test_jobs_are_told_with_their_last_and_next_run(
    settings: dict[str, str], database: Database
) -> None:
    for name in ("poll", "publish"):
        JobJournal(database).note(
            JobRun(
                name=name,
                started_at=now(),
                finished_at=now(),
                outcome="OSError: full",
                is_ok=False,
                next_at=now(),
            )
        )
    rows = {row["name"]: row for row in json.loads(papers("jobs", "--json", **settings).stdout)}
    assert set(rows) == {"poll", "publish"}
    assert set(rows["publish"]) == {"name", "last", "is_ok", "outcome", "next"}
    assert rows["publish"]["is_ok"] is False
    assert "OSError: full" in papers("jobs", **settings).stdout


def test_the_history_of_a_suggestion_is_told(settings: dict[str, str], database: Database) -> None:
    review = ReviewService(database, None)
    proposal = Proposal(identity="title:made-up", subject=Subject(after=ENTRY), source="U1")
    made = review.suggest(proposal, now())
    assert isinstance(made, SuggestionMade)
    rules = DecisionRules(is_reviewer=True)
    review.act(made.suggestion.id, Approve(), Person("U2", "bob"), now(), rules)
    number = str(made.suggestion.id)
    told = json.loads(papers("history", number, "--json", **settings).stdout)
    assert told["state"] == "approved"
    assert [(one["what"], one["actor"]) for one in told["events"]] == [
        ("suggested", "U1"),
        ("accepted", "U2"),
    ]
    shown = papers("history", number, **settings).stdout
    assert "Made Up: approved" in shown
    assert "accepted by U2" in shown
    assert "There is no suggestion 99" in papers("history", "99", **settings).stderr


def test_a_backup_is_made_and_restored_but_not_under_a_running_bot(
    settings: dict[str, str], database: Database, tmp_path: Path
) -> None:
    bury(database, "a")
    file = str(tmp_path / "state.backup")
    assert "bytes" in papers("backup", file, **settings).stdout
    assert papers("outbox", "retry", **settings).returncode == 0
    lock = lock_of(database, "worker")
    assert lock.acquire()
    refused = papers("restore", file, "--replace", **settings)
    assert (refused.returncode, "at work" in refused.stderr) == (1, True)
    lock.release()
    assert "--replace" in papers("restore", file, **settings).stderr
    done = papers("restore", file, "--replace", **settings)
    assert done.returncode == 0, done.stderr
    assert [item.key for item in Outbox(database).dead()] == ["a"]
    elsewhere = settings | {"DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    assert papers("restore", file, **elsewhere).returncode == 0
    with opened(elsewhere["DATABASE_URL"]) as other:
        assert [item.key for item in Outbox(other).dead()] == ["a"]


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
def test_a_database_that_cannot_be_asked_is_a_sentence(
    words: tuple[str, ...], url: str, says: str, tmp_path: Path
) -> None:
    done = papers(*words, DATABASE_URL=url.format(folder=tmp_path))
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert "distinctive" not in done.stderr
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_doctor_speaks_json_and_its_exit_code_says_whether_something_is_wrong(
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
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"]) == (1, "error"), "no worker is at work"
    findings = {one["what"]: one for one in told["findings"]}
    assert set(findings["worker"]) == {"what", "state", "sentence", "remedy"}
    assert findings["SLACK_BOT_TOKEN"]["state"] == "ok"
    shown = papers("doctor", **settings).stdout
    assert all(one["sentence"] in shown and one["remedy"] in shown for one in told["findings"][:6])


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        kept, stop = list[socket.socket](), threading.Event()

        def take() -> None:
            while not stop.is_set():
                try:
                    kept.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join()
        for one in kept:
            one.close()


def test_the_doctor_ends_in_time_though_everything_hangs(silence: str, tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "data")
    began = time.monotonic()
    done = papers(
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
