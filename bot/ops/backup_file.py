"""Backup files as they are read: a SQLite file, or an archive of JSON lines.

A file may come from anywhere, so nothing in it is believed: not its size, its names, its nesting
or its types. Whatever is not as `papers backup` writes it is refused with BackupError.
"""

import base64
import contextlib
import datetime as dt
import json
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import open_database
from bot.db.migrate import schema_version
from bot.errors import PapersError

CONTENTS = "backup.json"
FORMAT = 1
VERSIONS = "alembic_version"

_SQLITE = b"SQLite format 3\x00"
_SQLITE_HEADER = 100  # bytes; https://www.sqlite.org/fileformat.html#the_database_header
_BATCH = 500  # rows read at once
_MAX_CONTENTS = 1_000_000  # bytes of `backup.json`
_MAX_LINE = 64_000_000  # bytes of a row; a fitted model has a few million
_MAX_BYTES = 16_000_000_000  # unpacked
_MAX_DEPTH = 50  # of a JSON value
_MAX_INTEGER = 2**31  # of PostgreSQL's integer columns
_WRITTEN = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_IS_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile, zlib.error, SQLAlchemyError, sqlite3.Error, EOFError, LookupError,
    ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, NotImplementedError,
)  # fmt: skip

Rows = Iterator[dict[str, Any]]


class BackupError(PapersError):
    """A backup that cannot be made or restored."""


@dataclass(frozen=True, slots=True)
class BackupFile:
    """An opened backup: its schema version, and the rows of its tables."""

    path: Path
    version: str
    tables: Collection[str]
    read: Callable[[sa.Table], Rows]
    """Gives the rows of a table, with Python's types; raises any of `_BROKEN`."""

    def check_tables(self, expected: Collection[sa.Table]) -> None:
        """Raise BackupError unless the backup has exactly these tables."""
        if {table.name for table in expected} != set(self.tables):
            raise _refusal(self.path)

    def rows(self, table: sa.Table) -> Rows:
        """The rows of a table, each with all of its columns. Raises BackupError."""
        names = set(table.columns.keys())
        try:
            for row in self.read(table):
                if set(row) != names:
                    raise ValueError("other columns")
                yield {name: _checked(value, table.c[name].type) for name, value in row.items()}
        except _BROKEN as error:
            raise _refusal(self.path) from error


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BackupFile]:
    """Open a backup file. Raises BackupError if it is none, or cannot be read."""
    try:
        if path.exists() and not path.is_file():
            raise BackupError(f"{path} is no file.")
        with path.open("rb") as file:
            is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from None
    with contextlib.ExitStack() as stack:
        try:
            backup = stack.enter_context(_sqlite(path) if is_sqlite else _archive(path))
        except OSError as error:
            raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from None
        except _BROKEN as error:
            raise _refusal(path) from error
        yield backup


def reflected(connection: sa.Connection) -> sa.MetaData:
    """All tables that a database has."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return metadata


def data_tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables of a database without Alembic's, in the order of their foreign keys."""
    return [table for table in reflected(connection).sorted_tables if table.name != VERSIONS]


def rows_of(connection: sa.Connection, table: sa.Table) -> Rows:
    """The rows of a table, with the zone UTC in every moment; SQLite keeps moments without."""
    query = sa.select(table).order_by(*table.primary_key).execution_options(yield_per=_BATCH)
    for row in connection.execute(query):
        yield {name: _with_zone(value) for name, value in row._asdict().items()}


def _refusal(path: Path) -> BackupError:
    return BackupError(f"{path} is no whole backup of `papers backup`.")


