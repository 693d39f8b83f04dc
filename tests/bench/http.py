"""Signed slash commands over HTTP to `papers web`: from socket to response, many at once.

A command is a request of Slack's on a connection that is kept alive. The clients are threads of
a few processes, so that what is measured is the bot and not the asking; on a machine of few cores
both still share them.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import islice
from multiprocessing import get_context
from urllib.parse import urlencode

from rich.console import Console
from rich.table import Table
from slack_sdk.signature import SignatureVerifier

from bot.catalog.yaml.read import read_catalog
from tests.bench.figures import milliseconds, quantile
from tests.bench.processes import HOST, SECRET, stand_in, web
from tests.bench.queries import make_queries
from tests.e2e.processes import ROOT

CLIENTS = (1, 50, 200)
_COMMANDS = 3_000  # in all, at each number of clients
_WARM_UP = 100
_ASKERS = 2  # processes
_PATIENCE = 30.0  # seconds that a client waits for an answer; Slack itself gives up after 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What some clients saw: seconds of each answered command, and how many were not answered."""

    seconds: list[float]
    errors: int


def show(console: Console) -> None:
    """Ask with every number of clients, and print the table."""
    table = Table(title="A slash command over HTTP, 2 gunicorn workers", title_justify="left")
    for head in ("clients", "commands", "median", "99th percentile", "most", "a second", "errors"):
        table.add_column(head, justify="right")
    queries = make_queries(read_catalog(ROOT / "data").catalog, 30)
    texts = [text for kind in queries.values() for text in kind]
    with stand_in() as slack_api_url, web(slack_api_url) as (_, port):
        _ask(port, texts, 1, _WARM_UP)
        for clients in CLIENTS:
            console.print(f"asking with {clients} clients …", style="dim")
            found, lasted = _ask_together(port, texts, clients)
            table.add_row(
                f"{clients}",
                f"{len(found.seconds):,}",
                milliseconds(quantile(found.seconds, 0.5)),
                milliseconds(quantile(found.seconds, 0.99)),
                milliseconds(max(found.seconds)),
                f"{len(found.seconds) / lasted:,.0f}",
                f"{found.errors}",
            )
    console.print(table)


def _ask_together(port: int, texts: Sequence[str], clients: int) -> tuple[Asked, float]:
    """The clients spread over processes; and how long all of it took, starts left out."""
    askers = min(_ASKERS, clients)
    with ProcessPoolExecutor(askers, mp_context=get_context("spawn")) as pool:
        list(pool.map(_awake, [0.2] * askers))
        began = time.perf_counter()
        parts = [
            pool.submit(_ask, port, texts, clients // askers, _COMMANDS // askers)
            for _ in range(askers)
        ]
        found = [part.result() for part in parts]
        lasted = time.perf_counter() - began
    seconds = [second for part in found for second in part.seconds]
    return Asked(seconds, sum(part.errors for part in found)), lasted


def _awake(seconds: float) -> None:
    """Keep a process of the pool busy, so that all of them have started."""
    time.sleep(seconds)


def _ask(port: int, texts: Sequence[str], clients: int, commands: int) -> Asked:
    """The commands by this many clients at once, each on a connection of its own."""
    together = threading.Barrier(clients)
    each = max(1, commands // clients)

    def client(number: int) -> Asked:
        connection = HTTPConnection(HOST, port, timeout=_PATIENCE)
        together.wait()
        asked = [
            ask_once(connection, texts[(number * each + at) % len(texts)]) for at in range(each)
        ]
        connection.close()
        seconds = [second for second in asked if second is not None]
        return Asked(seconds, len(asked) - len(seconds))

    with ThreadPoolExecutor(clients) as threads:
        found = list(islice(threads.map(client, range(clients)), clients))
    seconds = [second for part in found for second in part.seconds]
    return Asked(seconds, sum(part.errors for part in found))


def ask_once(connection: HTTPConnection, text: str) -> float | None:
    """Seconds from the request to the whole answer; None if it is no good answer."""
    body = urlencode(
        {
            "token": "old",
            "command": "/papers",
            "text": text,
            "user_id": "U111",
            "channel_id": "C111",
            "team_id": "T111",
            "api_app_id": "A111",
            "response_url": f"http://{HOST}/unused",
            "trigger_id": "111.222.xxx",
        }
    )
    stamp = str(int(time.time()))
    signature = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body=body)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": signature or "",
    }
    began = time.perf_counter()
    try:
        connection.request("POST", "/slack/events", body, headers)
        response = connection.getresponse()
        answer = response.read()
    except (OSError, HTTPException):
        connection.close()
        return None
    lasted = time.perf_counter() - began
    return lasted if response.status == 200 and b'"ephemeral"' in answer else None
