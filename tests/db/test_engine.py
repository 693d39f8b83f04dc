"""Transactions are atomic and isolated, writers wait for each other, moments keep their zone."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import StatementError

from bot.db.engine import Database, DatabaseError, Moment, open_database
from tests.conftest import opened

TABLES = sa.MetaData()
counter = sa.Table(
    "counter",
    TABLES,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("n", sa.Integer),
    sa.Column("at", Moment),
)


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    with opened(empty_database_url) as found:
        with found.write() as connection:
            TABLES.create_all(connection)
            connection.execute(counter.insert().values(name="a", n=0))
        yield found


def test_a_transaction_that_raises_is_rolled_back(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.execute(counter.update().values(n=5))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert connection.scalar(sa.select(counter.c.n)) == 0


def test_concurrent_writers_lose_no_update(database: Database) -> None:
    """Read, add, write: without a lock from the start two threads would overwrite each other."""

    def add() -> None:
        for _ in range(20):
            with database.write() as connection:
                n = connection.scalar(sa.select(counter.c.n)) or 0
                connection.execute(counter.update().values(n=n + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as connection:
        assert connection.scalar(sa.select(counter.c.n)) == 80


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writer:
        writer.execute(counter.update().values(n=1))
        with database.read() as reader:
            assert reader.scalar(sa.select(counter.c.n)) == 0


def test_a_result_read_in_batches_is_a_snapshot(
    database: Database,
) -> None:
    """Hundreds of thousands of papers are read like this while a poll may write."""
    with database.write() as writer:
        writer.execute(counter.insert(), [{"name": f"b{n}", "n": 1} for n in range(50)])
    query = sa.select(counter.c.name).execution_options(yield_per=10)
    with database.read() as reader:
        rows = iter(reader.execute(query))
        next(rows)
        with database.write() as writer:
            writer.execute(counter.delete())
        assert len(list(rows)) == 50


def test_moments_keep_their_time_zone(database: Database) -> None:
    eastern = dt.timezone(dt.timedelta(hours=-5))
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=eastern)
    with database.write() as connection:
        connection.execute(counter.update().values(at=moment))
        assert connection.scalar(sa.select(counter.c.at)) == moment
        with pytest.raises(StatementError, match="time zone"):
            connection.execute(counter.update().values(at=dt.datetime(2026, 1, 2)))  # noqa: DTZ001  # the point


def test_the_folder_of_a_sqlite_file_is_created(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/deep/er/papers.db") as database, database.read():
        assert (tmp_path / "deep" / "er" / "papers.db").exists()


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "", "sqlite+unknown:///x"])
def test_a_bad_url_is_an_error_that_names_the_setting(url: str) -> None:
    with pytest.raises(DatabaseError, match="DATABASE_URL"):
        open_database(url)
