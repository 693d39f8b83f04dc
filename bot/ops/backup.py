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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.db.engine import Database
from bot.db.error_text import driver_reason
from bot.db.migrate import is_known_version, newest_version, schema_version, upgrade
from bot.ops.backup_file import (
    CONTENTS,
    FORMAT,
    BackupError,
    Rows,
    data_tables,
    opened,
    reflected,
    rows_of,
)
from bot.review.service import CHANGE
from bot.review.store import SUBJECT
from bot.review.tables import publications, suggestions

_BATCH = 500  # rows in one statement
_MAX_VERSION = 20


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
    with opened(file) as source:
        version = source.version
        if not is_known_version(version):
            raise BackupError(
                f"{file} was made by a newer version of this code (schema {_shown(version)}; "
                f"known here is {newest_version()}). Restore it with that version."
            )
        with database.write() as connection:
            if (present := _row_count(connection)) and not replace:
                raise BackupError(
                    f"The database holds {present:,} rows already. Add --replace to have them "
                    "replaced, and make a backup of them before."
                )
            reflected(connection).drop_all(connection)
            upgrade(connection, version)
            with _content_errors(file):
                tables = data_tables(connection)
                source.check_tables(tables)
                rows = sum(_fill(connection, table, source.rows(table)) for table in tables)
                upgrade(connection)
                _check_stored_json(connection)
            if not database.is_sqlite:
                _advance_sequences(connection)
    return rows


def _check_stored_json(connection: sa.Connection) -> None:
    """Read the JSON that the bot reads with a schema. Raises ValueError where it does not fit."""
    for column, adapter in ((suggestions.c.subject, SUBJECT), (publications.c.change, CHANGE)):
        query = sa.select(column).execution_options(yield_per=_BATCH)
        with contextlib.closing(connection.scalars(query)) as values:
            for value in values:
                adapter.validate_python(value)


def _shown(version: str) -> str:
    """A version for a terminal; a file that was tampered with may have anything in its place."""
    return version if version.isalnum() and len(version) < _MAX_VERSION else "unknown"


@contextlib.contextmanager
def _content_errors(file: Path) -> Iterator[None]:
    """Errors of a backup's content as BackupError; those of the database pass.

    Content that fits its columns may still break a constraint, or a migration in any way.
    """
    try:
        yield
    except (BackupError, OperationalError, OSError):
        raise
    except IntegrityError as error:
        raise BackupError(f"{file} breaks the schema: {driver_reason(error)}.") from error
    except Exception as error:
        raise BackupError(f"{file} is no whole backup of `papers backup`.") from error


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
        for table in data_tables(connection):
            with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as lines:
                counts[table.name] = 0
                for row in rows_of(connection, table):
                    line = json.dumps(row, ensure_ascii=False, default=_json_value)
                    lines.write(f"{line}\n".encode())
                    counts[table.name] += 1
        contents = {"format": FORMAT, "schema": version, "rows": counts}
        archive.writestr(CONTENTS, json.dumps(contents, indent=1))


def _row_count(connection: sa.Connection) -> int:
    count = sa.select(sa.func.count())
    return sum(connection.scalar(count.select_from(t)) or 0 for t in data_tables(connection))


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
    for table in data_tables(connection):
        for column in table.primary_key:
            query = sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
            if sequence := connection.scalar(query):
                last = connection.scalar(sa.select(sa.func.max(column)))
                if last is not None:
                    connection.execute(sa.select(sa.func.setval(sequence, last)))


def _json_value(value: object) -> object:
    """Values of columns that `json` has no form for; raises TypeError for any other."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(type(value))
