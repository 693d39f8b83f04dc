"""Laws of HTTP mode, with a real gunicorn and signed requests over sockets."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from pytest_httpserver import HTTPServer

from bot.demo.standin import free_port
from tests.e2e import processes
from tests.e2e.processes import wait_for
from tests.lengths import length
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, command, signed

PEOPLE = 200
DEADLINE = 3.0  # Slack's, for an acknowledgement


def settings_of(web_api: HTTPServer, port: int) -> dict[str, str]:
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "SLACK_API_URL": web_api.url_for("/api/"),
        "PAPERS_HOST": "127.0.0.1",
        "PORT": str(port),
    }


@pytest.fixture
def port(web_api: HTTPServer, tmp_path: Path) -> Iterator[int]:
    chosen = free_port(0)
    settings = settings_of(web_api, chosen)
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


HEADER = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
BEGINNINGS = {
    "nothing": b"",
    "a byte": b"P",
    "half a header": HEADER,
    "a header": HEADER + b"Content-Length: 1000000\r\n\r\n",
    "half a body": HEADER + b"Content-Length: 900\r\n\r\n" + b"a" * 450,
    "a refused request": HEADER + b"Content-Length: 1\r\n\r\na",
    "an unreadable request": b"\x00\x01 / HTTP/9\r\n\r\n",
}


@contextmanager
def slow_clients(port: int, count: int, beginning: bytes) -> Iterator[list[socket.socket]]:
    """Connections whose clients send the beginning of a request, and read nothing."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
            clients[-1].sendall(beginning)
        yield clients


def seconds_of_lookup(port: int) -> float:
    began = time.monotonic()
    status, body = ask(port, "vllm")
    assert status == 200
    assert "PagedAttention" in body
    return time.monotonic() - began


def test_slow_clients_delay_no_lookup(port: int, tmp_path: Path) -> None:
    """More of them than there are threads, stopping at any point of a request."""
    for beginning in BEGINNINGS.values():
        for count in (64, 500)[: length(1, 2)]:
            with slow_clients(port, count, beginning):
                for _ in range(length(2, 20)):
                    assert seconds_of_lookup(port) < DEADLINE
    with slow_clients(port, 500, BEGINNINGS["a byte"]):
        assert seconds_of_lookup(port) < DEADLINE
    assert "Traceback" not in (tmp_path / "web.log").read_text()


def test_a_client_that_sends_a_byte_now_and_then_is_cut_off(port: int) -> None:
    """In the header as in the body, within the time that a whole request has."""
    began = time.monotonic()
    beginnings = [BEGINNINGS["a byte"], BEGINNINGS["a header"]] * 3
    with ExitStack() as stack:
        clients = [
            client
            for beginning in beginnings
            for client in stack.enter_context(slow_clients(port, 1, beginning))
        ]
        for client in clients:
            client.settimeout(0.2)
        while clients and time.monotonic() < began + 20:
            clients = [client for client in clients if is_open(client)]
    assert not clients
    assert time.monotonic() < began + 12


def is_open(client: socket.socket) -> bool:
    """Send a byte; whether the server has not answered with an error or the end of the stream."""
    try:
        client.sendall(b"a")
        client.recv(1000)
    except TimeoutError:
        return True
    except OSError:
        return False
    return False


def test_unsigned_megabytes_delay_no_lookup(port: int, tmp_path: Path) -> None:
    """24 at a time, of hundreds of thousands of fields each; none is logged."""
    stopped = threading.Event()
    body = "a=&" * 333_000
    headers = {**signed("x"), "content-type": "application/x-www-form-urlencoded"}

    def flood(_: int) -> int:
        count = 0
        while not stopped.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            with suppress(OSError):
                connection.request("POST", "/slack/events", body, headers)
                assert connection.getresponse().status == 401
                count += 1
            connection.close()
        return count

    with ThreadPoolExecutor(24) as pool:
        floods = [pool.submit(flood, number) for number in range(24)]
        try:
            seconds = [seconds_of_lookup(port) for _ in range(length(10, 200))]
        finally:
            stopped.set()
        assert all(each.result() for each in floods)
    assert max(seconds) < DEADLINE
    assert "a=&" not in (tmp_path / "web.log").read_text()


