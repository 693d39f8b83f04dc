"""Laws of shutdown: SIGTERM ends every process within ten seconds, whatever it waits for."""

import http.client
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request  # noqa: TID251  # the test is a proxy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from bot.app.clock import utc_now
from bot.db.migrate import migrate
from bot.demo import standin as demo
from bot.demo.standin import free_port
from bot.outbox.message import Message
from bot.outbox.store import enqueue
from tests.conftest import opened
from tests.e2e.processes import papers, running, wait_for
from tests.slack.fake import PAPERS, FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, click, signed

SLOW = 25.0
WITHIN = 10.0


@dataclass
class SlowServer:
    """A server that delays every response by SLOW seconds."""

    url: str
    requested: threading.Event


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    """A slow arXiv, or a slow receiver of the bot's responses."""
    requested, over = threading.Event(), threading.Event()

    def answer(_: Request) -> Response:
        requested.set()
        over.wait(SLOW)
        return Response("late", status=503)

    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(answer)
        yield SlowServer(server.url_for("/slow"), requested)
        over.set()


@pytest.fixture
def settings(slow: SlowServer, tmp_path: Path) -> dict[str, str]:
    """Settings of a bot with its own database, which holds a message to send."""
    url = f"sqlite:///{tmp_path}/papers.db"
    with opened(url) as database:
        migrate(database)
        content = {"since": utc_now().isoformat(), "lines": ["cs.DC: failed."], "over": None}
        with database.write() as connection:
            enqueue(
                connection,
                Message(key="notice", channel=PAPERS, kind="feeds", content=content),
                utc_now(),
            )
    return {
        "DATABASE_URL": url,
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PAPERS_HOST": "127.0.0.1",
        "PAPERS_RSS_URL": slow.url,
        "PAPERS_API_URL": slow.url,
        "PAPERS_LOG_FORMAT": "json",
    }


def assert_ends(process: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN + 5) == 0, log.read_text()[-2000:]
    assert time.monotonic() - began < WITHIN
    assert "Traceback" not in log.read_text()


def test_a_worker_ends_during_a_slow_poll_and_a_slow_slack(
    settings: dict[str, str],
    fake_slack: FakeSlack,
    slow: SlowServer,
    tmp_path: Path,
) -> None:
    fake_slack.fail("chat.postMessage", Fault.late_answer(SLOW), times=9)
    log = tmp_path / "log"
    with running(
        "worker", settings=settings | {"SLACK_API_URL": fake_slack.url}, log=log
    ) as process:
        assert slow.requested.wait(30), log.read_text()
        wait_for(lambda: fake_slack.posted(PAPERS) or None, 30, "the message")
        assert_ends(process, log)


@pytest.mark.parametrize("command", ["run", "worker", "web"])
def test_a_start_that_waits_for_slack_ends_on_sigterm(
    settings: dict[str, str], command: str, tmp_path: Path
) -> None:
    """SIGTERM arrives during the first call to a Slack that does not respond."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api/"
        changed = settings | {"SLACK_API_URL": url, "SLACK_APP_TOKEN": "xapp-made-up"}
        with running(command, settings=changed, log=tmp_path / "log") as process:
            server.settimeout(30)
            connection, _ = server.accept()
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN)
            assert time.monotonic() - began < WITHIN
            connection.close()
        assert "Traceback" not in (tmp_path / "log").read_text()


def test_web_ends_while_it_sends_a_response_to_a_slow_server(
    settings: dict[str, str],
    fake_slack: FakeSlack,
    slow: SlowServer,
    tmp_path: Path,
) -> None:
    port, log = free_port(0), tmp_path / "log"
    changed = settings | {
        "SLACK_API_URL": fake_slack.url,
        "PORT": str(port),
        "PAPERS_HOST": "127.0.0.1",
    }
    with running("web", settings=changed, log=log) as process:
        wait_for(lambda: is_up(port) or None, 40, "gunicorn")
        body = click("no:such:button", "", response_url=slow.url)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/slack/events", body, dict(signed(body)))
        assert connection.getresponse().status == 200
        connection.close()
        assert slow.requested.wait(10)
        assert_ends(process, log)


def is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture
def standin(slack_server: HTTPServer) -> Iterator[str]:
    """A Web API whose Socket Mode works and whose chat.postMessage takes SLOW seconds."""
    over = threading.Event()
    with demo.running(demo.fetch(), free_port(0), demo.workspace({"mode": "socket"})) as original:

        def forward(request: Request) -> Response:
            if request.path.endswith("chat.postMessage"):
                over.wait(SLOW)
            headers = {
                name: value
                for name, value in request.headers.items()
                if name.lower() in {"authorization", "content-type"}
            }
            forwarded = urllib.request.Request(  # noqa: S310, TID251  # loopback, in a test
                f"{original.page}{request.path}", data=request.get_data(), headers=headers
            )
            with urllib.request.urlopen(forwarded, timeout=10) as answer:  # noqa: S310, TID251  # as above
                return Response(answer.read(), content_type="application/json")

        slack_server.clear()
        slack_server.expect_request(re.compile(r"/api/[a-z]+\..*")).respond_with_handler(forward)
        yield slack_server.url_for("/api/")
        over.set()


def with_socket_mode(settings: Mapping[str, str], url: str) -> dict[str, str]:
    return {
        **settings,
        "SLACK_API_URL": url,
        "SLACK_BOT_TOKEN": demo.BOT_TOKEN,
        "SLACK_APP_TOKEN": demo.APP_TOKEN,
    }


def test_run_ends_during_a_slow_poll_and_a_slow_slack(
    settings: dict[str, str], standin: str, slow: SlowServer, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running("run", settings=with_socket_mode(settings, standin), log=log) as process:
        wait_for(lambda: '"ready"' in log.read_text() or None, 40, "the bot")
        assert slow.requested.wait(30), log.read_text()
        time.sleep(1)
        assert_ends(process, log)


def test_a_second_run_on_one_database_is_refused(
    settings: dict[str, str], standin: str, tmp_path: Path
) -> None:
    changed, log = with_socket_mode(settings, standin), tmp_path / "log"
    with running("run", settings=changed, log=log):
        wait_for(lambda: '"ready"' in log.read_text() or None, 40, "the bot")
        began = time.monotonic()
        second = papers("run", **changed)
        assert time.monotonic() - began < 6, "half a second, and what this machine needs"
    assert second.returncode == 1
    assert "Another `papers run` is using this database" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_port_in_use_ends_the_start_with_an_error_message(
    settings: dict[str, str], fake_slack: FakeSlack
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        changed = settings | {
            "SLACK_API_URL": fake_slack.url,
            "PAPERS_HOST": "127.0.0.1",
            "PORT": port,
        }
        result = papers("worker", **changed)
    assert result.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in result.stderr
    assert "Traceback" not in result.stderr
