"""The bot as real processes on loopback, against a small stand-in of Slack's Web API."""

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException

import psutil
from pytest_httpserver import HTTPServer

from tests.e2e.processes import ROOT, environment

HOST = "127.0.0.1"
SECRET = "a-signing-secret-of-the-bench"
_READY_WITHIN = 60.0
_ENDED_WITHIN = 15.0


def quiet() -> None:
    """Keep werkzeug from writing a line a request, which would hide the figures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


@contextmanager
def stand_in() -> Iterator[str]:
    """The address of a Web API that knows every token."""
    quiet()
    with HTTPServer(host=HOST, port=0) as server:
        server.expect_request("/api/auth.test").respond_with_json(
            {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1", "user": "papers"}
        )
        yield server.url_for("/api/")


@contextmanager
def web(slack_api_url: str) -> Iterator[tuple[psutil.Process, int]]:
    """`papers web`, ready: its process and port. It is ended by its own pid."""
    port = free_port()
    settings = environment(
        PAPERS_HOST=HOST,
        PAPERS_LOG_LEVEL="WARNING",
        PORT=str(port),
        SLACK_API_URL=slack_api_url,
        SLACK_BOT_TOKEN="xoxb-bench",
        SLACK_SIGNING_SECRET=SECRET,
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "bot", "web"],
        cwd=ROOT,
        env=settings,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_healthy(child, port)
        yield psutil.Process(child.pid), port
    finally:
        child.terminate()
        try:
            child.wait(_ENDED_WITHIN)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def wait_until_healthy(child: subprocess.Popen[bytes], port: int) -> None:
    """Return at the first answer of /healthz. Raises RuntimeError if none comes in time."""
    until = time.monotonic() + _READY_WITHIN
    while time.monotonic() < until and child.poll() is None:
        connection = HTTPConnection(HOST, port, timeout=_READY_WITHIN)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.005)
        finally:
            connection.close()
    raise RuntimeError("`papers web` did not become ready; start it by hand to see why")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])
