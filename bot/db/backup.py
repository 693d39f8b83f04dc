"""The state in a file, and back: from SQLite or PostgreSQL into either.

    SQLite ──online backup──► a SQLite file ──┐
                                              ├──► restore: one transaction, into either database
    PostgreSQL ──one snapshot──► an archive ──┘

An archive is a ZIP file: `backup.json` says which schema it holds and how many rows, and a file of
JSON lines holds each table. What is restored first gets the schema that it was made with, then is
brought to the newest. So a backup may be older than the code, never newer.
"""

import contextlib
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError as BrokenError

from bot.db.engine import Database, open_database
from bot.db.migrate import is_known_version, newest_version, schema_version, upgrade
from bot.db.row_json import from_json, moments_with_zone, to_json
from bot.errors import PapersError

_CONTENTS = "backup.json"
_FORMAT = 1
_VERSIONS = "alembic_version"
_SQLITE = b"SQLite format 3\x00"
_MANY = 500  # rows in one statement

Rows = Iterator[dict[str, Any]]
BackupSource = tuple[str, Callable[[sa.Table], Rows]]


class BackupError(PapersError):
    """A backup that cannot be made, or not be restored."""


def backup(database: Database, file: Path) -> int:
    """Keep all that is in a database in a file, which is there whole or not at all; its bytes.

    It is as the database was at one moment, whoever writes meanwhile. Raises BackupError.
    """
    source = Path(database.engine.url.database or "")
    if database.is_sqlite and file.exists() and source.exists() and file.samefile(source):
        raise BackupError(f"{file} is the database itself. Name another file.")
    try:
        with _in_its_place(file) as scratch:
            if database.is_sqlite:
                _copy(database, scratch)
            else:
                _archive(database, scratch)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from None
    return file.stat().st_size


def restore(database: Database, file: Path, *, replace: bool) -> int:
    """Bring a database to what a backup holds, in one transaction; how many rows that is.

    With `replace` what the database holds goes away. Raises BackupError, and changes nothing then.
    """
    with _opened(file) as (version, read):
        if not is_known_version(version):
            raise BackupError(
                f"{file} was made by a newer version of this code (schema {version}; known here "
                f"is {newest_version()}). Restore it with that version."
            )
        with database.write() as connection:
            if (held := _held(connection)) and not replace:
                raise BackupError(
                    f"The database holds {held:,} rows already. Add --replace to have them "
                    "replaced, and make a backup of them before."
                )
            _clear(connection)
            upgrade(connection, version)
            rows = sum(_fill(connection, table, read(table)) for table in _tables(connection))
            upgrade(connection)
            if not database.is_sqlite:
                _count_on(connection)
    return rows


@contextlib.contextmanager
def _in_its_place(file: Path) -> Iterator[Path]:
    """A new file that takes its place once it is whole; for its owner's eyes only."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    os.close(handle)
    scratch = Path(name)
    try:
        yield scratch
        with scratch.open("rb") as written:
            os.fsync(written.fileno())
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def _copy(database: Database, scratch: Path) -> None:
    """SQLite's own online backup (https://www.sqlite.org/backup.html)."""
    with (
        database.read() as connection,
        contextlib.closing(sqlite3.connect(scratch)) as target,
    ):
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError(driver)
        driver.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file alone


def _archive(database: Database, scratch: Path) -> None:
    """All tables in one look at the database."""
    version = schema_version(database)
    with (
        database.read() as connection,
        zipfile.ZipFile(scratch, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        counts = {}
        for table in _tables(connection):
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
                counts[table.name] = 0
                for row in _rows(connection, table):
                    line = json.dumps(to_json(row), ensure_ascii=False)
                    lines.write(f"{line}\n".encode())
                    counts[table.name] += 1
        contents = {"format": _FORMAT, "schema": version, "rows": counts}
        archive.writestr(_CONTENTS, json.dumps(contents, indent=1))


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BackupSource]:
    """A backup's version, and what gives the rows of each table."""
    try:
        with file.open("rb") as begin:
            is_sqlite = begin.read(len(_SQLITE)) == _SQLITE
        with _of_sqlite(file) if is_sqlite else _of_archive(file) as source:
            yield source
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, BrokenError, EOFError, LookupError, ValueError) as error:
        if isinstance(error, BrokenError) and not _is_broken(error):
            raise
        raise BackupError(f"{file} is no whole backup of `papers backup`.") from error


def _is_broken(error: BrokenError) -> bool:
    """Whether a SQLite file is at fault, and not the database that is restored into."""
    return isinstance(error.orig, sqlite3.DatabaseError) and any(
        word in str(error.orig) for word in ("malformed", "not a database")
    )


@contextlib.contextmanager
def _of_sqlite(file: Path) -> Iterator[BackupSource]:
    """Read from a copy: the backup itself stays as it is."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backup.db"
        copy.write_bytes(file.read_bytes())
        source = open_database(f"sqlite:///{copy}")
        try:
            version = schema_version(source)
            if version is None:
                raise ValueError("no schema")
            with source.read() as connection:
                tables = {table.name: table for table in _tables(connection)}
                yield version, lambda table: _rows(connection, tables[table.name])
        finally:
            source.engine.dispose()


@contextlib.contextmanager
def _of_archive(file: Path) -> Iterator[BackupSource]:
    with zipfile.ZipFile(file) as archive:
        contents = json.loads(archive.read(_CONTENTS))
        if contents["format"] != _FORMAT:
            raise BackupError(
                f"{file} was made by a newer version of this code. Restore it with that version."
            )

        def read(table: sa.Table) -> Rows:
            count = 0
            with archive.open(f"{table.name}.jsonl") as lines:
                for line in lines:
                    count += 1
                    yield from_json(json.loads(line), table)
            if count != contents["rows"][table.name]:
                raise EOFError(table.name)

        yield str(contents["schema"]), read


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables as they are in a database, those that others refer to first."""
    found = sa.MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSIONS]


def _rows(connection: sa.Connection, table: sa.Table) -> Rows:
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_MANY)
    for row in connection.execute(query):
        yield moments_with_zone(row._asdict())


def _held(connection: sa.Connection) -> int:
    """How many rows a database holds."""
    count = sa.select(sa.func.count())
    return sum(connection.scalar(count.select_from(t)) or 0 for t in _tables(connection))


def _clear(connection: sa.Connection) -> None:
    """Take every table away."""
    found = sa.MetaData()
    found.reflect(connection)
    found.drop_all(connection)


def _fill(connection: sa.Connection, table: sa.Table, rows: Rows) -> int:
    count, some = 0, list[dict[str, Any]]()
    for row in rows:
        some.append(row)
        if len(some) == _MANY:
            connection.execute(table.insert(), some)
            count, some = count + len(some), []
    if some:
        connection.execute(table.insert(), some)
    return count + len(some)


def _count_on(connection: sa.Connection) -> None:
    """Let PostgreSQL number new rows after those that were restored."""
    for table in _tables(connection):
        for column in table.primary_key:
            asked = sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            if sequence := connection.scalar(asked):
                last = connection.scalar(sa.select(sa.func.max(column)))
                if last is not None:
                    connection.execute(sa.select(sa.func.setval(sequence, last)))
