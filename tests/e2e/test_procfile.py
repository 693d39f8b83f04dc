"""Laws of the Procfile: web and worker run over one database until SIGTERM."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.app.clock import utc_now
from bot.db.engine import Database
from bot.outbox.message import Message
from bot.outbox.store import enqueue
from tests.conftest import DATA
from tests.e2e.processes import ROOT, environment, wait_for
from tests.slack.fake import FakeSlack
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, command, signed
from tests.slack.workspace_bot import REVIEW, populate


@dataclass
class Processes:
    """The honcho process, with the ports of the processes that it started."""

    honcho: subprocess.Popen[bytes]
    web_port: int
    worker_port: int
    log: Path


def two_ports() -> int:
    """Return a free port whose successor by 100, honcho's second port, is free too.

    Tests that run at the same time search from different ports.
    """
    first = 20_000 + os.getpid() % 40 * 200
    for port in range(first, first + 100):
        try:
            with (
                socket.create_server(("127.0.0.1", port)),
                socket.create_server(("127.0.0.1", port + 100)),
            ):
                return port
        except OSError:
            continue
    raise AssertionError("no port is free")


@pytest.fixture
def processes(fake_slack: FakeSlack, database_url: str, tmp_path: Path) -> Iterator[Processes]:
    populate(fake_slack)
    shutil.copytree(DATA, tmp_path / "data")
    port, log = two_ports(), tmp_path / "log"
    settings = environment(
        DATABASE_URL=database_url,
        SLACK_BOT_TOKEN=BOT_TOKEN,
        SLACK_SIGNING_SECRET=SIGNING_SECRET,
        SLACK_API_URL=fake_slack.url,
        PAPERS_REVIEW_CHANNEL=REVIEW,
        PAPERS_DATA_DIR=str(tmp_path / "data"),
        PAPERS_HOST="127.0.0.1",
        PAPERS_RSS_URL="http://127.0.0.1:9/rss",
        PAPERS_API_URL="http://127.0.0.1:9/api",
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{settings['PATH']}"
    with log.open("wb") as written:
        honcho = subprocess.Popen(  # noqa: S603  # as the README says, with this Python
            [
                sys.executable,
                "-m",
                "honcho",
                "-e",
                os.devnull,
                "start",
                "-p",
                str(port),
                "web",
                "worker",
            ],
            cwd=ROOT,
            env={**settings, "PATH": path},
            stdout=written,
            stderr=written,
        )
    try:
        yield Processes(honcho, port, port + 100, log)
    finally:
        if honcho.poll() is None:
            honcho.terminate()
            honcho.wait(20)


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def ask(port: int, words: str) -> str:
    body = command(words)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/slack/events", body, dict(signed(body)))
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()


def metric(text: str, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_web_answers_the_worker_sends_both_have_metrics_and_sigterm_ends_them(
    processes: Processes, fake_slack: FakeSlack, database: Database
) -> None:
    for port in (processes.web_port, processes.worker_port):
        wait_for(lambda port=port: get(port, "/readyz")[0] == 200 or None, 60, f"{port}")  # type: ignore[misc]
    for _ in range(8):
        assert json.loads(ask(processes.web_port, "kv cache"))["response_type"] == "ephemeral"
    content = {"since": utc_now().isoformat(), "lines": ["cs.DC: failed."], "over": None}
    with database.write() as connection:
        enqueue(
            connection,
            Message(key="notice", channel=REVIEW, kind="feeds", content=content),
            utc_now(),
        )
    wait_for(lambda: fake_slack.posted(REVIEW) or None, 20, "the message")
    text = get(processes.web_port, "/metrics")[1]
    assert metric(text, "papers_commands_total", verb="search") == 8, (
        "the sum over gunicorn's processes"
    )
    assert metric(text, "papers_database_up") == 1
    assert metric(get(processes.worker_port, "/metrics")[1], "papers_job_ok", job="publish") == 1
    children = psutil.Process(processes.honcho.pid).children(recursive=True)
    assert len(children) >= 4, "web with its two processes, and the worker"
    began = time.monotonic()
    processes.honcho.send_signal(signal.SIGTERM)
    processes.honcho.wait(15)
    psutil.wait_procs(children, timeout=1)
    alive = [
        child
        for child in children
        if child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    ]
    assert not alive
    assert time.monotonic() - began < 10
    assert "Traceback" not in processes.log.read_text()
    assert not fake_slack.posted(REVIEW)[1:], "sent once"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_counts_of_a_killed_process_stay_until_the_master_ends(
    processes: Processes,
) -> None:
    wait_for(lambda: get(processes.web_port, "/readyz")[0] == 200 or None, 60, "web")
    for _ in range(6):
        ask(processes.web_port, "serving")
    tree = psutil.Process(processes.honcho.pid).children(recursive=True)
    gunicorn = [process for process in tree if "gunicorn" in " ".join(process.cmdline())]
    master = next(process for process in gunicorn if process.children())
    folder = Path(master.environ()["PROMETHEUS_MULTIPROC_DIR"])
    victims = master.children()
    for victim in victims:
        victim.kill()
    psutil.wait_procs(victims, timeout=10)
    wait_for(lambda: get(processes.web_port, "/readyz")[0] == 200 or None, 60, "web again")
    ask(processes.web_port, "serving")
    text = get(processes.web_port, "/metrics")[1]
    assert metric(text, "papers_commands_total", verb="search") == 7
    assert folder.is_dir()
    processes.honcho.terminate()
    processes.honcho.wait(15)
    assert not folder.exists()
