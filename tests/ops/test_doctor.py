"""Laws of `papers doctor`: what is broken is found and named, with the remedy; nothing breaks it.

Each test breaks one thing and asks what is found of it; all the rest is found in order.
"""

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.app import examining
from bot.app.container import now
from bot.app.examining import examine
from bot.app.state import WORKER
from bot.db.engine import Database
from bot.db.lock import lock_of
from bot.discovery.store import FeedCheck, FetchedBatch, PaperStore
from bot.ops.doctor.finding import Finding, worst
from bot.ops.jobs import JobJournal, JobRun
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.settings import Settings
from bot.slack.manifest import scopes
from tests.conftest import DATA
from tests.slack.fake import FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW, populate

Make = Callable[..., Settings]
SCOPES = frozenset({"chat:write"})


@pytest.fixture
def fake_slack(slack_server: HTTPServer) -> Iterator[FakeSlack]:
    """A Slack that has granted what the manifest asks for."""
    slack_server.clear()
    yield FakeSlack(slack_server, scopes=scopes())
    slack_server.clear()


@pytest.fixture
def make(fake_slack: FakeSlack, database_url: str, tmp_path: Path) -> Make:
    """Settings of a bot in order, but for what is given."""
    populate(fake_slack)
    shutil.copytree(DATA, tmp_path / "data")
    text = (tmp_path / "data" / "list.yaml").read_text()
    assert "categories:" in text

    def settings(**given: str) -> Settings:
        fine = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": "made-up-secret",
            "SLACK_API_URL": fake_slack.url,
            "DATABASE_URL": database_url,
            "PAPERS_DATA_DIR": str(tmp_path / "data"),
            "PAPERS_REVIEW_CHANNEL": REVIEW,
        }
        return Settings.model_validate({**fine, **given})

    return settings


@pytest.fixture
def at_work(database: Database) -> Iterator[None]:
    """A worker that works, and polled just now."""
    lock = lock_of(database, WORKER)
    assert lock.acquire()
    ran = JobRun(
        name="poll", started_at=now(), finished_at=now(), outcome="", is_ok=True, next_at=now()
    )
    JobJournal(database).note(ran)
    yield
    lock.release()


def found(settings: Settings, what: str) -> Finding:
    """The one finding of a kind."""
    ones = [one for one in examine(settings) if one.what == what]
    assert len(ones) == 1, (what, ones)
    return ones[0]


def polled(database: Database, at: dt.datetime, verdict: str = "fresh") -> None:
    """How the watched categories were found, once."""
    categories = (
        "cs.DC",
        "cs.LG",
        "cs.CL",
        "cs.AI",
        "cs.AR",
        "cs.OS",
        "cs.PF",
        "cs.NI",
        "cs.SE",
        "cs.DB",
        "cs.PL",
    )
    checks = tuple(
        FeedCheck(name, verdict, "7 new papers came.", 7, at.date()) for name in categories
    )
    PaperStore(database).take(FetchedBatch(checks=checks), at)


@pytest.mark.usefixtures("at_work")
def test_a_bot_in_order_is_found_so(make: Make, database: Database) -> None:
    polled(database, now())
    findings = examine(make())
    assert worst(findings) == "ok", [one for one in findings if one.state != "ok"]
    assert all(one.sentence.endswith((".", "!")) for one in findings)
    assert not any(one.remedy for one in findings)


def test_it_changes_nothing(make: Make, database: Database, fake_slack: FakeSlack) -> None:
    """Looked at every minute, it must not fill the database or the channel."""
    examine(make())
    assert not fake_slack.posted(REVIEW)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM paces").scalar() == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
