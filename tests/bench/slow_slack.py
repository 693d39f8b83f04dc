"""Lookups over signed HTTP while other people press buttons, with a quick and a hanging Slack.

    people who look up (a process of its own) ──┐
                                                ├──► papers web (2 gunicorn processes)
    people who press (threads of this process) ─┘         └──► the fake Slack (this process)

What is pressed asks Slack: forms, decisions, subscriptions, pauses. Every call of a hanging Slack
and every answer to a `response_url` ends with the bot's time-out. All processes share this
machine's cores.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from pytest_httpserver import HTTPServer
from rich.console import Console
from rich.table import Table

from bot.catalog.yaml.read import read_catalog
from bot.slack.blocks.cards import APPROVE, REJECT
from bot.slack.blocks.lookup import SUGGEST
from tests.bench.figures import milliseconds, quantile
from tests.bench.http import CommandTimes, client_processes, post, run_clients
from tests.bench.load import ask_for
from tests.bench.processes import HOST, SECRET, free_port, quiet, wait_until_healthy
from tests.bench.queries import make_queries
from tests.e2e.processes import ROOT, running
from tests.slack.fake import FakeSlack
from tests.slack.fake.faults import RESPONSE_URL
from tests.slack.payloads import BOT_TOKEN, click

LOOKING, PRESSING = 40, 60
SECONDS = 20.0
ALL = ("*", RESPONSE_URL)
"""Every method, and the answers by `response_url`."""
PAGE = "https://www.usenix.org/conference/osdi26/presentation/made-up"
_READING = 2.0  # seconds between an acknowledgement and the next press
_COMMANDS = (f"suggest {PAGE}", "pause 1 day", "subscribe serving daily at 9:00")
_CLICKS = ((SUGGEST, PAGE), (APPROVE, "1"), (REJECT, "1"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The times of lookups, and of the acknowledgements of presses."""

    hangs: str
    """The methods of Slack that hang."""
    lookups: CommandTimes
    presses: CommandTimes


def show(console: Console, seconds: float = SECONDS) -> None:
    """Measure with a quick and a hanging Slack, and print the table."""
    console.print(
        f"{LOOKING} people look up and {PRESSING} press for {seconds:.0f} s, twice …", style="dim"
    )
    quick, hanging = measure(seconds, ((), ALL))
    table = Table(
        title="Lookups beside people who press, 2 gunicorn workers", title_justify="left"
    )
    for head in ("hangs", "requests", "number", "median", "99th percentile", "most", "lost"):
        table.add_column(head, justify="right")
    for phase in (quick, hanging):
        for name, times in (("lookups", phase.lookups), ("presses", phase.presses)):
            table.add_row(
                phase.hangs,
                name,
                f"{len(times.seconds):,}",
                milliseconds(quantile(times.seconds, 0.5)),
                milliseconds(quantile(times.seconds, 0.99)),
                milliseconds(max(times.seconds)),
                f"{times.errors}",
            )
    console.print(table)
    ratio = quantile(hanging.lookups.seconds, 0.99) / quantile(quick.lookups.seconds, 0.99)
    console.print(f"99th percentile of lookups, hanging to quick: {ratio:.2f}", style="dim")


def measure(seconds: float, hanging: Sequence[Sequence[str]]) -> list[Phase]:
    """Measure for so many seconds each while some of Slack's methods hang, one after another."""
    queries = make_queries(read_catalog(ROOT / "data").catalog, 30)
    texts = [text for kind in queries.values() for text in kind]
    with web_with_slack() as (port, slack), client_processes(1) as pool:
        pool.submit(ask_for, port, texts, 1, 1.0).result()
        phases = []
        for methods in hanging:
            gates = [slack.hold(method) for method in methods]
            lookups = pool.submit(ask_for, port, texts, LOOKING, seconds)
            presses = press_for(port, slack, seconds)
            name = " and ".join(methods) or "nothing"
            phases.append(Phase(hangs=name, lookups=lookups.result(), presses=presses))
            slack.heal()
            for gate in gates:
                gate.set()
    return phases


@contextmanager
def web_with_slack() -> Iterator[tuple[int, FakeSlack]]:
    """Run `papers web` with a fake Slack that limits no rate; its port, and that Slack."""
    quiet()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="papers-slow-")))
        server = stack.enter_context(HTTPServer(host=HOST, threaded=True))
        slack = FakeSlack(server, per_second=None)
        port = free_port()
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_API_URL": slack.url,
            "DATABASE_URL": f"sqlite:///{folder}/papers.db",
            "PAPERS_REVIEW_CHANNEL": "C0001",
            "PAPERS_HOST": HOST,
            "PAPERS_LOG_LEVEL": "ERROR",
            "PORT": str(port),
        }
        process = stack.enter_context(running("web", settings=settings, log=folder / "web.log"))
        wait_until_healthy(process, port)
        yield port, slack


def press_for(port: int, slack: FakeSlack, seconds: float) -> CommandTimes:
    """Let people press one thing after another for some seconds."""

    def person(number: int, connection: HTTPConnection) -> Iterator[float | None]:
        bodies = list(_bodies(slack))
        at, until = number, time.perf_counter() + seconds
        while time.perf_counter() < until:
            answered = post(connection, bodies[at % len(bodies)])
            yield answered[0] if answered else None
            at += 1
            time.sleep(_READING)

    return run_clients(port, PRESSING, person)


def press_at_once(port: int, bodies: Sequence[str], meanwhile: Sequence[str]) -> CommandTimes:
    """Send requests at the same moment, and others a little later; the times of the later ones."""
    together = threading.Barrier(len(bodies))

    def send_now(body: str) -> float | None:
        connection = HTTPConnection(HOST, port, timeout=30)
        together.wait()
        answered = post(connection, body)
        connection.close()
        return answered[0] if answered else None

    with ThreadPoolExecutor(len(bodies)) as threads:
        pressed = threads.map(send_now, bodies)
        connection = HTTPConnection(HOST, port, timeout=30)
        later = [post(connection, body) for body in meanwhile]
        connection.close()
        times = [*pressed, *(answered[0] if answered else None for answered in later)]
    seconds = [second for second in times if second is not None]
    return CommandTimes(seconds, len(times) - len(seconds))


def _bodies(slack: FakeSlack) -> Iterator[str]:
    for words in _COMMANDS:
        yield slack.command(words)
    for action, value in _CLICKS:
        yield click(action, value, response_url=slack.response_url())
