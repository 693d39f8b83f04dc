"""The schedule: runs are recorded, a failing job stops no other, and jobs can be interrupted."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from bot.app.clock import utc_now
from bot.db.engine import Database
from bot.ops.jobs import InterruptibleSleep, Job, JobJournal, Jobs
from tests.e2e.processes import wait_for

OFTEN = dt.timedelta(seconds=0.05)


@contextmanager
def scheduled(database: Database, **works: Callable[[dt.datetime], str]) -> Any:
    """Run jobs by their names until the block ends; yields their journal."""
    journal = JobJournal(database)
    jobs = Jobs([Job(name, OFTEN, work) for name, work in works.items()], journal, utc_now)
    jobs.start()
    try:
        yield journal
    finally:
        jobs.stop(wait=True)


def test_a_run_with_nothing_to_do_keeps_the_last_outcome(database: Database) -> None:
    """`papers jobs` shows the last outcome, not the last tick."""
    ticks = iter(["2 published"])
    begun = utc_now()
    ticked = threading.Semaphore(0)

    def publish(_: dt.datetime) -> str:
        ticked.release()
        return next(ticks, "")

    with scheduled(database, publish=publish) as journal:
        assert all(ticked.acquire(timeout=10) for _ in range(3))
    (run,) = journal.runs()
    assert (run.name, run.outcome, run.is_ok) == ("publish", "2 published", True)
    assert begun <= run.started_at <= run.finished_at
    assert run.next_at - run.started_at == OFTEN


def test_a_failing_job_is_recorded_and_stops_no_other(sqlite: Database) -> None:
    done = threading.Semaphore(0)

    def breaks(_: dt.datetime) -> str:
        raise ValueError("a disk is full")

    def works(_: dt.datetime) -> str:
        done.release()
        return "done"

    with scheduled(sqlite, breaks=breaks, works=works) as journal:
        assert all(done.acquire(timeout=10) for _ in range(3))
        wait_for(lambda: len(journal.runs()) == 2 or None, 10, "both runs")
    recorded = {run.name: (run.outcome, run.is_ok) for run in journal.runs()}
    assert recorded == {"breaks": ("ValueError: a disk is full", False), "works": ("done", True)}


def test_no_job_runs_twice_at_once(sqlite: Database) -> None:
    """A poll takes longer than the interval at which it is started."""
    started, over, ticks = [], threading.Event(), threading.Semaphore(0)

    def slow(now: dt.datetime) -> str:
        started.append(now)
        over.wait(30)
        return "done"

    def tick(_: dt.datetime) -> str:
        ticks.release()
        return ""

    with scheduled(sqlite, slow=slow, tick=tick):
        assert all(ticks.acquire(timeout=10) for _ in range(6))
        running = len(started)
        over.set()
    assert running == 1


def test_an_interrupted_job_ends_at_once_and_is_not_recorded(sqlite: Database) -> None:
    """A shutdown does not wait for the turn at arXiv; the next start repeats the poll."""
    sleep, sleeping = InterruptibleSleep(), threading.Event()

    def poll(_: dt.datetime) -> str:
        sleeping.set()
        sleep(60)
        return "polled"

    with scheduled(sqlite, poll=poll) as journal:
        assert sleeping.wait(10)
        began = time.monotonic()
        sleep.interrupt()
    assert time.monotonic() - began < 5
    assert journal.runs() == ()
