"""Laws of the lock: one holder at a time, free at once when it dies, and known to be lost."""

import contextlib
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from bot.db.lock import AdvisoryLock, open_lock
from tests.conftest import opened
from tests.db.postgres import Postgres
from tests.e2e.processes import ROOT, environment, wait_for

HOLDER = """
import sys, time
from bot.db.engine import open_database
from bot.db.lock import open_lock
lock = open_lock(open_database(sys.argv[1]), "worker")
while not lock.acquire():
    time.sleep(0.02)
print("held", flush=True)
time.sleep(60)
"""
Hold = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def hold(empty_database_url: str) -> Iterator[Hold]:
    """Starts a process that takes the lock and does not let it go."""
    with contextlib.ExitStack() as stack:

        def start() -> subprocess.Popen[bytes]:
            process = stack.enter_context(
                subprocess.Popen(  # noqa: S603  # this file's own program
                    [sys.executable, "-c", HOLDER, empty_database_url],
                    env={**environment(), "PYTHONPATH": str(ROOT)},
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                )
            )
            stack.callback(process.kill)
            return process

        yield start


def told(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().strip()


def test_one_has_it_and_the_next_when_it_is_released(empty_database_url: str) -> None:
    with opened(empty_database_url) as one, opened(empty_database_url) as other:
        first, second = open_lock(one, "worker"), open_lock(other, "worker")
        assert not first.is_held()
        assert first.acquire()
        assert first.acquire(), "it is held already"
        assert first.is_held()
        assert not second.acquire()
        assert not second.is_held()
        first.release()
        first.release()
        assert not first.is_held()
        assert second.acquire()
        second.release()


def test_locks_of_two_names_are_two(empty_database_url: str) -> None:
    with opened(empty_database_url) as database:
        one, other = open_lock(database, "worker"), open_lock(database, "run")
        assert one.acquire()
        assert other.acquire()
        one.release()
        assert other.is_held()
        other.release()


def test_a_lock_is_one_processs_in_a_process_too(empty_database_url: str) -> None:
    """Two in one process are two: what holds is the object, not whoever asks."""
    with opened(empty_database_url) as database:
        one, other = open_lock(database, "worker"), open_lock(database, "worker")
        assert one.acquire()
        assert not other.acquire()
        one.release()
        assert other.acquire()
        other.release()


def test_a_holder_that_is_killed_has_lost_it_at_once(hold: Hold, empty_database_url: str) -> None:
    holder = hold()
    assert told(holder) == "held"
    with opened(empty_database_url) as database:
        lock = open_lock(database, "worker")
        assert not lock.acquire()
        holder.kill()
        holder.wait(10)
        began = time.monotonic()
        wait_for(lock.acquire, 5, "the lock")
        assert time.monotonic() - began < 2
        lock.release()


def test_of_many_that_wait_one_gets_it(hold: Hold, empty_database_url: str) -> None:
    with opened(empty_database_url) as database:
        lock = open_lock(database, "worker")
        assert lock.acquire()
        waiting = [hold() for _ in range(3)]
        outputs = [one.stdout.fileno() for one in waiting if one.stdout]
        lock.release()
        readable, _, _ = select.select(outputs, [], [], 20)
        assert len(readable) == 1
        time.sleep(0.5)
        assert len(select.select(outputs, [], [], 0)[0]) == 1
        assert not lock.acquire()


def test_a_server_that_is_gone_is_noticed_and_the_lock_is_taken_again() -> None:
    """PostgreSQL restarts: whoever held the lock knows, and nobody has it by mistake."""
    with Postgres.running() as server, opened(server.create("locks")) as database:
        lock, other = AdvisoryLock(database, "worker"), AdvisoryLock(database, "worker")
        assert lock.acquire()
        server.stop(abruptly=True)
        assert not lock.is_held()
        assert not lock.acquire(), "without a server nobody has it"
        server.start()
        assert not lock.is_held()
        assert other.acquire()
        assert not lock.acquire()
        other.release()
        assert lock.acquire()
        server.restart()
        assert not lock.is_held()
        assert lock.acquire()
        lock.release()