class TestSlack:
    """What Slack tells, or does not."""

    def test_a_revoked_token(self, make: Make, fake_slack: FakeSlack) -> None:
        fake_slack.revoke()
        one = found(make(), "SLACK_BOT_TOKEN")
        assert one.state == "error"
        assert "does not know this token" in one.sentence
        assert "api.slack.com/apps" in one.remedy

    def test_swapped_tokens(self, make: Make) -> None:
        one = found(make(SLACK_BOT_TOKEN="xapp-made-up"), "SLACK_BOT_TOKEN")
        assert (one.state, "swapped" in one.remedy) == ("error", True)

    def test_no_way_in(self, make: Make) -> None:
        one = found(make(SLACK_SIGNING_SECRET=""), "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET")
        assert one.state == "error"

    def test_an_app_token_that_is_refused(self, make: Make) -> None:
        one = found(make(SLACK_APP_TOKEN="xapp-made-up"), "SLACK_APP_TOKEN")
        assert (one.state, "connections:write" in one.remedy) == ("error", True)

    @pytest.mark.parametrize("fault", [Fault.http_500, Fault.html, Fault.drop_before])
    def test_a_slack_out_of_order_is_a_finding(
        self, make: Make, fake_slack: FakeSlack, fault: Fault
    ) -> None:
        fake_slack.fail("*", fault, times=50)
        assert found(make(), "SLACK_BOT_TOKEN").state == "error"

    def test_the_channel(self, make: Make, fake_slack: FakeSlack) -> None:
        channel = fake_slack.conversation(REVIEW)
        channel.members.remove("U0BOT")
        assert "/invite @papers" in found(make(), "PAPERS_REVIEW_CHANNEL").remedy
        channel.is_archived = True
        assert "archived" in found(make(), "PAPERS_REVIEW_CHANNEL").sentence
        for wrong, says in (("C0NONE", "no channel"), ("#papers", "no id"), ("", "not set")):
            assert (
                says in found(make(PAPERS_REVIEW_CHANNEL=wrong), "PAPERS_REVIEW_CHANNEL").sentence
            )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_missing_scopes_are_named(make: Make, slack_server: HTTPServer) -> None:
    slack_server.clear()
    FakeSlack(slack_server, scopes=SCOPES)
    one = found(make(), "scopes")
    assert one.state == "error"
    assert "users:read" in one.sentence
    assert "chat:write" not in one.sentence
    assert "Reinstall" in one.remedy


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (-2, "warning"), (8, "error")])
def test_a_wrong_clock_is_measured_against_slacks(
    make: Make, monkeypatch: pytest.MonkeyPatch, minutes: int, state: str
) -> None:
    monkeypatch.setattr(examining, "now", lambda: now() - dt.timedelta(minutes=minutes))
    one = found(make(), "clock")
    assert one.state == state
    if minutes:
        assert ("behind" if minutes > 0 else "ahead of") in one.sentence


def test_dead_letters_are_told_with_key_channel_reason_and_command(
    make: Make, database: Database
) -> None:
    say = Message(key="suggestion:7:card", channel="C0GONE", kind="card", content={})
    with database.write() as connection:
        enqueue(connection, say, now())
    box = Outbox(database)
    (item,) = box.waiting()
    box.mark_dead(item, "is_archived: the channel is archived.")
    one = found(make(), "dead letter")
    assert one.state == "error"
    for part in ("suggestion:7:card", "C0GONE", "is archived"):
        assert part in one.sentence
    assert "papers outbox retry suggestion:7:card" in one.remedy


def test_an_outbox_that_is_stuck_is_told_and_an_edit_of_an_old_message_is_not(
    make: Make, database: Database
) -> None:
    old = now() - dt.timedelta(minutes=40)
    with database.write() as connection:
        enqueue(connection, Message(key="a", channel="C1", kind="feeds", content={"n": 1}), old)
    one = found(make(), "outbox")
    assert (one.state, "40 min" in one.sentence) == ("error", True)
    box = Outbox(database)
    (item,) = box.waiting()
    box.posted(item, 1, "C1", "1.2", old)
    with database.write() as connection:
        enqueue(connection, Message(key="a", channel="C1", kind="feeds", content={"n": 2}), now())
    assert found(make(), "outbox").state == "ok"


def test_what_waits_for_a_dead_letter_is_not_stuck_itself(database: Database) -> None:
    """Its own time begins when what it belongs to is there."""
    old = now() - dt.timedelta(hours=3)
    with database.write() as connection:
        enqueue(connection, Message(key="head", channel="C1", kind="feeds", content={}), old)
        reply = Message(key="reply", channel="C1", kind="feeds", content={}, thread_of="head")
        enqueue(connection, reply, old)
    box = Outbox(database)
    box.mark_dead(box.waiting()[0], "no use")
    assert box.depth() == type(box.depth())(due=1, oldest=None, dead=1)


