"""The bot as real processes on loopback, with a small stand-in for Slack's Web API."""

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
    """Stop werkzeug from logging each request, which would hide the figures."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)


@contextmanager
def stand_in() -> Iterator[str]:
    """Run a Web API that accepts every token; its address."""
    quiet()
    with HTTPServer(host=HOST, port=0) as server:
        server.expect_request("/api/auth.test").respond_with_json(
            {"ok": True, "team_id": "T1", "user_id": "U1", "bot_id": "B1", "user": "papers"}
        )
        yield server.url_for("/api/")


@contextmanager
def web(slack_api_url: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run `papers web`; its process and port, once it is ready."""
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
    """Wait for /healthz to answer. Raises RuntimeError if it does not in time."""
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
    """A port of loopback that is not in use."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def proportional_memory(pid: int) -> int:
    """Bytes of a process and its descendants, where shared pages count once; 0 if unknown."""
    process = psutil.Process(pid)
    if not psutil.LINUX:
        return 0
    tree = [process, *process.children(recursive=True)]
    return sum(each.memory_full_info().pss for each in tree)
