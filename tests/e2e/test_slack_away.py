"""Laws of a start while Slack is away: the process waits, says so, and goes on when Slack is back.

Nothing listens at Slack's address, or a server that refuses for a while. Real processes.
"""

import contextlib
import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_httpserver import HTTPServer

from bot.app.clock import utc_now
from bot.db.migrate import migrate
from bot.demo.standin import free_port
from bot.ops.jobs import JobJournal
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue
from tests.conftest import opened
from tests.e2e.processes import running, wait_for
from tests.slack.fake import PAPERS, FakeSlack, Fault
from tests.slack.fake.sockets import socket_mode
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, command, signed

ENDS_WITHIN = 5.0
COMMANDS = ("run", "worker", "web")


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Settings of a bot whose Slack cannot be reached, with a message to send."""
    url = f"sqlite:///{tmp_path}/papers.db"
    with opened(url) as database, contextlib.ExitStack() as stack:
        migrate(database)
        content = {"since": utc_now().isoformat(), "lines": ["cs.DC: failed."], "over": None}
        connection = stack.enter_context(database.write())
        enqueue(
            connection,
            Message(key="notice", channel=PAPERS, kind="feeds", content=content),
            utc_now(),
        )
    return {
        "DATABASE_URL": url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": "xapp-made-up",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": f"http://127.0.0.1:{free_port(0)}/api/",
        "PAPERS_HOST": "127.0.0.1",
        "PAPERS_LOG_FORMAT": "json",
        "PORT": str(free_port(0)),
        "WEB_CONCURRENCY": "1",
    }


@contextlib.contextmanager
def slack_at(url: str) -> Iterator[FakeSlack]:
    """A Slack that comes up at an address."""
    port = urlsplit(url).port or 0
    with HTTPServer(host="127.0.0.1", port=port, threaded=True) as server, socket_mode(server):
        yield FakeSlack(server)


def get(port: str, path: str) -> tuple[int, dict[str, Any]] | None:
    """Status and JSON of a page; None where nothing answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except OSError:
        return None
    finally:
        connection.close()


def look_up(port: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    body = command("vllm")
    connection.request("POST", "/slack/events", body, dict(signed(body)))
    response = connection.getresponse()
    status, text = response.status, response.read().decode()
    connection.close()
    return status, text


def events(log: Path, name: str) -> list[dict[str, Any]]:
    """The lines of the log with an event."""
    lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == name]


def assert_jobs_run_and_no_try_is_used_up(url: str) -> None:
    """A message is given up after a number of tries; an absent Slack must not cost any."""
    with opened(url) as database:
        journal = JobJournal(database)
        wait_for(lambda: any(run.name == "poll" for run in journal.runs()), 30, "a poll")
        (row,) = Outbox(database).pending_rows()
        assert (row.tries, row.attempted) == (0, None)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_start_without_slack_waits_tells_and_goes_on_when_slack_is_back(
    command: str, settings: dict[str, str], tmp_path: Path
) -> None:
    log, port = tmp_path / "log", settings["PORT"]
    with running(command, settings=settings, log=log) as process:
        assert wait_for(lambda: get(port, "/healthz"), 30, log.read_text())[0] == 200
        ready = get(port, "/readyz")
        assert ready is not None
        assert ready[0] == 503
        assert "Slack cannot be reached." in ready[1]["reasons"]
        if command == "web":
            status, answer = look_up(port)
            assert (status, "vLLM" in answer) == (200, True), "lookups need no Slack"
        wait_for(lambda: len(events(log, "waiting for Slack")) > 1, 15, "a second try")
        if command != "web":
            assert_jobs_run_and_no_try_is_used_up(settings["DATABASE_URL"])
        with slack_at(settings["SLACK_API_URL"]) as slack:
            wait_for(
                lambda: "cannot be reached" not in str(get(port, "/readyz")), 20, "Slack is back"
            )
            if command != "web":
                wait_for(lambda: slack.posted(PAPERS), 15, "the message")
                assert len(slack.posted(PAPERS)) == 1
                wait_for(lambda: events(log, "ready"), 15, "the connection")
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0
    first, second, *_ = events(log, "waiting for Slack")
    assert (first["seconds"], second["seconds"]) == (1, 2)
    assert "cannot be reached at" in first["reason"]
    assert "Traceback" not in log.read_text()
    assert BOT_TOKEN not in log.read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_start_that_waits_for_an_absent_slack_ends_on_sigterm(
    command: str, settings: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running(command, settings=settings, log=log) as process:
        wait_for(lambda: events(log, "waiting for Slack"), 30, "the first try")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
        assert time.monotonic() - began < ENDS_WITHIN
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("command", ["run", "worker"])
def test_a_token_that_slack_refuses_once_it_is_back_ends_the_process(
    command: str, settings: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running(command, settings=settings, log=log) as process:
        wait_for(lambda: events(log, "waiting for Slack"), 30, "the first try")
        with slack_at(settings["SLACK_API_URL"]) as slack:
            slack.fail("auth.test", Fault.error("token_revoked"), times=None)
            assert process.wait(20) == 1
    assert "SLACK_BOT_TOKEN does not work: the token has been revoked" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_web_tells_of_a_token_that_slack_refuses_later_and_answers_lookups(
    settings: dict[str, str], tmp_path: Path
) -> None:
    log, port = tmp_path / "log", settings["PORT"]
    with running("web", settings=settings, log=log):
        wait_for(lambda: get(port, "/healthz"), 30, "gunicorn")
        with slack_at(settings["SLACK_API_URL"]) as slack:
            slack.fail("auth.test", Fault.error("token_revoked"), times=None)
            wait_for(
                lambda: "Slack refuses the token." in str(get(port, "/readyz")), 20, "the refusal"
            )
            assert look_up(port)[0] == 200
    assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("command", ["run", "web"])
def test_a_slack_that_hangs_delays_a_start_by_seconds_only(
    command: str, settings: dict[str, str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api/"
        changed = settings | {"SLACK_API_URL": url}
        with running(command, settings=changed, log=tmp_path / "log"):
            answer = wait_for(lambda: get(settings["PORT"], "/healthz"), 20, "the process")
    assert answer[0] == 200
