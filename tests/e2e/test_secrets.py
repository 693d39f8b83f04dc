"""Laws of secrets: none appears in logs, errors, findings, metrics or messages.

Real processes with distinctive secrets go through the failures of everything that uses a secret.
"""

import http.client
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.app.clock import utc_now
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.demo.standin import free_port
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from bot.publishing.queue import PublicationQueue
from bot.review.actions import Approve, DecisionRules
from bot.review.model import Person, Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade
from tests.conftest import DATA
from tests.e2e.processes import papers, running, wait_for
from tests.slack.fake import FakeSlack
from tests.slack.workspace_bot import REVIEW, populate

BOT = "xoxb-1234-Distinctive-bot"
SECRETS = {
    "SLACK_BOT_TOKEN": BOT,
    "SLACK_APP_TOKEN": "xapp-1234-Distinctive-app",
    "SLACK_SIGNING_SECRET": "signing-Distinctive-secret",
    "PAPERS_GITHUB_TOKEN": "github-Distinctive-token",
}
DEBUG = {"PAPERS_LOG_LEVEL": "DEBUG", "PAPERS_HOST": "127.0.0.1"}
COMMANDS = (("doctor",), ("doctor", "--json"), ("outbox",), ("outbox", "--json"), ("jobs",))
UNREACHABLE_DATABASE = "postgresql://someone:p%40ss-Distinctive@127.0.0.1:9/papers"


def assert_no_secret(*texts: str) -> None:
    for text in texts:
        assert "distinctive" not in text.lower()


@pytest.fixture
def echo() -> Iterator[str]:
    """A hostile server that refuses every request and repeats it in the response."""

    def answer(request: Request) -> Response:
        request_text = f"{dict(request.headers)} {request.get_data(as_text=True)}"
        return Response(
            f'{{"ok": false, "error": "invalid_auth", "message": {request_text!r}}}', status=401
        )

    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(answer)
        yield server.url_for("")


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("command", ["run", "web", "worker", "doctor"])
def test_a_refused_token_is_not_shown(
    command: str, log_format: str, echo: str, tmp_path: Path
) -> None:
    settings = {
        **SECRETS,
        **DEBUG,
        "PAPERS_LOG_FORMAT": log_format,
        "SLACK_API_URL": f"{echo}/api/",
    }
    done = papers(command, **settings, DATABASE_URL=f"sqlite:///{tmp_path}/papers.db")
    assert done.returncode == 1
    assert_no_secret(done.stdout, done.stderr)


@pytest.mark.parametrize("command", ["run", "web", "worker", "doctor", "migrate", "jobs", "poll"])
def test_an_unreachable_database_does_not_show_its_password(
    command: str, fake_slack: FakeSlack
) -> None:
    fake_slack._token = BOT  # noqa: SLF001  # the fake knows one token
    done = papers(
        command,
        **SECRETS,
        **DEBUG,
        SLACK_API_URL=fake_slack.url,
        DATABASE_URL=UNREACHABLE_DATABASE,
    )
    assert done.returncode == 1
    assert_no_secret(done.stdout, done.stderr)
    assert "cannot be used" in done.stdout + done.stderr


def store_work(database: Database) -> None:
    """Store a decision to publish and a message to a channel that does not exist."""
    review = ReviewService(database, REVIEW)
    entry = Entry(title="Made Up", url="https://example.com/x", sections=("llm-systems/serving",))
    proposal = Proposal(identity="url:x", subject=Subject(after=entry), source=None)
    made = review.suggest(proposal, utc_now())
    assert isinstance(made, SuggestionMade)
    alice, rules = Person("U0001", "alice"), DecisionRules(is_reviewer=True)
    review.act(made.suggestion.id, Approve(), alice, utc_now(), rules)
    enqueue_message(database, "lost", "C0GONE")


def enqueue_message(database: Database, key: str, channel: str) -> None:
    content = {"since": utc_now().isoformat(), "lines": ["x"], "over": None}
    with database.write() as connection:
        enqueue(
            connection, Message(key=key, channel=channel, kind="feeds", content=content), utc_now()
        )


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_worker_with_every_failure_at_once_shows_no_secret(
    fake_slack: FakeSlack, database: Database, database_url: str, echo: str, tmp_path: Path
) -> None:
    """A refused GitHub token, a dead letter, a token revoked during the run, failing feeds."""
    fake_slack._token = BOT  # noqa: SLF001  # the fake knows one token
    populate(fake_slack)
    shutil.copytree(DATA, tmp_path / "data")
    store_work(database)
    port, log = free_port(0), tmp_path / "log"
    settings = {
        **SECRETS,
        **DEBUG,
        "PORT": str(port),
        # PostgreSQL trusts local connections, so any password works.
        "DATABASE_URL": database_url.replace("papers@", "papers:pass-Distinctive@"),
        "SLACK_API_URL": fake_slack.url,
        "PAPERS_REVIEW_CHANNEL": REVIEW,
        "PAPERS_DATA_DIR": str(tmp_path / "data"),
        "PAPERS_PUBLISH": "github",
        "PAPERS_GITHUB_REPO": "team/list",
        "PAPERS_GITHUB_API_URL": echo,
        "PAPERS_RSS_URL": f"{echo}/rss",
        "PAPERS_API_URL": f"{echo}/api",
    }
    assert "Distinctive" in settings["DATABASE_URL"]
    queue, box = PublicationQueue(database, REVIEW), Outbox(database)
    with running("worker", settings=settings, log=log):
        wait_for(lambda: queue.depth()[1] or None, 60, "the refusal of GitHub")
        wait_for(lambda: box.dead_rows() or None, 30, "the dead letter")
        wait_for(lambda: fake_slack.posted(REVIEW) or None, 30, "the card")
        fake_slack.revoke()
        enqueue_message(database, "late", REVIEW)
        wait_for(lambda: "invalid_auth" in str(box.problems()) or None, 30, "the refusal")
        responses = {path: get(port, path) for path in ("/readyz", "/metrics", "/healthz")}
        results = [papers(*words, **settings) for words in COMMANDS]
    assert "refuses the token" in responses["/readyz"]
    assert "GitHub" in log.read_text()
    assert all(result.stdout for result in results)
    with database.read() as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM suggestions").all())
    posted = [str(call.args) for call in fake_slack.calls("chat.postMessage")]
    assert_no_secret(
        log.read_text(), rows, *posted, *responses.values(), *queue.depth()[1], *box.problems()
    )
    assert_no_secret(
        *(result.stdout + result.stderr for result in results),
        *(str(row) for row in box.dead_rows()),
    )


def get(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
