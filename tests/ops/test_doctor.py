"""Checks of `papers doctor`: each fault is reported with its remedy, and stops no other check.

Each test breaks one thing in an installation that is otherwise in order.
"""

import datetime as dt
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.app.clock import utc_now
from bot.app.redaction import Redactor
from bot.catalog.model import Entry
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database
from bot.db.lock import WORKER_LOCK, open_lock
from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.base import FetchedBatch
from bot.discovery.store import PaperStore
from bot.ops.doctor.findings import Finding, worst
from bot.ops.doctor.run import Doctor
from bot.ops.jobs import JobJournal, JobRun
from bot.outbox.message import Message, QueueDepth
from bot.outbox.store import Outbox, enqueue
from bot.review.model import Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade
from bot.settings import Settings
from bot.slack.manifest import scopes
from tests.conftest import DATA
from tests.slack.fake import FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW, populate

Make = Callable[..., Settings]
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def fake_slack(slack_server: HTTPServer) -> Iterator[FakeSlack]:
    """A Slack that has granted what the manifest asks for."""
    slack_server.clear()
    yield FakeSlack(slack_server, scopes=scopes())
    slack_server.clear()


@pytest.fixture
def make(fake_slack: FakeSlack, database_url: str, tmp_path: Path) -> Make:
    """Makes settings of an installation that is in order, changed by arguments."""
    populate(fake_slack)
    fake_slack.conversation(REVIEW).is_private = True
    shutil.copytree(DATA, tmp_path / "data")

    def settings(**changes: str) -> Settings:
        in_order = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": "made-up-secret",
            "SLACK_API_URL": fake_slack.url,
            "DATABASE_URL": database_url,
            "PAPERS_DATA_DIR": str(tmp_path / "data"),
            "PAPERS_REVIEW_CHANNEL": REVIEW,
        }
        return Settings.model_validate({**in_order, **changes})

    return settings


@pytest.fixture
def running_worker(database: Database) -> Iterator[None]:
    """A worker that runs and polled just now."""
    lock = open_lock(database, WORKER_LOCK)
    assert lock.acquire()
    ran = JobRun(
        name="poll",
        started_at=utc_now(),
        finished_at=utc_now(),
        outcome="",
        is_ok=True,
        next_at=utc_now(),
    )
    JobJournal(database).record(ran)
    yield
    lock.release()


def examine(
    settings: Settings, now: dt.datetime | None = None, *, deadline: float = 12.0
) -> tuple[Finding, ...]:
    return Doctor(settings, lambda: now or utc_now(), Redactor(settings), deadline).examine()


