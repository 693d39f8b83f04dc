"""Time to issue the editions due on a Monday morning, and to send them.

The fake Slack on loopback has no rate limit here, so the figures are the sender's own time for a
message; a real Slack adds the time of its answers.
"""

import datetime as dt
import logging
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pytest_httpserver import HTTPServer
from rich.console import Console
from rich.table import Table

from bot.app.container import bootstrap
from bot.digest.model import Schedule, SubscriptionRequest, Topic
from bot.digest.store import DigestStore
from bot.settings import Settings
from tests.conftest import DATA
from tests.slack.fake import BOT, FakeSlack
from tests.slack.payloads import BOT_TOKEN

SIZES = (100, 1000)
FRIDAY = dt.datetime(2026, 3, 6, 12, tzinfo=dt.UTC)
MONDAY = dt.datetime(2026, 3, 9, 9, 1, tzinfo=dt.UTC)


def show(console: Console) -> None:
    """Print the seconds and the rate a minute."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    table = Table("channels", "issued in", "sent in", "sent a minute", title="Digests")
    for channels in SIZES:
        issued, sent = measure(channels)
        rate = f"{channels / sent * 60:,.0f}"
        table.add_row(f"{channels:,}", f"{issued:.1f} s", f"{sent:.1f} s", rate)
    console.print(table)


def measure(channels: int) -> tuple[float, float]:
    """Seconds to issue an edition to so many channels, and to send them all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        HTTPServer(host="127.0.0.1", threaded=True) as server,
    ):
        slack, clock = FakeSlack(server, per_second=None), _seconds()
        settings = {
            "DATABASE_URL": f"sqlite:///{Path(folder) / 'papers.db'}",
            "PAPERS_DATA_DIR": str(DATA),
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_API_URL": slack.url,
        }
        container = bootstrap(
            Settings.model_validate(settings), now=lambda: MONDAY, clock=lambda: next(clock)
        )
        digests = DigestStore(container.database)
        for number in range(channels):
            slack.channel(f"C{number:05}", members=(BOT,))
            topic = Topic("Serving", "llm-systems/serving") if number % 2 else Topic()
            order = SubscriptionRequest(
                channel=f"C{number:05}", topic=topic, schedule=Schedule(), requested_by="U0001"
            )
            digests.subscribe(order, FRIDAY)
        began = time.perf_counter()
        assert len(container.digests.issue_due(MONDAY)) == channels
        issued = time.perf_counter() - began
        sender = container.sender()
        began = time.perf_counter()
        while container.outbox.depth().due:
            sender.step(lambda: True)
        sent = time.perf_counter() - began
        container.database.close()
    return issued, sent


def _seconds() -> Iterator[float]:
    """A clock by which the second between two messages to a channel has always passed."""
    moment = 0.0
    while True:
        yield moment
        moment += 2.0
