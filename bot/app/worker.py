"""What the worker does, one process at a time: sends, publishes, completes, polls.

lock ──► sender, in this thread
     └─► jobs, each on its own: publish, complete, wake, poll, …
lost the lock, or told to stop ──► both end, and it waits for the lock again
"""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.app.container import Container, now
from bot.app.finding import complete_suggestions, hand_over, poll_when_due, refit
from bot.app.state import WORKER
from bot.app.targets import target_of
from bot.db.lock import lock_of
from bot.discovery.retention import RECORDS, delete_old
from bot.ops.jobs import Job, JobJournal, Jobs, RetryPause
from bot.publishing.publisher import Publisher
from bot.publishing.queue import PublicationQueue
from bot.slack.clients import make_clients
from bot.slack.delivery.renderer import Renderer
from bot.slack.delivery.sender import Sender
from bot.slack.permalinks import card_link

_TICK = 0.2  # seconds between looks into the outbox
_LOCK_AGAIN = 1.0
_JUMP = 60.0  # seconds between the wall's clock and the one that only grows
_FINISH = 4.0  # seconds for what is running when the process is told to stop


class Worker:
    """Does the work while it holds the lock."""

    def __init__(self, parts: Container, token: str, workspace: str) -> None:
        """`workspace` is the address that links to cards begin with.

        Raises PapersError when a setting for publishing is missing.
        """
        self._parts, self._workspace = parts, workspace
        self._client = make_clients(token, parts.settings.slack_api_url).once_only
        self._lock = lock_of(parts.database, WORKER)
        self._target = target_of(parts)
        self.is_acting = False

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop; wait while another process does."""
        waiting = False
        while not stop.is_set():
            if self._lock.acquire():
                waiting = False
                try:
                    self._act(stop)
                except SQLAlchemyError as error:  # it must not end a thread that nobody watches
                    structlog.get_logger().error(
                        "the work is begun again", reason=type(error).__name__
                    )
                except Exception:  # noqa: BLE001  # whatever it is, somebody has to go on sending
                    # In `papers run` this is a thread: it must not end while the rest goes on.
                    structlog.get_logger().exception("the worker begins again")
                finally:
                    self._lock.release()
            elif not waiting:
                waiting = True
                structlog.get_logger().info("another worker is at work; this one waits")
            stop.wait(_LOCK_AGAIN)

    def _act(self, stop: threading.Event) -> None:
        sender = Sender(
            self._parts.outbox,
            self._client,
            Renderer(self._parts.suggestions, self._parts.lookup, self._workspace).render,
            now=now,
            clock=time.monotonic,
        )
        pause = RetryPause()
        work = self._jobs(replace(self._parts, sleep=pause))
        jobs = Jobs(work, JobJournal(self._parts.database), now)
        self._parts.review.recall(self._parts.suggestions.open(), now())
        jobs.start()
        self.is_acting = True
        try:
            self._send(sender, stop)
        finally:
            self.is_acting = False
            pause.end()
            _end(jobs)

    def _send(self, sender: Sender, stop: threading.Event) -> None:
        """Deliver the outbox for as long as the lock is held, and the clock runs on."""
        began = time.time() - time.monotonic()
        while not stop.is_set() and self._lock.is_held():
            if abs(time.time() - time.monotonic() - began) > _JUMP:
                # The schedule would sleep until the clock has caught up with it.
                structlog.get_logger().warning("the clock has jumped; the work is begun again")
                return
            try:
                sender.step(lambda: not stop.is_set() and self._lock.is_held())
            except SQLAlchemyError as error:
                structlog.get_logger().error(
                    "the outbox cannot be read", reason=type(error).__name__
                )
                stop.wait(_LOCK_AGAIN)
            stop.wait(_TICK)

    def _jobs(self, parts: Container) -> Iterator[Job]:
        """What is looked after; each finds by itself what is due."""
        publisher = self._publisher()
        seconds = dt.timedelta(seconds=1)
        yield Job("publish", seconds, lambda moment: _counted(publisher.step(moment), "published"))
        yield Job("settle", 60 * seconds, lambda _: _counted(publisher.settle(), "written again"))
        yield Job("complete", 2 * seconds, lambda _: complete_suggestions(parts))
        yield Job("wake", 30 * seconds, lambda moment: _counted(_wake(parts, moment), "woken"))
        yield Job("hand over", 60 * seconds, lambda _: _counted(hand_over(parts), "handed over"))
        yield Job(
            "digests", 30 * seconds, lambda moment: _counted(digests(parts, moment), "issued")
        )
        yield Job("refit", 3600 * seconds, lambda moment: refit(parts, moment))
        yield Job(
            "housekeeping",
            24 * 3600 * seconds,
            lambda moment: _counted(_forget(parts, moment), "rows forgotten"),
        )
        yield Job("poll", 60 * seconds, lambda moment: poll_when_due(parts, moment))

    def _publisher(self) -> Publisher:
        settings = self._parts.settings
        return Publisher(
            PublicationQueue(self._parts.database, settings.review_channel),
            settings.data_dir,
            self._target,
            run=uuid.uuid4().hex,
            link=self._card,
        )

    def _card(self, number: int) -> str | None:
        """The address of a suggestion's card, once it is posted."""
        return card_link(self._parts.outbox, self._workspace, number)


def _wake(parts: Container, moment: dt.datetime) -> int:
    sleeping = parts.suggestions.sleeping(moment)
    for one in sleeping:
        parts.review.wake(one, moment)
    return len(sleeping)


def _forget(parts: Container, moment: dt.datetime) -> int:
    """Keep the database bounded."""
    return delete_old(parts.database, moment) + parts.outbox.thin(moment - RECORDS)


def digests(parts: Container, moment: dt.datetime) -> int:
    """Issue the editions that are due; how many there are."""
    return len(parts.editor.issue_due(moment))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count else ""


def _end(jobs: Jobs) -> None:
    """Stop ticking, and wait for what is running, not for ever: any of it may be killed."""
    ending = threading.Thread(target=jobs.stop, kwargs={"wait": True}, daemon=True)
    ending.start()
    ending.join(_FINISH)