FORBIDDEN = {
    HEADER + b"Content-Length: 1000001\r\n\r\n": b"413",
    HEADER + b"Content-Length: " + b"9" * 18 + b"\r\n\r\n": b"413",
    HEADER + b"Transfer-Encoding: chunked\r\n\r\n": b"411",
    HEADER + b"X: " + b"a" * 40_000: b"431",
    HEADER + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na": b"400",
    HEADER + b"Content-Length : 5\r\n\r\naaaaa": b"400",
    HEADER + b"Content-Length: 5, 5\r\n\r\naaaaa": b"400",
    HEADER + b"Content-Length: -5\r\n\r\naaaaa": b"400",
    b"GET /slack/events HTTP/1.1\r\nHost: x\r\n\r\n": b"405",
    b"\r\n\r\n\r\n\r\n": b"400",
    b"GET Distinctive\x1b[2J\r\nHost: x\r\n\r\n": b"400",
    b"GET / HTTP/1.1\r\nDistinctive\x1b[2J: x\r\n\r\n": b"400",
    b"GET / HTTP/1.1\r\n" + b"Distinctive: x\r\n" * 1000 + b"\r\n": b"400",
    b"GET /" + b"Distinctive" * 1000 + b" HTTP/1.1\r\n\r\n": b"400",
}


def test_a_request_that_http_forbids_is_refused_at_once(port: int, tmp_path: Path) -> None:
    for request, status in FORBIDDEN.items():
        with slow_clients(port, 1, request) as (client,):
            client.settimeout(2)
            assert client.recv(1000)[9:12] == status, request[:100]
    log = (tmp_path / "web.log").read_text()
    assert "Traceback" not in log
    assert "Distinctive" not in log


def test_one_connection_carries_several_requests(port: int) -> None:
    """One after the other, and two sent at once."""
    body = command("vllm")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(3):
        connection.request("POST", "/slack/events", body, dict(signed(body)))
        assert "PagedAttention" in connection.getresponse().read().decode()
    connection.close()
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    with slow_clients(port, 1, request * 2) as (client,):
        client.settimeout(5)
        received = b""
        while received.count(b"alive") < 2:
            received += client.recv(1000)


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def test_health_has_a_port_of_its_own_and_leaves_slacks(
    web_api: HTTPServer, tmp_path: Path
) -> None:
    """All processes share it; it answers while both ports have slow clients, and after a kill."""
    slack_port, health_port = free_port(0), free_port(0)
    settings = {
        **settings_of(web_api, slack_port),
        "PAPERS_HEALTH_PORT": str(health_port),
        "DATABASE_URL": f"sqlite:///{tmp_path}/papers.db",
    }
    with processes.running("web", settings=settings, log=tmp_path / "web.log") as process:
        wait_for(lambda: is_up(health_port), 20, "the health port")
        wait_for(lambda: seconds_of_lookup(slack_port), 20, "gunicorn")
        for path in ("/healthz", "/readyz", "/metrics"):
            assert get(slack_port, path)[0] == 404
        for _ in range(8):
            seconds_of_lookup(slack_port)
        with (
            slow_clients(slack_port, 200, BEGINNINGS["a header"]),
            slow_clients(health_port, 64, b"G"),
        ):
            began = time.monotonic()
            assert get(health_port, "/healthz")[0] == 200
            assert get(health_port, "/readyz") == (200, '{"ready": true, "reasons": []}')
            assert 'papers_commands_total{verb="search"} 9.0' in get(health_port, "/metrics")[1]
            assert time.monotonic() - began < DEADLINE
        for child in psutil.Process(process.pid).children():
            child.kill()
        wait_for(lambda: is_up(health_port), 20, "the health port again")
        refused = processes.papers("web", **{**settings, "PORT": str(free_port(0))})
    assert refused.returncode == 1
    assert f"Port {health_port} on 127.0.0.1 cannot be used" in refused.stderr
    assert "PAPERS_HEALTH_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_one_port_for_both_is_refused_with_a_sentence(web_api: HTTPServer) -> None:
    settings = settings_of(web_api, 3999)
    refused = processes.papers("web", **settings, PAPERS_HEALTH_PORT="3999")
    assert refused.returncode == 1
    assert "both 3999" in refused.stderr
