"""Laws of the schedule: what jobs did is kept, one that breaks breaks no other, all can end."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from bot.app.container import now
from bot.db.engine import Database
from bot.ops.jobs import Job, JobJournal, Jobs, RetryPause
from tests.e2e.processes import wait_for

OFTEN = dt.timedelta(seconds=0.05)


@contextmanager
def scheduled(database: Database, **works: Callable[[dt.datetime], str]) -> Any:
    """Jobs by their names, looked after until the block ends."""
    journal = JobJournal(database)
    jobs = Jobs([Job(name, OFTEN, work) for name, work in works.items()], journal, now)
    jobs.start()
    try:
        yield journal
    finally:
        jobs.stop(wait=True)


def test_what_a_job_did_is_kept_when_it_comes_again_with_nothing_to_do(
    database: Database,
) -> None:
    """`papers jobs` tells of the last thing that was done, not of the last tick."""
    ticks = iter(["2 published"])
    begun = now()
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


def test_a_job_that_breaks_is_told_and_no_other_notices(database: Database) -> None:
    done = threading.Semaphore(0)

    def breaks(_: dt.datetime) -> str:
        raise ValueError("a disk is full")

    def works(_: dt.datetime) -> str:
        done.release()
        return "done"

    with scheduled(database, breaks=breaks, works=works) as journal:
        assert all(done.acquire(timeout=10) for _ in range(3))
        wait_for(lambda: len(journal.runs()) == 2 or None, 10, "both runs")
    told = {run.name: (run.outcome, run.is_ok) for run in journal.runs()}
    assert told == {"breaks": ("ValueError: a disk is full", False), "works": ("done", True)}


def test_no_job_runs_twice_at_once(sqlite: Database) -> None:
    """A poll takes longer than the time between two looks whether one is due."""
    running, most, over = 0, 0, threading.Event()

    def slow(_: dt.datetime) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        over.wait(0.4)
        running -= 1
        return "done"

    with scheduled(sqlite, slow=slow):
        time.sleep(1)
        over.set()
    assert most == 1


def test_a_job_that_waits_its_turn_ends_at_once_and_counts_as_not_run(sqlite: Database) -> None:
    """Nobody who ends the bot waits for arXiv; the poll is begun again by the next start."""
    pause, waiting = RetryPause(), threading.Event()

    def poll(_: dt.datetime) -> str:
        waiting.set()
        pause(60)
        return "polled"

    with scheduled(sqlite, poll=poll) as journal:
        assert waiting.wait(10)
        began = time.monotonic()
        pause.end()
    assert time.monotonic() - began < 5
    assert journal.runs() == ()
