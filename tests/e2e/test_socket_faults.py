"""Laws of Socket Mode faults: every command around a lost connection is answered.

`papers run` is a real process, with a Slack whose WebSockets a test breaks.
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_httpserver import HTTPServer

from tests.e2e.processes import running, wait_for
from tests.lengths import length
from tests.slack.fake import FakeSlack
from tests.slack.fake.sockets import SocketMode, socket_mode
from tests.slack.payloads import BOT_TOKEN

DEADLINE = 3.0  # Slack's
UNREACHABLE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SocketMode, FakeSlack]]:
    """A connected bot, shared by all tests of this module."""
    tmp_path = tmp_path_factory.mktemp("sockets")
    with HTTPServer(host="127.0.0.1", threaded=True) as server, socket_mode(server) as mode:
        slack = FakeSlack(server)
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "xapp-made-up",
            "SLACK_API_URL": slack.url,
            "DATABASE_URL": f"sqlite:///{tmp_path}/papers.db",
            "PAPERS_HOST": "127.0.0.1",
            "PAPERS_RSS_URL": UNREACHABLE,
            "PAPERS_API_URL": UNREACHABLE,
            "PAPERS_LOG_FORMAT": "json",
        }
        log = tmp_path / "run.log"
        with running("run", settings=settings, log=log):
            wait_for(lambda: '"ready"' in log.read_text(), 30, "the bot")
            yield mode, slack
        assert "Traceback" not in log.read_text()


def ask(sockets: SocketMode, slack: FakeSlack, text: str = "serving") -> float | None:
    """Send a command; return the seconds to its answer, or None without one."""
    answered = sockets.command(slack.command(text))
    if answered is None:
        return None
    seconds, answer = answered
    assert answer["response_type"] == "ephemeral"
    assert "papers" in json.dumps(answer)
    return seconds


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
def test_commands_around_a_reconnect_are_each_answered_in_time(
    sockets: tuple[SocketMode, FakeSlack], reason: str
) -> None:
    """Twenty commands a second while Slack repeatedly renews the connection."""
    mode, slack = sockets
    with ThreadPoolExecutor(64) as pool:
        futures = []
        for number in range(length(100, 1200)):
            if number % 25 == 10:
                mode.disconnect(reason)
            futures.append(pool.submit(ask, mode, slack))
            time.sleep(0.05)
        seconds = [future.result() for future in futures]
    assert None not in seconds, f"{seconds.count(None)} of {len(seconds)} were not answered"
    assert max(value for value in seconds if value is not None) < DEADLINE


@pytest.mark.parametrize("how", ["close", "cut"])
def test_a_lost_connection_is_detected_and_replaced(
    sockets: tuple[SocketMode, FakeSlack], how: str
) -> None:
    """After Slack ends a connection, with or without a close frame, another one is opened."""
    mode, slack = sockets
    for _ in range(length(1, 10)):
        assert ask(mode, slack) is not None
        for connection in mode.connections:
            getattr(connection, how)()
        took = mode.wait_for_connections(60)
        print(f"{how}: another connection after {took:.1f} s")  # noqa: T201  # the proof's figure
        assert took < 15
        assert ask(mode, slack) is not None


def test_a_message_that_arrives_in_two_parts_is_answered(
    sockets: tuple[SocketMode, FakeSlack],
) -> None:
    """A network that resends a lost packet delivers a message in parts."""
    mode, slack = sockets
    for connection in mode.connections:
        connection.pause = 0.5
    answers = [ask(mode, slack) for _ in range(3)]
    for connection in mode.connections:
        connection.pause = 0.0
    assert None not in answers


def test_a_disabled_link_is_reconnected_after_it_is_enabled(
    sockets: tuple[SocketMode, FakeSlack],
) -> None:
    """Socket Mode is switched off in the app's settings and on again."""
    mode, slack = sockets
    mode.is_enabled = False
    mode.disconnect("link_disabled")
    time.sleep(3)
    for connection in mode.connections:
        connection.close()
    time.sleep(3)
    mode.is_enabled = True
    took = mode.wait_for_connections(60)
    print(f"link_disabled: another connection after {took:.1f} s")  # noqa: T201  # as above
    assert took < 15
    assert ask(mode, slack) is not None
