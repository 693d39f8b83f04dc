"""Backup of the database to a file, and restore: from SQLite or PostgreSQL into either.

    SQLite ──online backup──► a SQLite file ──┐
                                              ├──► restore: one transaction, into either database
    PostgreSQL ──one snapshot──► an archive ──┘

An archive is a ZIP file: `backup.json` holds the schema's version and the number of rows, and one
file of JSON lines each table. A restore creates the schema of the backup, fills it, and migrates
it to the newest one. So a backup may be older than the code, never newer.
"""

import base64
import contextlib
import datetime as dt
import json
import os
import sqlite3
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError as DriverError

from bot.db.engine import Database, open_database
from bot.db.migrate import is_known_version, newest_version, schema_version, upgrade
from bot.errors import PapersError

_CONTENTS = "backup.json"
_FORMAT = 1
_VERSIONS = "alembic_version"
_SQLITE = b"SQLite format 3\x00"
_BATCH = 500  # rows in one statement

Rows = Iterator[dict[str, Any]]
BackupSource = tuple[str, Callable[[sa.Table], Rows]]
"""The schema version of a backup, and a function that gives the rows of a table."""


class BackupError(PapersError):
    """A backup that cannot be made or restored."""


def backup(database: Database, file: Path) -> int:
    """Write the database to a file, which appears whole or not at all; returns its bytes.

    The file holds one moment of the database, even while others write. Raises BackupError.
    """
    source = Path(database.engine.url.database or "")
    if database.is_sqlite and file.exists() and source.exists() and file.samefile(source):
        raise BackupError(f"{file} is the database itself. Name another file.")
    try:
        with _replacing(file) as scratch:
            if database.is_sqlite:
                _copy_sqlite(database, scratch)
            else:
                _write_archive(database, scratch)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from None
    return file.stat().st_size


def restore(database: Database, file: Path, *, replace: bool) -> int:
    """Fill a database from a backup in one transaction; returns the number of rows.

    With `replace` the present rows are deleted. Raises BackupError, and changes nothing then.
    """
    with _opened(file) as (version, read):
        if not is_known_version(version):
            raise BackupError(
                f"{file} was made by a newer version of this code (schema {version}; known here "
                f"is {newest_version()}). Restore it with that version."
            )
        with database.write() as connection:
            if (present := _row_count(connection)) and not replace:
                raise BackupError(
                    f"The database holds {present:,} rows already. Add --replace to have them "
                    "replaced, and make a backup of them before."
                )
            _drop_tables(connection)
            upgrade(connection, version)
            rows = sum(_fill(connection, table, read(table)) for table in _tables(connection))
            upgrade(connection)
            if not database.is_sqlite:
                _advance_sequences(connection)
    return rows


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Path]:
    """A scratch file, readable by its owner only, that replaces `file` when the block ends."""
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


def _copy_sqlite(database: Database, scratch: Path) -> None:
    """SQLite's own online backup (https://www.sqlite.org/backup.html)."""
    with (
        database.read() as connection,
        contextlib.closing(sqlite3.connect(scratch)) as target,
    ):
        driver = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError(driver)
        driver.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # a single file, without a WAL beside it


def _write_archive(database: Database, scratch: Path) -> None:
    """All tables, read in one transaction."""
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
                    line = json.dumps(row, ensure_ascii=False, default=_json_value)
                    lines.write(f"{line}\n".encode())
                    counts[table.name] += 1
        contents = {"format": _FORMAT, "schema": version, "rows": counts}
        archive.writestr(_CONTENTS, json.dumps(contents, indent=1))


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[BackupSource]:
    try:
        with file.open("rb") as begin:
            is_sqlite = begin.read(len(_SQLITE)) == _SQLITE
        with _open_sqlite(file) if is_sqlite else _open_archive(file) as source:
            yield source
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror or error}.") from None
    except (zipfile.BadZipFile, DriverError, EOFError, LookupError, ValueError) as error:
        if isinstance(error, DriverError) and not _is_broken_file(error):
            raise
        raise BackupError(f"{file} is no whole backup of `papers backup`.") from error


def _is_broken_file(error: DriverError) -> bool:
    """Tell whether an error is about the SQLite backup, not the database restored into."""
    return isinstance(error.orig, sqlite3.DatabaseError) and any(
        phrase in str(error.orig) for phrase in ("malformed", "not a database")
    )


@contextlib.contextmanager
def _open_sqlite(file: Path) -> Iterator[BackupSource]:
    """Read a copy, since opening a SQLite file may change it."""
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
            source.close()


@contextlib.contextmanager
def _open_archive(file: Path) -> Iterator[BackupSource]:
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
                    yield _from_json(json.loads(line), table)
            if count != contents["rows"][table.name]:
                raise EOFError(table.name)

        yield str(contents["schema"]), read


def _reflected(connection: sa.Connection) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return metadata


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables that a database has, in the order of their foreign keys."""
    tables = _reflected(connection).sorted_tables
    return [table for table in tables if table.name != _VERSIONS]


def _rows(connection: sa.Connection, table: sa.Table) -> Rows:
    """The rows of a table, with the zone UTC in every moment; SQLite keeps moments without."""
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_BATCH)
    for row in connection.execute(query):
        yield {name: _with_zone(value) for name, value in row._asdict().items()}


def _row_count(connection: sa.Connection) -> int:
    count = sa.select(sa.func.count())
    return sum(connection.scalar(count.select_from(t)) or 0 for t in _tables(connection))


def _drop_tables(connection: sa.Connection) -> None:
    _reflected(connection).drop_all(connection)


def _fill(connection: sa.Connection, table: sa.Table, rows: Rows) -> int:
    """Insert rows in batches; returns their number."""
    count, batch = 0, list[dict[str, Any]]()
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            connection.execute(table.insert(), batch)
            count, batch = count + len(batch), []
    if batch:
        connection.execute(table.insert(), batch)
    return count + len(batch)


def _advance_sequences(connection: sa.Connection) -> None:
    """Let PostgreSQL number new rows after the restored ones."""
    for table in _tables(connection):
        for column in table.primary_key:
            query = sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            if sequence := connection.scalar(query):
                last = connection.scalar(sa.select(sa.func.max(column)))
                if last is not None:
                    connection.execute(sa.select(sa.func.setval(sequence, last)))


def _with_zone(value: object) -> object:
    if not isinstance(value, dt.datetime):
        return value
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _json_value(value: object) -> object:
    """Values of columns that `json` has no form for; raises TypeError for any other."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(type(value))


def _from_json(row: Mapping[str, Any], table: sa.Table) -> dict[str, Any]:
    """A row for a table. Raises ValueError or LookupError where it is not one of the table's."""
    return {name: _column_value(value, table.c[name].type) for name, value in row.items()}


def _column_value(value: Any, kind: sa.types.TypeEngine[Any]) -> object:
    if value is None:
        return None
    match kind:
        case sa.LargeBinary():
            return base64.b64decode(value)
        case sa.DateTime():
            return dt.datetime.fromisoformat(value)
        case sa.Date():
            return dt.date.fromisoformat(value)
        case sa.Time():
            return dt.time.fromisoformat(value)
        case _:
            return value