def add_to_list(folder: Path, line: str) -> None:
    """Add a setting to the installation's list."""
    with (folder / "data/list.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def finding(settings: Settings, what: str, now: dt.datetime | None = None) -> Finding:
    """The only finding on a subject."""
    (only,) = (each for each in examine(settings, now) if each.what == what)
    return only


def record_poll(database: Database, at: dt.datetime, verdict: str = "fresh") -> None:
    """Record a poll that had the same verdict for every category."""
    categories = read_catalog(DATA).catalog.info.categories
    checks = tuple(
        FeedCheck("arXiv", name, verdict, "7 new papers came.", 7, at.date())
        for name in categories
    )
    PaperStore(database).take("arXiv", FetchedBatch(checks=checks), at)


@pytest.mark.usefixtures("running_worker")
def test_an_installation_in_order_has_no_warnings(make: Make, database: Database) -> None:
    record_poll(database, utc_now())
    findings = examine(make())
    assert worst(findings) == "ok", [each for each in findings if each.state != "ok"]
    assert all(each.sentence.endswith((".", "!")) for each in findings)
    assert not any(each.remedy for each in findings)


def test_a_run_changes_nothing(make: Make, database: Database, fake_slack: FakeSlack) -> None:
    """Run every minute, it must not fill the database or the channel."""
    examine(make())
    assert not fake_slack.posted(REVIEW)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM paces").scalar() == 0


@on_sqlite
class TestSlack:
    """Tokens, the review channel, and outages of Slack."""

    def test_a_revoked_token_is_an_error(self, make: Make, fake_slack: FakeSlack) -> None:
        fake_slack.revoke()
        token = finding(make(), "SLACK_BOT_TOKEN")
        assert token.state == "error"
        assert "does not know this token" in token.sentence
        assert "api.slack.com/apps" in token.remedy

    def test_swapped_tokens_are_an_error(self, make: Make) -> None:
        token = finding(make(SLACK_BOT_TOKEN="xapp-made-up"), "SLACK_BOT_TOKEN")
        assert (token.state, "swapped" in token.remedy) == ("error", True)

    def test_no_transport_is_an_error(self, make: Make) -> None:
        settings = make(SLACK_SIGNING_SECRET="")
        assert finding(settings, "SLACK_APP_TOKEN, SLACK_SIGNING_SECRET").state == "error"

    def test_a_refused_app_token_is_an_error(self, make: Make) -> None:
        token = finding(make(SLACK_APP_TOKEN="xapp-made-up"), "SLACK_APP_TOKEN")
        assert (token.state, "connections:write" in token.remedy) == ("error", True)

    @pytest.mark.parametrize("fault", [Fault.http_500, Fault.html, Fault.drop_before])
    def test_an_outage_of_slack_is_an_error(
        self, make: Make, fake_slack: FakeSlack, fault: Fault
    ) -> None:
        fake_slack.fail("*", fault, times=50)
        assert finding(make(), "SLACK_BOT_TOKEN").state == "error"

    def test_an_unusable_review_channel_is_reported(
        self, make: Make, fake_slack: FakeSlack
    ) -> None:
        channel = fake_slack.conversation(REVIEW)
        channel.is_private = False
        channel.members.remove("U0BOT")
        assert "/invite @papers" in finding(make(), "PAPERS_REVIEW_CHANNEL").remedy
        channel.is_archived = True
        assert "archived" in finding(make(), "PAPERS_REVIEW_CHANNEL").sentence
        for wrong, says in (
            ("C0NONE", "no channel"),
            ("#papers", "no channel id"),
            ("", "not set"),
        ):
            reported = finding(make(PAPERS_REVIEW_CHANNEL=wrong), "PAPERS_REVIEW_CHANNEL")
            assert says in reported.sentence

    def test_a_review_channel_that_others_see_is_a_warning(
        self, make: Make, fake_slack: FakeSlack, tmp_path: Path
    ) -> None:
        """A public one only if its members are the reviewers; a shared one always."""
        settings, channel = make(), fake_slack.conversation(REVIEW)

        def warnings() -> list[str]:
            seen = [each for each in examine(settings) if each.what == "review channel"]
            assert all(each.state == "warning" and each.remedy for each in seen)
            return [each.sentence for each in seen]

        assert warnings() == []
        channel.is_private = False
        (public,) = warnings()
        assert "is public: everybody in the workspace can join it and decide" in public
        channel.is_shared = True
        assert len(warnings()) == 2
        add_to_list(tmp_path, "review: {reviewers: [U0001]}")
        (shared,) = warnings()
        assert "is shared with another workspace" in shared

    def test_a_named_reviewer_who_cannot_decide_is_a_warning(
        self, make: Make, fake_slack: FakeSlack, tmp_path: Path
    ) -> None:
        fake_slack.user("U0GUEST", "greta", is_restricted=True)
        fake_slack.user("U0GONE", "gustav", deleted=True)
        fake_slack.user("U0OTHER", "olga", team="T0ELSE")
        fake_slack.group("S0KEEPERS", "keepers", ["U0002", "U0OTHER"])
        fake_slack.group("S0EMPTY", "nobody", [])
        names = "U0001, U0GUEST, U0GONE, U0NOBODY, S0KEEPERS, S0EMPTY, S0GONE"
        add_to_list(tmp_path, f"review: {{reviewers: [{names}]}}")
        warned = {each.what: each for each in examine(make()) if "reviewer" in each.what}
        assert {each.state for each in warned.values()} == {"warning"}
        assert "greta is a guest" in warned["reviewer U0GUEST"].sentence
        assert "gustav is deactivated" in warned["reviewer U0GONE"].sentence
        assert "olga is of another workspace" in warned["reviewer U0OTHER"].sentence
        assert {what.split()[1] for what in warned} == {
            "U0GUEST", "U0GONE", "U0OTHER", "U0NOBODY", "S0EMPTY", "S0GONE",
        }  # fmt: skip
        assert all(each.remedy for each in warned.values())

    def test_guests_whom_the_list_allows_may_be_reviewers(
        self, make: Make, fake_slack: FakeSlack, tmp_path: Path
    ) -> None:
        fake_slack.user("U0GUEST", "greta", is_ultra_restricted=True)
        add_to_list(tmp_path, "review: {reviewers: [U0GUEST], guests: true}")
        assert not [each for each in examine(make()) if "reviewer" in each.what]


@on_sqlite
def test_missing_scopes_are_named(make: Make, slack_server: HTTPServer) -> None:
    slack_server.clear()
    FakeSlack(slack_server, scopes=frozenset({"chat:write"}))
    reported = finding(make(), "scopes")
    assert reported.state == "error"
    assert "users:read" in reported.sentence
    assert "chat:write" not in reported.sentence
    assert "Reinstall" in reported.remedy


@on_sqlite
@pytest.mark.parametrize(("minutes", "state"), [(0, "ok"), (-2, "warning"), (8, "error")])
def test_a_wrong_clock_is_measured_against_slacks(make: Make, minutes: int, state: str) -> None:
    reported = finding(make(), "clock", utc_now() - dt.timedelta(minutes=minutes))
    assert reported.state == state
    if minutes:
        assert ("behind" if minutes > 0 else "ahead of") in reported.sentence


@on_sqlite
def test_a_dead_letter_is_reported_with_key_channel_reason_and_command(
    make: Make, database: Database
) -> None:
    message = Message(key="suggestion:7:card", channel="C0GONE", kind="card", content={})
    with database.write() as connection:
        enqueue(connection, message, utc_now())
    outbox = Outbox(database)
    (row,) = outbox.pending_rows()
    outbox.mark_dead(row, "is_archived: the channel is archived.")
    reported = finding(make(), "dead letter")
    assert reported.state == "error"
    for part in ("suggestion:7:card", "C0GONE", "is archived"):
        assert part in reported.sentence
    assert "papers outbox retry suggestion:7:card" in reported.remedy


@on_sqlite
def test_a_stuck_message_is_an_error_and_a_new_edit_of_an_old_message_is_not(
    make: Make, database: Database
) -> None:
    old = utc_now() - dt.timedelta(minutes=40)
    with database.write() as connection:
        enqueue(connection, Message(key="a", channel="C1", kind="feeds", content={"n": 1}), old)
    reported = finding(make(), "outbox")
    assert (reported.state, "40 min" in reported.sentence) == ("error", True)
    outbox = Outbox(database)
    (row,) = outbox.pending_rows()
    outbox.mark_posted(row, 1, "C1", "1.2", old)
    edit = Message(key="a", channel="C1", kind="feeds", content={"n": 2})
    with database.write() as connection:
        enqueue(connection, edit, utc_now())
    assert finding(make(), "outbox").state == "ok"


def test_a_reply_to_a_dead_letter_is_not_stuck(database: Database) -> None:
    """Its waiting time begins when the message that it replies to is posted."""
    old = utc_now() - dt.timedelta(hours=3)
    with database.write() as connection:
        enqueue(connection, Message(key="head", channel="C1", kind="feeds", content={}), old)
        reply = Message(key="reply", channel="C1", kind="feeds", content={}, thread_of="head")
        enqueue(connection, reply, old)
    outbox = Outbox(database)
    outbox.mark_dead(outbox.pending_rows()[0], "no use")
    assert outbox.depth() == QueueDepth(due=1, oldest=None, dead=1)


@on_sqlite
def test_a_missing_worker_and_a_failed_job_are_errors(make: Make, database: Database) -> None:
    JobJournal(database).record(
        JobRun(
            name="publish",
            started_at=utc_now(),
            finished_at=utc_now(),
            outcome="OSError: full",
            is_ok=False,
            next_at=utc_now(),
        )
    )
    findings = {each.what: each for each in examine(make())}
    assert findings["worker"].state == "error"
    assert "papers worker" in findings["worker"].remedy
    assert "OSError: full" in findings["job publish"].sentence


@on_sqlite
@pytest.mark.parametrize(
    ("verdict", "state"),
    [("fresh", "ok"), ("quiet", "ok"), ("stalled", "warning"), ("failed", "error")],
)
def test_each_feed_is_reported_with_its_verdict_and_reason(
    make: Make, database: Database, verdict: str, state: str
) -> None:
    record_poll(database, utc_now() - dt.timedelta(hours=3), verdict)
    reported = finding(make(), "feed cs.DC")
    assert reported.state == state
    assert verdict in reported.sentence.lower()
    assert "3 h ago" in reported.sentence
    assert "7 new papers" in reported.sentence


@on_sqlite
def test_the_feeds_of_every_source_are_reported(make: Make, database: Database) -> None:
    at = utc_now() - dt.timedelta(hours=3)
    check = FeedCheck("A Journal", "journal", "failed", "HTTP 500.", 0, at.date())
    PaperStore(database).take("A Journal", FetchedBatch(checks=(check,)), at)
    reported = finding(make(), "feed journal")
    assert reported.state == "error"
    assert "A Journal" in reported.remedy
    assert "arxiv" not in reported.remedy.lower()


@on_sqlite
def test_a_suggestion_that_was_looked_up_in_vain_is_reported(
    make: Make, database: Database
) -> None:
    review = ReviewService(database, None)
    paper = Entry(title="Omega: A System", arxiv="2603.00001", sections=("llm-systems",))
    subject = Subject(after=paper)
    proposal = Proposal(
        identity="arxiv:2603.00001", subject=subject, source="U2", is_complete=False
    )
    made = review.suggest(proposal, utc_now())
    assert isinstance(made, SuggestionMade)
    what = f"suggestion {made.suggestion.id}"
    assert what not in {each.what for each in examine(make())}
    review.record_completion_attempt(made.suggestion, utc_now())
    reported = finding(make(), what)
    assert reported.state == "warning"
    assert "after 1 attempt" in reported.sentence


def test_no_poll_for_over_a_day_is_an_error(make: Make, database: Database) -> None:
    assert finding(make(), "feeds").state == "warning"
    record_poll(database, utc_now() - dt.timedelta(days=3))
    reported = finding(make(), "feeds")
    assert (reported.state, "3 days" in reported.sentence) == ("error", True)


@on_sqlite
class TestStorage:
    """The database, the list, the disk and the repository."""

    def test_an_unreachable_server_is_an_error_without_its_password(self, make: Make) -> None:
        url = "postgresql://somebody:distinctive@127.0.0.1:9/papers"
        reported = finding(make(DATABASE_URL=url), "database")
        assert reported.state == "error"
        assert "refused" in reported.sentence
        assert "distinctive" not in str(reported)

    def test_a_newer_schema_is_reported(self, make: Make, database: Database) -> None:
        with database.write() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        assert "newer version" in finding(make(), "database").sentence

    def test_a_file_that_is_no_database_is_an_error(self, make: Make, tmp_path: Path) -> None:
        (tmp_path / "no.db").write_text("not a database, whatever it may be called" * 100)
        reported = finding(make(DATABASE_URL=f"sqlite:///{tmp_path}/no.db"), "database")
        assert (reported.state, "not a database" in reported.sentence) == ("error", True)

    def test_a_missing_database_is_not_created(self, make: Make, tmp_path: Path) -> None:
        reported = finding(make(DATABASE_URL=f"sqlite:///{tmp_path}/later.db"), "database")
        assert reported.state == "warning"
        assert not (tmp_path / "later.db").exists()

    def test_mistakes_in_the_list_are_counted(self, make: Make, tmp_path: Path) -> None:
        path = tmp_path / "data" / "papers" / "survey-paper.yaml"
        path.write_text(
            path.read_text() + "- title: X\n  arxiv: 2309.06180\n  sections: [survey-paper]\n"
        )
        reported = finding(make(), "list")
        assert (reported.state, "1 mistake" in reported.sentence) == ("error", True)
        (tmp_path / "data" / "list.yaml").write_text("title: [")
        assert "YAML" in finding(make(), "list").sentence

    def test_incomplete_settings_for_publishing_are_an_error(self, make: Make) -> None:
        settings = make(PAPERS_PUBLISH="github", PAPERS_GITHUB_REPO="a/b")
        reported = finding(settings, "publishing")
        assert (reported.state, "PAPERS_GITHUB_TOKEN" in reported.sentence) == ("error", True)
        reported = finding(make(PAPERS_PUBLISH="git"), "publishing")
        assert (reported.state, "no git repository" in reported.sentence) == ("error", True)

    def test_a_nearly_full_disk_is_an_error(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = type(shutil.disk_usage("/"))(10**12, 10**12, 20_000_000)
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        assert finding(make(), "data folder").state == "error"

    def test_a_check_that_hangs_is_abandoned_and_the_others_are_reported(
        self, make: Make, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        over = threading.Event()

        def hang(_: Doctor) -> Iterator[Finding]:
            yield Finding("first", "ok", "It came before.")
            over.wait(30)

        monkeypatch.setattr(Doctor, "_disk", hang)
        began = time.monotonic()
        findings = {each.what: each for each in examine(make(), deadline=2.0)}
        over.set()
        assert time.monotonic() - began < 10
        assert "No answer within" in findings["disk"].sentence
        assert {"first", "database", "list"} <= set(findings)
