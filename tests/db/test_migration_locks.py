"""A migration waits for no old process, and never runs under one: it says what to end first."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bot.db.engine import Database, DatabaseError
from bot.db.lock import (
    ENDING_LOCK,
    MIGRATION_LOCK,
    SOCKET_LOCK,
    WORKER_LOCK,
    Lock,
    announced_end,
    open_lock,
)
from bot.db.migrate import is_current, migrate, newest_version, schema_version, upgrade
from tests.conftest import opened
from tests.e2e.processes import wait_for

OLD = "0004"


@pytest.fixture
def old(empty_database_url: str) -> Iterator[Database]:
    """A database of an earlier version."""
    with opened(empty_database_url) as database:
        with database.write() as connection:
            upgrade(connection, OLD)
        yield database


@pytest.mark.parametrize("name", [WORKER_LOCK, SOCKET_LOCK])
def test_a_migration_is_refused_under_a_process_at_work(
    name: str, old: Database, empty_database_url: str
) -> None:
    with opened(empty_database_url) as other:
        lock = open_lock(other, name)
        assert lock.acquire()
        began = time.monotonic()
        with pytest.raises(
            DatabaseError, match=f"schema {OLD} to {newest_version()}.*End `papers run`"
        ):
            migrate(old)
        assert time.monotonic() - began < 2
        assert schema_version(old) == OLD
        lock.release()
        migrate(old)
        assert is_current(old)
        assert lock.acquire(), "the migration has released it"
        lock.release()


def test_a_process_that_is_ending_is_waited_for(old: Database, empty_database_url: str) -> None:
    """A platform starts the new version when it tells the old one to end."""
    with opened(empty_database_url) as other:
        locks = [open_lock(other, name) for name in (WORKER_LOCK, ENDING_LOCK)]
        assert all(lock.acquire() for lock in locks)

        def end() -> None:
            for lock in locks:
                lock.release()

        timer = threading.Timer(1.0, end)
        timer.start()
        migrate(old)
        timer.join()
    assert is_current(old)


def test_an_end_is_announced_and_does_not_wait_for_the_database(
    old: Database, empty_database_url: str
) -> None:
    with opened(empty_database_url) as other:
        lock = open_lock(other, ENDING_LOCK)
        with announced_end(old):
            wait_for(lambda: not _is_free(lock), 10, "the lock")
        wait_for(lambda: _is_free(lock), 10, "its end")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        url = f"postgresql://u:p@127.0.0.1:{silent.getsockname()[1]}/x"
        with opened(url) as hanging, announced_end(hanging):
            pass
        assert time.monotonic() - began < 1


def _is_free(lock: Lock) -> bool:
    taken = lock.acquire()
    lock.release()
    return taken


def test_processes_of_a_new_version_that_start_together_migrate_once(
    old: Database, empty_database_url: str
) -> None:
    """One migrates; the others wait for it instead of refusing, and then find it done."""
    with opened(empty_database_url) as other:
        lock = open_lock(other, MIGRATION_LOCK)
        assert lock.acquire()
        errors: list[Exception] = []

        def start() -> None:
            try:
                with opened(empty_database_url) as database:
                    migrate(database)
            except DatabaseError as error:
                errors.append(error)

        threads = [threading.Thread(target=start) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        assert schema_version(old) == OLD
        lock.release()
        for thread in threads:
            thread.join(30)
    assert not errors
    assert is_current(old)


def test_a_database_of_the_newest_version_needs_no_lock(empty_database_url: str) -> None:
    """So a second process starts beside the one at work."""
    with opened(empty_database_url) as database, opened(empty_database_url) as other:
        migrate(database)
        locks = [open_lock(other, name) for name in (WORKER_LOCK, SOCKET_LOCK, MIGRATION_LOCK)]
        assert all(lock.acquire() for lock in locks)
        migrate(database)
        for lock in locks:
            lock.release()


def test_a_refused_migration_leaves_no_lock(old: Database, empty_database_url: str) -> None:
    with opened(empty_database_url) as other:
        worker, run = open_lock(other, WORKER_LOCK), open_lock(other, SOCKET_LOCK)
        assert run.acquire()
        with pytest.raises(DatabaseError):
            migrate(old)
        assert worker.acquire()
        worker.release()
        run.release()


def test_an_unknown_version_is_refused_before_any_lock(old: Database) -> None:
    with old.write() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseError, match="newer version"):
        migrate(old)
