"""One `papers run` a database: a second one refuses at once, or waits for one that is ending."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.app.container import Container, bootstrap
from bot.app.processes import socket_mode_lock
from bot.db.engine import Database
from bot.db.lock import ENDING_LOCK, SOCKET_LOCK, open_lock
from bot.errors import PapersError
from bot.settings import Settings
from tests.conftest import DATA, opened
from tests.slack.workspace_bot import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def container(database: Database, clock: Clock) -> Container:
    return bootstrap(
        Settings.model_validate({"PAPERS_DATA_DIR": str(DATA)}),
        clock=lambda: clock.seconds,
        sleep=clock.tick,
        database=database,
    )


@contextlib.contextmanager
def _held(database: Database, name: str) -> Iterator[None]:
    lock = open_lock(database, name)
    assert lock.acquire()
    yield
    lock.release()


def test_a_start_refuses_within_a_second_while_another_one_serves(
    container: Container, clock: Clock, database_url: str
) -> None:
    with opened(database_url) as other, _held(other, SOCKET_LOCK):
        began = clock.seconds
        with (
            pytest.raises(PapersError, match="Another `papers run` is using this database"),
            socket_mode_lock(container),
        ):
            raise AssertionError("two processes would serve")
        assert clock.seconds - began < 1


def test_a_start_waits_for_one_that_is_ending(
    container: Container, clock: Clock, database_url: str
) -> None:
    """A platform starts the next process when it tells the one before to end."""
    with opened(database_url) as other:
        lock, ending = open_lock(other, SOCKET_LOCK), open_lock(other, ENDING_LOCK)
        assert lock.acquire()
        assert ending.acquire()
        began = clock.seconds

        def sleep(seconds: float) -> None:
            clock.tick(seconds)
            if clock.seconds - began > 9:
                ending.release()
                lock.release()

        with socket_mode_lock(replace(container, sleep=sleep)):
            assert 9 < clock.seconds - began < 11
        assert lock.acquire(), "the lock is free afterwards"
        lock.release()
