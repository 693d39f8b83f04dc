"""Behaviour that only PostgreSQL has: restarts, lock timeouts."""

import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from bot.db.engine import Database
from tests.conftest import opened
from tests.db import postgres as module
from tests.db.postgres import Postgres, programs


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of the test's own, which it may stop."""
    with Postgres.running(durable=True) as found:
        yield found


def write_once(database: Database) -> object:
    with database.write() as connection:
        return connection.scalar(sa.select(1))


def test_the_database_works_again_after_its_server_restarts(server: Postgres) -> None:
    """A restart fails the transactions during it, and none after it."""
    with opened(server.create("restarted")) as database:
        with database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE kept AS SELECT 7 AS n")
        server.stop(abruptly=True)
        with pytest.raises(OperationalError):
            write_once(database)
        server.start()
        assert write_once(database) == 1
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT n FROM kept").scalar() == 7


def test_a_writer_that_waits_too_long_fails_as_on_sqlite(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that another client leaves open must not block the bot for ever."""
    monkeypatch.setattr("bot.db.engine._BUSY_SECONDS", 1)
    name = "slow_writer"
    with opened(postgres.create(name)) as database:
        leave, holding = threading.Event(), threading.Event()

        def hold() -> None:
            with database.write():
                holding.set()
                leave.wait(20)

        thread = threading.Thread(target=hold)
        thread.start()
        holding.wait(10)
        began = time.monotonic()
        with pytest.raises(OperationalError, match="lock timeout"):
            write_once(database)
        assert time.monotonic() - began < 5
        leave.set()
        thread.join(10)
        assert write_once(database) == 1
    postgres.drop(name)


def test_a_missing_server_is_an_error_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder")
    monkeypatch.setattr(module, "PLACES", "no-such-folder/*/bin/initdb")
    with pytest.raises(AssertionError, match="apt-get install postgresql"):
        programs()
