"""Backups restore from either database into either, whole or not at all, while the bot writes."""

import datetime as dt
import itertools
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import bot.digest.tables
import bot.discovery.tables
import bot.ops.jobs
import bot.outbox.tables
import bot.review.tables  # noqa: F401  # their tables join the metadata
from bot.db.engine import Database, Moment, metadata
from bot.db.migrate import is_current
from bot.ops.backup import backup, restore
from bot.ops.backup_file import BackupError
from tests.conftest import opened
from tests.db.postgres import Postgres

NUMBERS = itertools.count(1)
MOMENT = dt.datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=-5)))


# An awkward value for each column type.
VALUES: dict[type[Any], Callable[[int], object]] = {
    sa.Boolean: lambda number: number % 2 == 0,
    sa.Integer: lambda number: number,
    sa.Float: lambda number: number / 3,
    sa.JSON: lambda number: {"Zoë": [number, None, 0.1, "\u2028 \"'\n"]},
    sa.LargeBinary: lambda _: bytes(range(256)),
    sa.Date: lambda number: dt.date(2026, 1, number),
    sa.Time: lambda number: dt.time(9, number),
    Moment: lambda number: MOMENT + dt.timedelta(days=number),
    sa.Text: lambda number: f"{number} Zoë 🐘\x0b",
    sa.String: lambda number: f"{number} Zoë",
}


# JSON that is read with a schema; a restore checks it.
ENTRY = {"title": 'Zoë\'s \u2028 "Paper"', "sections": ["serving"]}
READ = {"change": {"before": None, "after": ENTRY}, "subject": {"after": ENTRY}}


def value(column: sa.Column[Any], number: int) -> object:
    if column.foreign_keys:
        return 1
    if column.name in READ:
        return READ[column.name]
    return next(make(number) for kind, make in VALUES.items() if isinstance(column.type, kind))


def fill(database: Database) -> None:
    """Three rows in every table."""
    with database.write() as connection:
        for table in metadata.sorted_tables:
            rows = [
                {column.name: value(column, number) for column in table.columns}
                for number in (1, 2, 3)
            ]
            if table.name == "edition_papers":
                rows = rows[:1]
            connection.execute(table.insert(), rows)


