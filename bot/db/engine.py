"""Database access, SQLite or PostgreSQL, with transactions that behave alike.

SQLite runs in WAL mode (readers never wait for the writer) and begins writing transactions with
BEGIN IMMEDIATE, so that two writers wait for each other instead of failing half-way
(https://www.sqlite.org/lang_transaction.html). The driver's own transactions are switched off, as
SQLAlchemy's documentation of its SQLite dialect advises.

On PostgreSQL a writing transaction begins with one advisory lock, so that there, too, one
transaction writes at a time: what it has read is still true when it writes, no two insert the same
row, and none deadlock. The bot writes little and briefly; simple reasoning is worth more here than
parallel writes. Readers never wait.
"""

import contextlib
import datetime as dt
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.db.private_files import make_private
from bot.errors import PapersError

_BUSY_SECONDS = 10
_CONNECT_SECONDS = 5
_WAL_WAITS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_WRITERS = 0x7061706572  # the key of the writers' advisory lock, arbitrary

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class DatabaseError(PapersError):
    """A database that cannot be used as it is set up."""


class Moment(sa.types.TypeDecorator[dt.datetime]):
    """A column type for aware moments, stored in UTC; SQLite stores them without a zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: dt.datetime | None, _dialect: Dialect
    ) -> dt.datetime | None:
        """The moment in UTC. Raises ValueError without a zone, which would be a guess."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without time zone")
        return value.astimezone(dt.UTC) if value else None

    def process_result_value(self, value: Any, _dialect: Dialect) -> dt.datetime | None:
        """The moment in UTC."""
        if not isinstance(value, dt.datetime):
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Database:
    """A database with its reading and writing transactions."""

    def __init__(self, engine: Engine) -> None:
        """Use `open_database` for an engine with the right settings."""
        self.engine = engine

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction, committed when the block ends and rolled back when it raises."""
        with self.engine.begin() as connection:
            if not self.is_sqlite:
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))
            yield connection

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A read-only snapshot, which waits for no writer."""
        options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
        if not self.is_sqlite:  # where reading in batches needs a transaction
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections; a later transaction opens new ones."""
        self.engine.dispose()

    @property
    def is_sqlite(self) -> bool:
        """True if the database is a SQLite file."""
        return self.engine.dialect.name == "sqlite"


def open_database(url: str, *, sleep: Callable[[float], None] = time.sleep) -> Database:
    """Open a database by its URL: `sqlite:///papers.db`, `postgresql://…` (also `postgres://`).

    Raises DatabaseError when the URL is not understood.
    """
    url = url.replace("postgres://", "postgresql://", 1)
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise DatabaseError("DATABASE_URL must begin with sqlite:/// or postgresql://.")
        engine = sa.create_engine(parsed, pool_pre_ping=True, **_options(parsed))
    except (SQLAlchemyError, ModuleNotFoundError):
        raise DatabaseError(
            "DATABASE_URL is not understood; it must look like sqlite:///papers.db "
            "or postgresql://user:password@host/name."
        ) from None
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _set_up_sqlite(engine, sleep)
    return Database(engine)


def _options(url: sa.URL) -> dict[str, Any]:
    """Engine options of a URL.

    READ COMMITTED, whatever the server's default: a writer that waited has to see what the one
    before it wrote.
    """
    if url.get_backend_name() == "sqlite":
        return {}
    # Without a limit, connecting to a server that does not answer takes minutes.
    connect_args = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_SECONDS}
    return {"isolation_level": "READ COMMITTED", "connect_args": connect_args}


def _set_up_sqlite(engine: Engine, sleep: Callable[[float], None]) -> None:
    path = engine.url.database or ""

    @sa.event.listens_for(engine, "do_connect")
    def secure(*_: object) -> None:
        """Keep the file from others; SQLite gives its mode to those that it makes beside it."""
        if path and path != ":memory:" and not path.startswith("file:"):
            make_private(Path(path))
            for suffix in ("-wal", "-shm", "-journal"):
                make_private(Path(path + suffix), create=False)

    @sa.event.listens_for(engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        _use_wal(cursor, sleep)
        for pragma in (
            f"busy_timeout = {_BUSY_SECONDS * 1000}",
            "foreign_keys = ON",
            "synchronous = FULL",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _use_wal(cursor: sqlite3.Cursor, sleep: Callable[[float], None]) -> None:
    """Switch a file to WAL, which it then keeps; retry while another connection does the same.

    SQLite's own waiting (`busy_timeout`) does not apply to this statement.
    """
    for wait in _WAL_WAITS:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            sleep(wait)
        else:
            return
    cursor.execute("PRAGMA journal_mode = WAL")
