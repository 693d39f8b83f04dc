"""A lock has one holder, is free as soon as that dies, and its loss is noticed."""

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
    """Starts a process that takes the lock and keeps it."""
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


def read_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    return process.stdout.readline().decode().strip()


def test_a_lock_has_one_holder_until_it_is_released(empty_database_url: str) -> None:
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


def test_locks_of_different_names_are_independent(empty_database_url: str) -> None:
    with opened(empty_database_url) as database:
        one, other = open_lock(database, "worker"), open_lock(database, "run")
        assert one.acquire()
        assert other.acquire()
        one.release()
        assert other.is_held()
        other.release()


def test_two_lock_objects_in_one_process_exclude_each_other(empty_database_url: str) -> None:
    with opened(empty_database_url) as database:
        first, second = open_lock(database, "worker"), open_lock(database, "worker")
        assert first.acquire()
        assert not second.acquire()
        first.release()
        # PostgreSQL releases a closed connection's locks a moment later.
        wait_for(second.acquire, 10, "the lock")
        second.release()


def test_a_killed_holder_loses_the_lock_at_once(hold: Hold, empty_database_url: str) -> None:
    holder = hold()
    assert read_line(holder) == "held"
    with opened(empty_database_url) as database:
        lock = open_lock(database, "worker")
        assert not lock.acquire()
        holder.kill()
        holder.wait(10)
        began = time.monotonic()
        wait_for(lock.acquire, 5, "the lock")
        assert time.monotonic() - began < 2
        lock.release()


def test_one_of_several_waiting_processes_gets_the_lock(
    hold: Hold, empty_database_url: str
) -> None:
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


def test_a_lost_server_is_noticed_and_the_lock_is_acquired_again() -> None:
    """After a restart of PostgreSQL no object believes that it still holds the lock."""
    with Postgres.running() as server, opened(server.create("locks")) as database:
        lock, other = AdvisoryLock(database, "worker"), AdvisoryLock(database, "worker")
        assert lock.acquire()
        server.stop(abruptly=True)
        assert not lock.is_held()
        assert not lock.acquire(), "no lock without a server"
        server.start()
        assert not lock.is_held()
        assert other.acquire()
        assert not lock.acquire()
        other.release()
        # The server gives a closed connection's lock back when its process has noticed.
        wait_for(lock.acquire, 30, "the lock")
        server.restart()
        assert not lock.is_held()
        assert lock.acquire()
        lock.release()
