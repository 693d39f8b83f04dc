"""Socket Mode breaks off, as it does every few hours: nobody who types meanwhile waits in vain.

`papers run` as a real process, with a Slack whose WebSockets a test breaks.
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
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SocketMode, FakeSlack]]:
    """A bot that is connected, the same one for every test."""
    tmp_path = tmp_path_factory.mktemp("sockets")
    with HTTPServer(host="127.0.0.1", threaded=True) as server, socket_mode(server) as found:
        slack = FakeSlack(server)
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": "xapp-made-up",
            "SLACK_API_URL": slack.url,
            "DATABASE_URL": f"sqlite:///{tmp_path}/papers.db",
            "PAPERS_HOST": "127.0.0.1",
            "PAPERS_RSS_URL": NOWHERE,
            "PAPERS_API_URL": NOWHERE,
            "PAPERS_LOG_FORMAT": "json",
        }
        log = tmp_path / "run.log"
        with running("run", settings=settings, log=log):
            wait_for(lambda: '"ready"' in log.read_text(), 30, "the bot")
            yield found, slack
        assert "Traceback" not in log.read_text()


def ask(sockets: SocketMode, slack: FakeSlack, text: str = "serving") -> float | None:
    """Type a command; seconds to its answer."""
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
    """Somebody types twenty times a second while Slack renews the connection, again and again."""
    mode, slack = sockets
    with ThreadPoolExecutor(64) as pool:
        asked = []
        for number in range(length(100, 1200)):
            if number % 25 == 10:
                mode.disconnect(reason)
            asked.append(pool.submit(ask, mode, slack))
            time.sleep(0.05)
        seconds = [one.result() for one in asked]
    assert None not in seconds, f"{seconds.count(None)} of {len(seconds)} were not answered"
    assert max(found for found in seconds if found is not None) < DEADLINE


@pytest.mark.parametrize("how", ["close", "cut"])
def test_a_connection_that_is_gone_is_found_out_and_replaced(
    sockets: tuple[SocketMode, FakeSlack], how: str
) -> None:
    """Slack's servers hang up, with or without a good-bye: soon there is another connection."""
    mode, slack = sockets
    for _ in range(length(1, 10)):
        assert ask(mode, slack) is not None
        for one in mode.connections:
            getattr(one, how)()
        took = mode.wait_for_connections(60)
        print(f"{how}: another connection after {took:.1f} s")  # noqa: T201  # the proof's figure
        assert took < 15
        assert ask(mode, slack) is not None


def test_a_message_that_arrives_in_two_parts_is_answered(
    sockets: tuple[SocketMode, FakeSlack],
) -> None:
    """As over a network that sends a lost packet again."""
    mode, slack = sockets
    for connection in mode.connections:
        connection.pause = 0.5
    answers = [ask(mode, slack) for _ in range(3)]
    for connection in mode.connections:
        connection.pause = 0.0
    assert None not in answers


def test_a_link_that_was_disabled_is_taken_up_when_it_is_back(
    sockets: tuple[SocketMode, FakeSlack],
) -> None:
    """Somebody switches Socket Mode off in the app's settings, and on again."""
    mode, slack = sockets
    mode.is_enabled = False
    mode.disconnect("link_disabled")
    time.sleep(3)
    for one in mode.connections:
        one.close()
    time.sleep(3)
    mode.is_enabled = True
    took = mode.wait_for_connections(60)
    print(f"link_disabled: another connection after {took:.1f} s")  # noqa: T201  # as above
    assert took < 15
    assert ask(mode, slack) is not None
