"""Laws of ending: SIGTERM ends every process within ten seconds, whatever it waits for."""

import http.client
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request  # noqa: TID251  # a proxy is a test's business
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
class Slow:
    """A server that takes its time over every request."""

    url: str
    asked: threading.Event


@pytest.fixture
def slow() -> Iterator[Slow]:
    """As arXiv may be, or whoever waits for an answer of ours."""
    asked, over = threading.Event(), threading.Event()

    def answer(_: Request) -> Response:
        asked.set()
        over.wait(SLOW)
        return Response("late", status=503)

    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("/.*")).respond_with_handler(answer)
        yield Slow(server.url_for("/slow"), asked)
        over.set()


@pytest.fixture
def settings(slow: Slow, tmp_path: Path) -> dict[str, str]:
    """A bot on a database of its own, which has something to say."""
    url = f"sqlite:///{tmp_path}/papers.db"
    with opened(url) as database:
        migrate(database)
        content = {"since": utc_now().isoformat(), "lines": ["cs.DC: failed."], "over": None}
        with database.write() as connection:
            enqueue(
                connection,
                Message(key="said", channel=PAPERS, kind="feeds", content=content),
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


def ends(process: subprocess.Popen[bytes], log: Path) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(WITHIN + 5) == 0, log.read_text()[-2000:]
    assert time.monotonic() - began < WITHIN
    assert "Traceback" not in log.read_text()


def test_a_worker_ends_during_a_slow_poll_and_a_slow_slack(
    settings: dict[str, str],
    fake_slack: FakeSlack,
    slow: Slow,
    tmp_path: Path,
) -> None:
    fake_slack.fail("chat.postMessage", Fault.late_answer(SLOW), times=9)
    log = tmp_path / "log"
    with running(
        "worker", settings=settings | {"SLACK_API_URL": fake_slack.url}, log=log
    ) as process:
        assert slow.asked.wait(30), log.read_text()
        wait_for(lambda: fake_slack.posted(PAPERS) or None, 30, "the message")
        ends(process, log)


@pytest.mark.parametrize("command", ["run", "worker", "web"])
def test_a_start_that_waits_for_slack_ends_at_once(
    settings: dict[str, str], command: str, tmp_path: Path
) -> None:
    """The platform changed its mind while Slack hangs."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/api/"
        given = settings | {"SLACK_API_URL": url, "SLACK_APP_TOKEN": "xapp-made-up"}
        with running(command, settings=given, log=tmp_path / "log") as process:
            server.settimeout(30)
            connection, _ = server.accept()
            time.sleep(0.5)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN)
            assert time.monotonic() - began < WITHIN
            connection.close()
        assert "Traceback" not in (tmp_path / "log").read_text()


def test_web_ends_while_an_answer_is_on_its_slow_way(
    settings: dict[str, str],
    fake_slack: FakeSlack,
    slow: Slow,
    tmp_path: Path,
) -> None:
    port, log = free_port(0), tmp_path / "log"
    given = settings | {
        "SLACK_API_URL": fake_slack.url,
        "PORT": str(port),
        "PAPERS_HOST": "127.0.0.1",
    }
    with running("web", settings=given, log=log) as process:
        wait_for(lambda: is_up(port) or None, 40, "gunicorn")
        body = click("no:such:button", "", response_url=slow.url)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", "/slack/events", body, dict(signed(body)))
        assert connection.getresponse().status == 200
        connection.close()
        assert slow.asked.wait(10)
        ends(process, log)


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
    """A Web API whose Socket Mode works, and which posts nothing for a long time."""
    over = threading.Event()
    with demo.running(demo.fetch(), free_port(0), demo.workspace({"mode": "socket"})) as found:

        def forward(request: Request) -> Response:
            if request.path.endswith("chat.postMessage"):
                over.wait(SLOW)
            headers = {
                name: value
                for name, value in request.headers.items()
                if name.lower() in {"authorization", "content-type"}
            }
            asked = urllib.request.Request(  # noqa: S310, TID251  # loopback, in a test
                f"{found.page}{request.path}", data=request.get_data(), headers=headers
            )
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310, TID251  # as above
                return Response(answer.read(), content_type="application/json")

        slack_server.clear()
        slack_server.expect_request(re.compile(r"/api/[a-z]+\..*")).respond_with_handler(forward)
        yield slack_server.url_for("/api/")
        over.set()


def by_socket(settings: Mapping[str, str], url: str) -> dict[str, str]:
    return {
        **settings,
        "SLACK_API_URL": url,
        "SLACK_BOT_TOKEN": demo.BOT_TOKEN,
        "SLACK_APP_TOKEN": demo.APP_TOKEN,
    }


def test_run_ends_during_a_slow_poll_and_a_slow_slack(
    settings: dict[str, str], standin: str, slow: Slow, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with running("run", settings=by_socket(settings, standin), log=log) as process:
        wait_for(lambda: '"ready"' in log.read_text() or None, 40, "the bot")
        assert slow.asked.wait(30), log.read_text()
        time.sleep(1)
        ends(process, log)


def test_a_second_run_on_one_database_says_so(
    settings: dict[str, str], standin: str, tmp_path: Path
) -> None:
    given, log = by_socket(settings, standin), tmp_path / "log"
    with running("run", settings=given, log=log):
        wait_for(lambda: '"ready"' in log.read_text() or None, 40, "the bot")
        second = papers("run", **given)
    assert second.returncode == 1
    assert "Another `papers run` is using this database" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_taken_port_ends_the_start_with_a_sentence(
    settings: dict[str, str], fake_slack: FakeSlack
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        given = settings | {
            "SLACK_API_URL": fake_slack.url,
            "PAPERS_HOST": "127.0.0.1",
            "PORT": port,
        }
        done = papers("worker", **given)
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