def contents(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


@pytest.fixture(params=["sqlite", "postgresql"])
def other(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Another database, without tables."""
    if request.param == "sqlite":
        with opened(f"sqlite:///{tmp_path}/other.db") as found:
            yield found
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = f"other_{next(NUMBERS)}"
    with opened(server.create(name)) as found:
        yield found
    server.drop(name)


def test_a_backup_of_either_is_restored_into_either(
    database: Database, other: Database, tmp_path: Path
) -> None:
    fill(database)
    backup(database, tmp_path / "backup")
    rows = restore(other, tmp_path / "backup", replace=False)
    assert is_current(other)
    assert contents(other) == contents(database)
    assert rows == sum(map(len, contents(database).values()))


def test_rows_added_after_a_restore_get_new_ids(
    database: Database, other: Database, tmp_path: Path
) -> None:
    """PostgreSQL's sequences do not follow inserted ids by themselves."""
    fill(database)
    backup(database, tmp_path / "backup")
    restore(other, tmp_path / "backup", replace=False)
    pauses = metadata.tables["pauses"]
    with other.write() as connection:
        key = connection.execute(
            pauses.insert().values(until=MOMENT, by="U1")
        ).inserted_primary_key
    assert key is not None
    assert key[0] == 4


def test_rows_are_replaced_only_with_the_replace_option(
    database: Database, tmp_path: Path
) -> None:
    backup(database, tmp_path / "empty")
    fill(database)
    before = contents(database)
    with pytest.raises(BackupError, match="--replace"):
        restore(database, tmp_path / "empty", replace=False)
    assert contents(database) == before
    restore(database, tmp_path / "empty", replace=True)
    assert not any(contents(database).values())


def test_a_restore_that_fails_changes_nothing(database: Database, tmp_path: Path) -> None:
    """Also when the fault is at the end of the file."""
    fill(database)
    before = contents(database)
    good = tmp_path / "good"
    backup(database, good)
    for name, broken in broken_backups(good, tmp_path):
        with pytest.raises(BackupError):
            restore(database, broken, replace=True)
        assert contents(database) == before, name


def broken_backups(good: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    def made(name: str, content: bytes) -> tuple[str, Path]:
        (folder / name).write_bytes(content)
        return name, folder / name

    data = good.read_bytes()
    yield made("text", b"no backup at all")
    yield made("empty", b"")
    yield made("half", data[: len(data) // 2])
    yield "absent", folder / "absent"
    yield "a folder", folder
    if zipfile.is_zipfile(good):
        yield from (
            (name, edited(good, folder / name, change))
            for name, change in {
                "a row less": ("pauses.jsonl", lambda text: "\n".join(text.splitlines()[1:])),
                "no JSON": ("suggestions.jsonl", lambda text: text + "{"),
                "no value": ("pauses.jsonl", lambda text: text.replace("2026", "soon")),
                "no column": ("pauses.jsonl", lambda text: text.replace('"by"', '"whom"')),
                "newer": ("backup.json", lambda text: text.replace('"0', '"9')),
                "another format": (
                    "backup.json",
                    lambda text: text.replace('"format": 1', '"format": 2'),
                ),
            }.items()
        )


def edited(good: Path, target: Path, change: Any) -> Path:
    name, work = change
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(target, "w") as archive:
        for member in source.namelist():
            text = source.read(member).decode()
            archive.writestr(member, work(text) if member == name else text)
    return target


def test_a_backup_is_a_snapshot_while_others_write(database: Database, tmp_path: Path) -> None:
    """Each transaction writes a row into two tables; a backup never has only one of them."""
    pauses, paces = metadata.tables["pauses"], metadata.tables["paces"]
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with database.write() as connection:
                connection.execute(paces.insert().values(name=f"p{number}", next_at=MOMENT))
                connection.execute(pauses.insert().values(until=MOMENT, by="U1"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            backup(database, tmp_path / f"{number}.backup")
    finally:
        stop.set()
        thread.join(10)
    for number in range(5):
        with opened(f"sqlite:///{tmp_path}/{number}.db") as copy:
            restore(copy, tmp_path / f"{number}.backup", replace=False)
            kept = contents(copy)
            assert len(kept["pauses"]) == len(kept["paces"])


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_backup_is_readable_by_its_owner_only_and_never_partial(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "backup").write_text("the one before")
    with pytest.raises(BackupError, match="cannot be written"):
        backup(database, tmp_path / "no such folder" / "backup")
    with pytest.raises(BackupError, match="the database itself"):
        backup(database, Path(database.engine.url.database or ""))
    backup(database, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_backup_of_an_older_schema_is_brought_to_the_newest(
    empty_database_url: str, tmp_path: Path
) -> None:
    contents = {"format": 1, "schema": "0001", "rows": {}}
    with opened(empty_database_url) as database:
        from bot.db.migrate import upgrade  # noqa: PLC0415  # for this test alone

        with database.write() as connection:
            upgrade(connection, "0001")
            tables = sa.MetaData()
            tables.reflect(connection)
        with zipfile.ZipFile(tmp_path / "old", "w") as archive:
            for name in tables.tables:
                if name != "alembic_version":
                    contents["rows"][name] = int(name == "paces")  # type: ignore[index]
                    row = '{"name": "arxiv", "next_at": "2026-03-02T09:00:00+00:00"}\n'
                    archive.writestr(f"{name}.jsonl", row if name == "paces" else "")
            archive.writestr("backup.json", json.dumps(contents))
        restore(database, tmp_path / "old", replace=True)
        assert is_current(database)
        with database.read() as connection:
            assert connection.exec_driver_sql("SELECT name FROM paces").scalar() == "arxiv"
