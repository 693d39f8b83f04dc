"""What /metrics shows: what processes counted, and what the database knows at the scrape."""

import datetime as dt
import os
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import REGISTRY, CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.store import PaperStore
from bot.ops.jobs import JobJournal
from bot.outbox.store import Outbox
from bot.publishing.queue import PublicationQueue
from bot.review.store import SuggestionStore
from bot.settings import METRICS_FOLDER

_LOOK_BACK = dt.timedelta(days=7)


class DatabaseCollector(Collector):
    """Asks the database."""

    def __init__(self, database: Database, now: Callable[[], dt.datetime]) -> None:
        self._database, self._now = database, now

    def collect(self) -> Iterator[Metric]:
        """All of it; where the database cannot be asked, that alone."""
        try:
            found = [
                *self._outbox(),
                *self._feeds(),
                *self._decisions(),
                *self._jobs(),
            ]
        except SQLAlchemyError:
            yield _gauge("database_up", "Whether the database can be asked.", 0)
            return
        yield _gauge("database_up", "Whether the database can be asked.", 1)
        yield from found

    def _outbox(self) -> Iterator[Metric]:
        depth = Outbox(self._database).depth()
        age = (self._now() - depth.oldest).total_seconds() if depth.oldest else 0.0
        yield _gauge("outbox_due", "Messages that are still to be said.", depth.due)
        yield _gauge("outbox_oldest_seconds", "How long the oldest of them has waited.", age)
        yield _gauge("outbox_dead", "Messages that were given up.", depth.dead)
        due, problems = PublicationQueue(self._database, None).depth()
        yield _gauge("publishing_due", "Decisions that are still to be published.", due)
        yield _gauge("publishing_problems", "Reasons why they are not.", len(problems))

    def _feeds(self) -> Iterator[Metric]:
        store = PaperStore(self._database)
        verdict = GaugeMetricFamily(
            "papers_feed_verdict",
            "1 for how a category was found last.",
            labels=["category", "verdict"],
        )
        checked = GaugeMetricFamily(
            "papers_feed_checked_timestamp_seconds", "When that was.", labels=["category"]
        )
        last = {check.feed: (at, check) for at, check in store.checked(self._now() - _LOOK_BACK)}
        for category, (at, check) in sorted(last.items()):
            verdict.add_metric([category, check.verdict], 1)
            checked.add_metric([category], at.timestamp())
        yield verdict
        yield checked
        proposals = CounterMetricFamily("papers_proposals", "Papers that the bot has proposed.")
        proposals.add_metric([], CandidateStore(self._database).proposals())
        yield proposals

    def _decisions(self) -> Iterator[Metric]:
        decisions = CounterMetricFamily(
            "papers_decisions", "What has happened to suggestions.", labels=["kind"]
        )
        for kind, count in sorted(SuggestionStore(self._database).counts().items()):
            decisions.add_metric([kind], count)
        yield decisions

    def _jobs(self) -> Iterator[Metric]:
        is_ok = GaugeMetricFamily(
            "papers_job_ok", "Whether a job's last run was in order.", labels=["job"]
        )
        ran = GaugeMetricFamily(
            "papers_job_last_run_timestamp_seconds", "When that was.", labels=["job"]
        )
        for run in JobJournal(self._database).runs():
            is_ok.add_metric([run.name], run.is_ok)
            ran.add_metric([run.name], run.started_at.timestamp())
        yield is_ok
        yield ran


def exposition(database: Database, now: Callable[[], dt.datetime]) -> bytes:
    """Everything, as Prometheus reads it."""
    here = REGISTRY
    folder = os.environ.get(METRICS_FOLDER)  # noqa: TID251  # prometheus-client's own, not a setting
    if folder:
        here = CollectorRegistry()
        MultiProcessCollector(here, folder)
    asked = CollectorRegistry()
    asked.register(DatabaseCollector(database, now))
    return generate_latest(here) + generate_latest(asked)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    found = GaugeMetricFamily(f"papers_{name}", help_text)
    found.add_metric([], value)
    return found
