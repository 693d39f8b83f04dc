"""Laws of HTTP mode, with a real gunicorn and signed requests over sockets."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.demo.standin import free_port
from tests.e2e import processes
from tests.e2e.processes import wait_for
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, command, signed

PEOPLE = 200
DEADLINE = 3.0  # Slack's, for an acknowledgement


@pytest.fixture
def port(web_api: HTTPServer, tmp_path: Path) -> Iterator[int]:
    chosen = free_port(0)
    settings = {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": web_api.url_for("/api/"),
        "PAPERS_HOST": "127.0.0.1",
        "PORT": str(chosen),
    }
    with processes.running("web", settings=settings, log=tmp_path / "web.log"):
        wait_for(lambda: is_up(chosen), 20, "gunicorn")
        yield chosen


def is_up(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def ask(port: int, text: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = command(text)
        connection.request("POST", "/slack/events", body, dict(signed(body)))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_200_people_at_once_are_each_answered_within_slacks_three_seconds(port: int) -> None:
    barrier = threading.Barrier(PEOPLE)

    def person(number: int) -> tuple[int, str, float]:
        barrier.wait(30)
        began = time.monotonic()
        status, body = ask(port, ["serving", "kv cache", "flashatention", "vllm"][number % 4])
        return status, body, time.monotonic() - began

    with ThreadPoolExecutor(PEOPLE) as pool:
        answers = list(pool.map(person, range(PEOPLE)))
    assert [status for status, _, _ in answers] == [200] * PEOPLE
    assert all(json.loads(body)["response_type"] == "ephemeral" for _, body, _ in answers)
    assert max(seconds for _, _, seconds in answers) < DEADLINE


def test_a_forged_request_is_refused_and_the_next_one_is_served(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = command("vllm")
    connection.request("POST", "/slack/events", body, dict(signed(body, secret="forged")))
    assert connection.getresponse().status == 401
    connection.close()
    assert ask(port, "vllm")[0] == 200
