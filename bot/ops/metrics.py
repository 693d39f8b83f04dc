"""The /metrics page: counters of processes, and figures of the database at the scrape."""

import datetime as dt
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
from bot.settings import ENVIRONMENT, METRICS_FOLDER

_FEED_HISTORY = dt.timedelta(days=7)


class DatabaseCollector(Collector):
    """Prometheus collector that queries the database."""

    def __init__(self, database: Database, now: Callable[[], dt.datetime]) -> None:
        self._database, self._now = database, now

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; `papers_database_up` alone where the database cannot be queried."""
        try:
            metrics = [*self._outbox(), *self._feeds(), *self._decisions(), *self._jobs()]
        except SQLAlchemyError:
            yield _gauge("database_up", "Whether the database can be queried.", 0)
            return
        yield _gauge("database_up", "Whether the database can be queried.", 1)
        yield from metrics

    def _outbox(self) -> Iterator[Metric]:
        depth = Outbox(self._database).depth()
        age = (self._now() - depth.oldest).total_seconds() if depth.oldest else 0.0
        yield _gauge("outbox_due", "Messages to send.", depth.due)
        yield _gauge("outbox_oldest_seconds", "Age of the oldest message to send.", age)
        yield _gauge("outbox_dead", "Dead letters.", depth.dead)
        due, problems = PublicationQueue(self._database, None).depth()
        yield _gauge("publishing_due", "Decisions to publish.", due)
        yield _gauge(
            "publishing_problems",
            "Distinct reasons why decisions could not be published.",
            len(problems),
        )

    def _feeds(self) -> Iterator[Metric]:
        store = PaperStore(self._database)
        verdict = GaugeMetricFamily(
            "papers_feed_verdict",
            "1 for the verdict of a category at its last poll.",
            labels=["category", "verdict"],
        )
        checked = GaugeMetricFamily(
            "papers_feed_checked_timestamp_seconds", "Time of that poll.", labels=["category"]
        )
        last = {
            check.feed: (at, check) for at, check in store.checked(self._now() - _FEED_HISTORY)
        }
        for category, (at, check) in sorted(last.items()):
            verdict.add_metric([category, check.verdict], 1)
            checked.add_metric([category], at.timestamp())
        yield verdict
        yield checked
        count = CandidateStore(self._database).proposals()
        yield CounterMetricFamily("papers_proposals", "Papers proposed by the bot.", count)

    def _decisions(self) -> Iterator[Metric]:
        decisions = CounterMetricFamily(
            "papers_decisions", "Events of suggestions by kind.", labels=["kind"]
        )
        for kind, count in sorted(SuggestionStore(self._database).event_counts().items()):
            decisions.add_metric([kind], count)
        yield decisions

    def _jobs(self) -> Iterator[Metric]:
        is_ok = GaugeMetricFamily(
            "papers_job_ok", "Whether a job's last run succeeded.", labels=["job"]
        )
        ran = GaugeMetricFamily(
            "papers_job_last_run_timestamp_seconds", "Time of that run.", labels=["job"]
        )
        for run in JobJournal(self._database).runs():
            is_ok.add_metric([run.name], run.is_ok)
            ran.add_metric([run.name], run.started_at.timestamp())
        yield is_ok
        yield ran


def exposition(database: Database, now: Callable[[], dt.datetime]) -> bytes:
    """Render all metrics in Prometheus' text format."""
    counters = REGISTRY
    if folder := ENVIRONMENT.get(METRICS_FOLDER):
        counters = CollectorRegistry()
        MultiProcessCollector(counters, folder)
    figures = CollectorRegistry()
    figures.register(DatabaseCollector(database, now))
    return generate_latest(counters) + generate_latest(figures)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"papers_{name}", help_text, value)
