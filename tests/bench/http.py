"""Signed slash commands over HTTP to `papers web`: time from request to response under load.

A command is a request as Slack sends it, on a connection that is kept alive. The clients are
threads of a few processes, so that the bot and not the clients is measured; on a machine with few
cores they still share the cores.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
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
PROCESSES = 2  # of clients
_TIMEOUT = 30.0  # seconds that a client waits for an answer; Slack itself gives up after 3


@dataclass(frozen=True, slots=True)
class CommandTimes:
    """Seconds of each answered command, and the number of unanswered ones."""

    seconds: list[float]
    errors: int

    @classmethod
    def merged(cls, parts: Sequence["CommandTimes"]) -> "CommandTimes":
        """The times of several clients as one."""
        seconds = [second for part in parts for second in part.seconds]
        return cls(seconds, sum(part.errors for part in parts))


def show(console: Console) -> None:
    """Send commands with each number of clients, and print the table."""
    table = Table(title="A slash command over HTTP, 2 gunicorn workers", title_justify="left")
    for head in ("clients", "commands", "median", "99th percentile", "most", "a second", "errors"):
        table.add_column(head, justify="right")
    queries = make_queries(read_catalog(ROOT / "data").catalog, 30)
    texts = [text for kind in queries.values() for text in kind]
    with stand_in() as slack_api_url, web(slack_api_url) as (_, port):
        _send_all(port, texts, 1, _WARM_UP)
        for clients in CLIENTS:
            console.print(f"sending commands from {clients} clients …", style="dim")
            times, lasted = _send_from_processes(port, texts, clients)
            table.add_row(
                f"{clients}",
                f"{len(times.seconds):,}",
                milliseconds(quantile(times.seconds, 0.5)),
                milliseconds(quantile(times.seconds, 0.99)),
                milliseconds(max(times.seconds)),
                f"{len(times.seconds) / lasted:,.0f}",
                f"{times.errors}",
            )
    console.print(table)


def _send_from_processes(
    port: int, texts: Sequence[str], clients: int
) -> tuple[CommandTimes, float]:
    """Times of the clients, spread over processes, and seconds in all without process starts."""
    processes = min(PROCESSES, clients)
    with client_processes(processes) as pool:
        began = time.perf_counter()
        parts = [
            pool.submit(_send_all, port, texts, clients // processes, _COMMANDS // processes)
            for _ in range(processes)
        ]
        times = CommandTimes.merged([part.result() for part in parts])
        return times, time.perf_counter() - began


@contextmanager
def client_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that have all started."""
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.3] * count))  # keeps each busy until the others start
        yield pool


def _send_all(port: int, texts: Sequence[str], clients: int, commands: int) -> CommandTimes:
    """Send the commands from concurrent clients, each on a connection of its own."""
    each = max(1, commands // clients)

    def client(number: int, connection: HTTPConnection) -> Iterator[float | None]:
        for at in range(each):
            yield send(connection, texts[(number * each + at) % len(texts)])

    return run_clients(port, clients, client)


def run_clients(
    port: int, count: int, client: Callable[[int, HTTPConnection], Iterable[float | None]]
) -> CommandTimes:
    """Run clients in threads that begin together.

    `client` takes the client's number and connection; it sends commands and yields the seconds of
    each, or None for one without an answer.
    """
    together = threading.Barrier(count)

    def run(number: int) -> CommandTimes:
        connection = HTTPConnection(HOST, port, timeout=_TIMEOUT)
        together.wait()
        answers = list(client(number, connection))
        connection.close()
        seconds = [second for second in answers if second is not None]
        return CommandTimes(seconds, len(answers) - len(seconds))

    with ThreadPoolExecutor(count) as threads:
        return CommandTimes.merged(list(threads.map(run, range(count))))


def send(connection: HTTPConnection, text: str) -> float | None:
    """Send a command; the seconds until its whole answer, or None without a valid answer."""
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
    answered = post(connection, body)
    if answered is None or b'"ephemeral"' not in answered[1]:
        return None
    return answered[0]


def post(connection: HTTPConnection, body: str) -> tuple[float, bytes] | None:
    """Send a signed body; the seconds until the whole answer, and the answer, if it came."""
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
    return (lasted, answer) if response.status == 200 else None