@contextlib.contextmanager
def _sqlite(path: Path) -> Iterator[BackupFile]:
    """Read a copy, since opening a SQLite file may change it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "backup.db"
        shutil.copyfile(path, copy)
        _check_sqlite(copy)
        source = open_database(f"sqlite:///{copy}")
        try:
            version = schema_version(source)
            if version is None:
                raise ValueError("no schema")
            with source.read() as connection:
                tables = {table.name: table for table in data_tables(connection)}

                def read(table: sa.Table) -> Rows:
                    held = tables[table.name]
                    if set(held.columns.keys()) != set(table.columns.keys()):
                        raise ValueError("other columns")
                    return rows_of(connection, held)

                yield BackupFile(path, str(version), set(tables), read)
        finally:
            source.close()


def _check_sqlite(path: Path) -> None:
    """Refuse a file that is cut or damaged, or has more than tables: a view may compute for ever.

    Raises ValueError or sqlite3.Error.
    """
    with path.open("rb") as file:
        pages = int.from_bytes(file.read(_SQLITE_HEADER)[28:32])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        if pages * page_size != path.stat().st_size:
            raise ValueError("cut")
        kinds = connection.execute("SELECT type, sql FROM sqlite_master").fetchall()
        if any(
            kind not in {"table", "index"} or (sql or "").upper().startswith("CREATE VIRTUAL")
            for kind, sql in kinds
        ):
            raise ValueError("more than tables and indexes")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise ValueError("damaged")


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[BackupFile]:
    with zipfile.ZipFile(path) as archive:
        _check_members(archive)
        with archive.open(CONTENTS) as file:
            contents = _parsed(_line(file, _MAX_CONTENTS, whole=True))
        if contents["format"] != FORMAT:
            raise BackupError(
                f"{path} was made by a newer version of this code. Restore it with that version."
            )
        counts, version = contents["rows"], contents["schema"]
        if not isinstance(counts, dict) or not isinstance(version, str):
            raise ValueError("other contents")  # noqa: TRY004  # refused as all else
        if {CONTENTS, *map(_member, counts)} != set(archive.namelist()):
            raise ValueError("other members")

        def read(table: sa.Table) -> Rows:
            count = 0
            with archive.open(_member(table.name)) as lines:
                while line := _line(lines, _MAX_LINE):
                    count += 1
                    yield _from_json(_parsed(line), table)
            if count != counts[table.name]:
                raise EOFError(table.name)

        yield BackupFile(path, version, set(counts), read)


def _member(table: str) -> str:
    return f"{table}.jsonl"


def _check_members(archive: zipfile.ZipFile) -> None:
    """Refuse members that occur twice, are encrypted or too large. Raises ValueError."""
    members = archive.infolist()
    if len({member.filename for member in members}) != len(members):
        raise ValueError("a member occurs twice")
    if any(m.compress_type not in _WRITTEN or m.flag_bits & _IS_ENCRYPTED for m in members):
        raise ValueError("a member of another kind")
    if sum(member.file_size for member in members) > _MAX_BYTES:
        raise ValueError("too large")


def _line(file: IO[bytes], longest: int, *, whole: bool = False) -> bytes:
    """The next line, or the `whole` rest; empty at the end. Raises ValueError if too long."""
    line = file.read(longest + 1) if whole else file.readline(longest + 1)
    if len(line) > longest:
        raise ValueError("too long")
    return line


def _parsed(text: bytes) -> Any:
    """Parse JSON strictly. Raises ValueError or RecursionError."""
    return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different. Raises ValueError."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ValueError("a key occurs twice")
    return row


def _no_number(text: str) -> NoReturn:
    """NaN and Infinity, which are no JSON. Raises ValueError."""
    raise ValueError(text)


def _from_json(row: Mapping[str, Any], table: sa.Table) -> dict[str, Any]:
    """A row with Python's types. Raises an error where it is not one of the table's."""
    return {name: _from_text(value, table.c[name].type) for name, value in row.items()}


def _from_text(value: Any, kind: sa.types.TypeEngine[Any]) -> object:
    """The value of a column that JSON has no form for; others as they are."""
    if value is None:
        return None
    match kind:
        case sa.LargeBinary():
            return base64.b64decode(value, validate=True)
        case sa.DateTime():
            return dt.datetime.fromisoformat(value)
        case sa.Date():
            return dt.date.fromisoformat(value)
        case sa.Time():
            return dt.time.fromisoformat(value)
        case _:
            return value


_TYPES: tuple[tuple[type[sa.types.TypeEngine[Any]], tuple[type, ...]], ...] = (
    (sa.Boolean, (bool,)),
    (sa.Integer, (int,)),
    (sa.Float, (int, float)),
    (sa.LargeBinary, (bytes,)),
    (sa.DateTime, (dt.datetime,)),
    (sa.Date, (dt.date,)),
    (sa.Time, (dt.time,)),
    (sa.String, (str,)),
)


def _checked(value: Any, kind: sa.types.TypeEngine[Any]) -> object:
    """A value that its column can hold in either database. Raises ValueError."""
    if value is None:
        return None
    if isinstance(kind, sa.JSON):
        _check_json(value)
        return value
    if type(value) not in next(
        (types for column, types in _TYPES if isinstance(kind, column)), ()
    ):
        raise ValueError("a value of another type")
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a moment without time zone")
        return value.astimezone(dt.UTC)
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise ValueError("a number beyond its column")
    if isinstance(value, str):
        _check_text(value)
    return value


def _check_text(text: str) -> None:
    """Refuse what PostgreSQL does not take. Raises ValueError."""
    text.encode()  # half a surrogate pair has no encoding
    if "\x00" in text:
        raise ValueError("a null character")


def _check_json(value: object) -> None:
    """Refuse values that this code never writes: plain ones, and deeply nested ones.

    Raises ValueError.
    """
    if not isinstance(value, dict | list):
        raise ValueError("neither an object nor an array")  # noqa: TRY004  # refused as all else
    level: list[object] = [value]
    for _ in range(_MAX_DEPTH):
        for text in level:
            if isinstance(text, str):
                text.encode()
        level = [
            item
            for outer in level
            if isinstance(outer, dict | list)
            for item in ([*outer, *outer.values()] if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")


def _with_zone(value: object) -> object:
    if not isinstance(value, dt.datetime):
        return value
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
