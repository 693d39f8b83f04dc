"""The schedule: it ticks, it knows no policy. What is due, each job finds in the database.

APScheduler runs every job in one process, never twice at once; a tick that was missed is made up
for by the next one. What a job did is kept, so that `papers jobs` can tell it.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database, Moment, metadata

_SELDOM = dt.timedelta(minutes=1)

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
    """Something that is looked after every so often."""

    name: str
    every: dt.timedelta
    work: Callable[[dt.datetime], str]
    """Does what is due at a moment and says what that was; nothing due is the empty text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """The last run of a job that had something to do, or failed."""

    name: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    outcome: str
    is_ok: bool
    next_at: dt.datetime


class JobJournal:
    """What jobs did, in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self) -> tuple[JobRun, ...]:
        """The last run of every job, by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(runs).order_by(runs.c.name)).all()
        return tuple(
            JobRun(
                name=row.name,
                started_at=row.started_at,
                finished_at=row.finished_at,
                outcome=row.outcome,
                is_ok=row.is_ok,
                next_at=row.next_at,
            )
            for row in rows
        )

    def note(self, run: JobRun) -> None:
        """Keep a run in place of the job's run before; one without outcome keeps that outcome."""
        values: dict[str, object] = {
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "is_ok": run.is_ok,
            "next_at": run.next_at,
        }
        if run.outcome:
            values["outcome"] = run.outcome
        with self._database.write() as connection:
            this = runs.c.name == run.name
            if not connection.execute(runs.update().where(this).values(**values)).rowcount:
                row = {"name": run.name, "outcome": "", **values}
                connection.execute(runs.insert().values(**row))


class StoppedError(Exception):
    """A job was told to stop while it waited; the next start begins it again."""


class RetryPause:
    """How jobs wait, so that whoever ends them need not."""

    def __init__(self) -> None:
        self._ended = threading.Event()

    def __call__(self, seconds: float) -> None:
        """Wait. Raises StoppedError when the jobs are to end."""
        if self._ended.wait(seconds):
            raise StoppedError

    def end(self) -> None:
        """Let nobody wait any longer."""
        self._ended.set()


class Jobs:
    """Jobs that are looked after until they are stopped."""

    def __init__(
        self, jobs: Iterable[Job], journal: JobJournal, now: Callable[[], dt.datetime]
    ) -> None:
        self._journal, self._now = journal, now
        self._noted: dict[str, dt.datetime] = {}
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
        """Begin, at once."""
        self._scheduler.start()

    def stop(self, *, wait: bool) -> None:
        """End; with `wait`, after what is running."""
        self._scheduler.shutdown(wait=wait)

    def _run(self, job: Job) -> None:
        """One tick. Whatever breaks is logged and kept; the next tick comes all the same."""
        started = self._now()
        try:
            outcome, is_ok = job.work(started), True
        except StoppedError:
            return
        except Exception as error:  # noqa: BLE001  # a job that fails must not end the schedule
            outcome, is_ok = f"{type(error).__name__}: {error}"[:500], False
            _log.exception("a job failed", job=job.name)
        if outcome and is_ok:
            _log.info("job", job=job.name, outcome=outcome)
        last = self._noted.get(job.name)
        if is_ok and not outcome and last and dt.timedelta() <= started - last < _SELDOM:
            return
        self._noted[job.name] = started
        run = JobRun(
            name=job.name,
            started_at=started,
            finished_at=self._now(),
            outcome=outcome,
            is_ok=is_ok,
            next_at=started + job.every,
        )
        try:
            self._journal.note(run)
        except SQLAlchemyError as error:
            _log.error("a run could not be kept", job=job.name, reason=type(error).__name__)
