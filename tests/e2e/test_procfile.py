"""The Procfile for real: web and worker side by side, over one database, until SIGTERM."""

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
class Started:
    """What honcho has started."""

    honcho: subprocess.Popen[bytes]
    web: int
    worker: int
    """Ports."""
    log: Path


def two_ports() -> int:
    """A port that is free, as is the hundredth after it: honcho counts so.

    Tests that run side by side begin to look at different ones.
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
def started(fake_slack: FakeSlack, database_url: str, tmp_path: Path) -> Iterator[Started]:
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
        yield Started(honcho, port, port + 100, log)
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


def sample(text: str, name: str, **labels: str) -> float:
    return sum(
        one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name == name and labels.items() <= one.labels.items()
    )


def test_web_answers_worker_sends_both_are_watched_and_all_ends(
    started: Started, fake_slack: FakeSlack, database: Database
) -> None:
    for port in (started.web, started.worker):
        wait_for(lambda port=port: get(port, "/readyz")[0] == 200 or None, 60, f"{port}")  # type: ignore[misc]
    for _ in range(8):
        assert json.loads(ask(started.web, "kv cache"))["response_type"] == "ephemeral"
    content = {"since": utc_now().isoformat(), "lines": ["cs.DC: failed."], "over": None}
    with database.write() as connection:
        enqueue(
            connection,
            Message(key="said", channel=REVIEW, kind="feeds", content=content),
            utc_now(),
        )
    wait_for(lambda: fake_slack.posted(REVIEW) or None, 20, "the message")
    text = get(started.web, "/metrics")[1]
    assert sample(text, "papers_commands_total", verb="search") == 8, (
        "of all of gunicorn's processes"
    )
    assert sample(text, "papers_database_up") == 1
    assert sample(get(started.worker, "/metrics")[1], "papers_job_ok", job="publish") == 1
    children = psutil.Process(started.honcho.pid).children(recursive=True)
    assert len(children) >= 4, "web with its two processes, and the worker"
    began = time.monotonic()
    started.honcho.send_signal(signal.SIGTERM)
    started.honcho.wait(15)
    psutil.wait_procs(children, timeout=1)
    alive = [one for one in children if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    assert not alive
    assert time.monotonic() - began < 10
    assert "Traceback" not in started.log.read_text()
    assert not fake_slack.posted(REVIEW)[1:], "said once"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_a_dead_process_counted_stays_and_its_folder_goes_in_the_end(
    started: Started,
) -> None:
    wait_for(lambda: get(started.web, "/readyz")[0] == 200 or None, 60, "web")
    for _ in range(6):
        ask(started.web, "serving")
    tree = psutil.Process(started.honcho.pid).children(recursive=True)
    gunicorn = [one for one in tree if "gunicorn" in " ".join(one.cmdline())]
    master = next(one for one in gunicorn if one.children())
    folder = Path(master.environ()["PROMETHEUS_MULTIPROC_DIR"])
    victims = master.children()
    for victim in victims:
        victim.kill()
    psutil.wait_procs(victims, timeout=10)
    wait_for(lambda: get(started.web, "/readyz")[0] == 200 or None, 60, "web again")
    ask(started.web, "serving")
    text = get(started.web, "/metrics")[1]
    assert sample(text, "papers_commands_total", verb="search") == 7
    assert folder.is_dir()
    started.honcho.terminate()
    started.honcho.wait(15)
    assert not folder.exists()
