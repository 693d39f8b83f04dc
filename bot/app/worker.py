"""The worker: one process at a time sends, publishes, completes suggestions and polls.

lock ──► sender, in this thread
└─► jobs, each in its own thread: publish, complete, wake, poll, …
lock lost, or stop ──► both end, and the worker waits for the lock again
"""

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.container import Container
from bot.db.lock import WORKER_LOCK, open_lock
from bot.db.migrate import is_current
from bot.discovery.retention import RECORDS, delete_old
from bot.ops.jobs import InterruptibleSleep, Job, JobJournal, Jobs
from bot.slack.transport.request_claims import delete_old_claims

_TICK_SECONDS = 0.2  # between looks into the outbox
_RETRY_SECONDS = 1.0  # between attempts to take the lock
_JUMP_SECONDS = 60.0  # by which the time of day may drift from the monotonic clock
_SHUTDOWN_SECONDS = 4.0  # for running jobs when the process is told to stop

_log = structlog.get_logger()


class Worker:
    """Sender and jobs, which run while this process holds the worker's lock."""

    def __init__(self, container: Container) -> None:
        """Raises PapersError when a setting for publishing is missing."""
        self._container = container
        self._lock = open_lock(container.database, WORKER_LOCK)
        self._target = container.target()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; wait while another process holds the lock."""
        is_standby = False
        while not stop.is_set():
            if self._lock.acquire():
                is_standby = False
                try:
                    if is_current(self._container.database):
                        self._work(stop)
                    else:  # while this one stood by, a newer version has migrated
                        _log.error("the schema is of another version; end this worker")
                except SQLAlchemyError as error:
                    _log.error("worker restarts", reason=type(error).__name__)
                except Exception:  # noqa: BLE001  # in `papers run` this thread must not end alone
                    _log.exception("worker restarts")
                finally:
                    self._lock.release()
            elif not is_standby:
                is_standby = True
                _log.info("another worker is at work; waiting")
            stop.wait(_RETRY_SECONDS)

    def _work(self, stop: threading.Event) -> None:
        container, sleep = self._container, InterruptibleSleep()
        journal = JobJournal(container.database)
        jobs = Jobs(self._jobs(replace(container, sleep=sleep)), journal, container.now)
        container.review.enqueue_cards(container.suggestions.open(), container.now())
        jobs.start()
        try:
            self._send(stop)
        finally:
            sleep.interrupt()
            _stop(jobs)

    def _send(self, stop: threading.Event) -> None:
        """Deliver the outbox until the lock is lost, the clock jumps, or `stop` is set."""
        sender, began = self._container.sender(), self._clock_offset()
        while not stop.is_set() and self._lock.is_held():
            if abs(self._clock_offset() - began) > _JUMP_SECONDS:
                # The schedule would sleep until the clock has caught up with it.
                _log.warning("the clock has jumped; worker restarts")
                return
            try:
                if self._container.connection.is_known:  # without Slack, tries would be used up
                    sender.step(lambda: not stop.is_set() and self._lock.is_held())
            except SQLAlchemyError as error:
                _log.error("the outbox cannot be read", reason=type(error).__name__)
                stop.wait(_RETRY_SECONDS)
            stop.wait(_TICK_SECONDS)

    def _clock_offset(self) -> float:
        return self._container.now().timestamp() - self._container.clock()

    def _jobs(self, container: Container) -> Iterator[Job]:
        """The jobs; each decides from the database what is due."""
        publisher = container.publisher(uuid.uuid4().hex, self._target)
        intake = container.intake()
        second = dt.timedelta(seconds=1)
        yield Job("publish", second, lambda now: _counted(publisher.publish_due(now), "published"))
        yield Job(
            "settle", 60 * second, lambda _: _counted(publisher.reconcile(), "written again")
        )
        yield Job("complete", 2 * second, lambda _: intake.complete())
        yield Job("wake", 30 * second, lambda now: _counted(_wake(container, now), "woken"))
        yield Job("hand over", 60 * second, lambda _: _counted(intake.hand_over(), "handed over"))
        yield Job(
            "digests",
            30 * second,
            lambda now: _counted(len(container.digests.issue_due(now)), "issued"),
        )
        yield Job("refit", 3600 * second, intake.refit)
        yield Job(
            "housekeeping",
            24 * 3600 * second,
            lambda now: _counted(_delete_old(container, now), "rows deleted"),
        )
        yield Job("poll", 60 * second, lambda _: intake.poll_when_due())


def _wake(container: Container, now: dt.datetime) -> int:
    """Return postponed suggestions to review; returns their number."""
    suggestions = container.suggestions.expired_postponements(now)
    for suggestion in suggestions:
        container.review.wake(suggestion, now)
    return len(suggestions)


def _delete_old(container: Container, now: dt.datetime) -> int:
    """Delete rows past their retention; returns their number."""
    return (
        delete_old(container.database, now)
        + container.outbox.delete_delivered_before(now - RECORDS)
        + container.activity.delete_old(now)
        + delete_old_claims(container.database, now)
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count else ""


def _stop(jobs: Jobs) -> None:
    """Stop the schedule and wait a few seconds for running jobs; any may be killed."""
    stopping = threading.Thread(target=jobs.stop, kwargs={"wait": True}, daemon=True)
    stopping.start()
    stopping.join(_SHUTDOWN_SECONDS)