def test_nobody_at_work_and_a_failed_job_are_told(make: Make, database: Database) -> None:
    JobJournal(database).note(
        JobRun(
            name="publish",
            started_at=now(),
            finished_at=now(),
            outcome="OSError: full",
            is_ok=False,
            next_at=now(),
        )
    )
    findings = {one.what: one for one in examine(make())}
    assert findings["worker"].state == "error"
    assert "papers worker" in findings["worker"].remedy
    assert "OSError: full" in findings["job publish"].sentence


@pytest.mark.parametrize(
    ("verdict", "state"),
    [("fresh", "ok"), ("quiet", "ok"), ("stalled", "warning"), ("failed", "error")],
)
def test_each_feed_is_told_with_its_verdict_and_reason(
    make: Make, database: Database, verdict: str, state: str
) -> None:
    polled(database, now() - dt.timedelta(hours=3), verdict)
    one = found(make(), "feed cs.DC")
    assert one.state == state
    assert verdict in one.sentence.lower()
    assert "3 h ago" in one.sentence
    assert "7 new papers" in one.sentence


def test_no_poll_for_over_a_day_is_told(make: Make, database: Database) -> None:
    assert found(make(), "feeds").state == "warning"
    polled(database, now() - dt.timedelta(days=3))
    assert found(make(), "feeds").state == "error"
    assert "3 days" in found(make(), "feeds").sentence


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
class TestKeeping:
    """The database, the list, the disk, the repository."""

    def test_a_server_that_is_not_there(self, make: Make) -> None:
        url = "postgresql://somebody:distinctive@127.0.0.1:9/papers"
        one = found(make(DATABASE_URL=url), "database")
        assert one.state == "error"
        assert "refused" in one.sentence
        assert "distinctive" not in str(one)

    def test_a_newer_schema(self, make: Make, database: Database) -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        assert "newer version" in found(make(), "database").sentence

    def test_a_file_that_is_no_database(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "no.db").write_text("not a database, whatever it may be called" * 100)
        one = found(make(DATABASE_URL=f"sqlite:///{tmp_path}/no.db"), "database")
        assert (one.state, "not a database" in one.sentence) == ("error", True)

    def test_a_database_that_is_not_there_yet_is_not_made(
        self, make: Make, tmp_path: Path
    ) -> None:
        one = found(make(DATABASE_URL=f"sqlite:///{tmp_path}/later.db"), "database")
        assert one.state == "warning"
        assert not (tmp_path / "later.db").exists()

    def test_mistakes_in_the_list(self, make: Make, tmp_path: Path) -> None:
        path = tmp_path / "data" / "papers" / "survey-paper.yaml"
        path.write_text(
            path.read_text() + "- title: X\n  arxiv: 2309.06180\n  sections: [survey-paper]\n"
        )
        one = found(make(), "list")
        assert (one.state, "1 mistake" in one.sentence) == ("error", True)
        (tmp_path / "data" / "list.yaml").write_text("title: [")
        assert "YAML" in found(make(), "list").sentence

    def test_publishing_that_is_half_set_up(self, make: Make) -> None:
        one = found(make(PAPERS_PUBLISH="github", PAPERS_GITHUB_REPO="a/b"), "publishing")
        assert (one.state, "PAPERS_GITHUB_TOKEN" in one.sentence) == ("error", True)
        one = found(make(PAPERS_PUBLISH="git"), "publishing")
        assert (one.state, "no git repository" in one.sentence) == ("error", True)

    def test_a_disk_that_is_nearly_full(self, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = type(shutil.disk_usage("/"))(10**12, 10**12, 20_000_000)
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        assert found(make(), "data folder").state == "error"

    def test_whatever_hangs_is_left_behind_and_the_rest_is_told(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def hang(*_: object) -> Iterator[Finding]:
            yield Finding("first", "ok", "It came before.")
            time.sleep(30)

        monkeypatch.setattr(examining, "PATIENCE", 1.0)
        monkeypatch.setattr(examining, "_disk", hang)
        began = time.monotonic()
        findings = {one.what: one for one in examine(make())}
        assert time.monotonic() - began < 5
        assert "No answer within" in findings["disk"].sentence
        assert {"first", "database", "list"} <= set(findings)
