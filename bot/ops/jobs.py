"""Scheduled jobs of the worker, and the journal of their runs for `papers jobs`.

APScheduler starts each job at an interval, never twice at once; a missed start is made up by the
next one. Each job decides from the database what is due, so the schedule holds no policy.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database, Moment, metadata

_JOURNAL_INTERVAL = dt.timedelta(minutes=1)  # of runs with nothing to do

runs = sa.Table(
    "job_runs",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("is_ok", sa.Boolean, nullable=False),
    sa.Column("next_at", Moment, nullable=False),
)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """A function that is called at an interval."""

    name: str
    every: dt.timedelta
    work: Callable[[dt.datetime], str]
    """Does what is due at a moment, and returns the outcome; empty if nothing was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """A job's last run, with the outcome of the last one that had something to do."""

    name: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    outcome: str
    is_ok: bool
    next_at: dt.datetime


class JobJournal:
    """The journal of job runs in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self) -> tuple[JobRun, ...]:
        """The last run of every job, by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(runs).order_by(runs.c.name)).mappings()
            return tuple(JobRun(**row) for row in rows)

    def record(self, run: JobRun) -> None:
        """Replace the job's previous run; a run without outcome keeps the previous outcome."""
        row = asdict(run)
        kept = {"name"} if run.outcome else {"name", "outcome"}
        changes = {column: value for column, value in row.items() if column not in kept}
        with self._database.write() as connection:
            update = runs.update().where(runs.c.name == run.name).values(changes)
            if not connection.execute(update).rowcount:
                connection.execute(runs.insert().values(row))


class StoppedError(Exception):
    """The jobs are stopping while this one sleeps; the next start repeats it."""


class InterruptibleSleep:
    """A sleep for jobs that a shutdown interrupts."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def __call__(self, seconds: float) -> None:
        """Sleep. Raises StoppedError when the jobs are stopping."""
        if self._stopping.wait(seconds):
            raise StoppedError

    def interrupt(self) -> None:
        """Interrupt all sleeps, from now on."""
        self._stopping.set()


class Jobs:
    """A running schedule of jobs."""

    def __init__(
        self, jobs: Iterable[Job], journal: JobJournal, now: Callable[[], dt.datetime]
    ) -> None:
        self._journal, self._now = journal, now
        self._recorded: dict[str, dt.datetime] = {}
        self._scheduler = BackgroundScheduler(
            timezone=dt.UTC,
            executors={"default": ThreadPoolExecutor(8)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for job in jobs:
            trigger = IntervalTrigger(seconds=job.every.total_seconds(), timezone=dt.UTC)
            self._scheduler.add_job(
                self._run, trigger, args=[job], id=job.name, next_run_time=now()
            )

    def start(self) -> None:
        """Start the schedule; every job runs at once."""
        self._scheduler.start()

    def stop(self, *, wait: bool) -> None:
        """Stop the schedule; with `wait`, after running jobs have ended."""
        self._scheduler.shutdown(wait=wait)

    def _run(self, job: Job) -> None:
        """Run a job once. An error is logged and recorded, and the schedule goes on."""
        started = self._now()
        try:
            outcome, is_ok = job.work(started), True
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001  # an error must not end the schedule
            outcome, is_ok = f"{type(error).__name__}: {error}"[:500], False
            _log.exception("a job failed", job=job.name)
        if outcome and is_ok:
            _log.info("job", job=job.name, outcome=outcome)
        last = self._recorded.get(job.name)
        if is_ok and not outcome and last and dt.timedelta() <= started - last < _JOURNAL_INTERVAL:
            return
        self._recorded[job.name] = started
        run = JobRun(
            name=job.name,
            started_at=started,
            finished_at=self._now(),
            outcome=outcome,
            is_ok=is_ok,
            next_at=started + job.every,
        )
        try:
            self._journal.record(run)
        except SQLAlchemyError as error:
            _log.error(
                "a job run could not be recorded", job=job.name, reason=type(error).__name__
            )
