"""A backup file of hostile content is refused with a sentence, and the database is unchanged."""

import contextlib
import json
import os
import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.migrate import newest_version
from bot.ops.backup import backup, restore
from bot.ops.backup_file import BackupError
from bot.review.model import Subject
from bot.review.service import Proposal, ReviewService
from tests.cli.runner import papers
from tests.ops.test_backup import contents
from tests.ops.test_forget import ENTRY, NOW

Archive = dict[str, bytes]
"""The members of an archive."""
PAUSE = {"id": 1, "until": "2026-03-02T09:00:00+00:00", "by": "U1"}


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def archive_of(database: Database) -> Archive:
    """A valid archive with one suggestion, one pause and nothing else."""
    with database.read() as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
    names = sorted(set(metadata.tables) - {"alembic_version"})
    members = {f"{name}.jsonl": b"" for name in names}
    members["pauses.jsonl"] = lines(PAUSE)
    return with_contents(members, {})


def with_contents(members: Archive, changes: dict[str, object]) -> Archive:
    """An archive whose table of contents fits, apart from the changes."""
    rows = {
        name.removesuffix(".jsonl"): text.count(b"\n")
        for name, text in members.items()
        if name.endswith(".jsonl")
    }
    stated = {"format": 1, "schema": newest_version(), "rows": rows, **changes}
    return {**members, "backup.json": json.dumps(stated).encode()}


def with_pause(members: Archive, row: object) -> Archive:
    return with_contents({**members, "pauses.jsonl": lines(row)}, {})


def with_line(members: Archive, table: str, line: bytes) -> Archive:
    return with_contents({**members, f"{table}.jsonl": line + b"\n"}, {})


def nested(depth: int, text: bytes = b"1") -> bytes:
    return b"[" * depth + text + b"]" * depth


def suggestion(**changes: object) -> dict[str, object]:
    row: dict[str, object] = {
        "id": 1, "identity": "title:x", "open_identity": "title:x", "title_key": "x",
        "state": "waiting", "version": 1, "subject": {"after": {"title": "X", "sections": ["s"]}},
        "source": None, "suggested_at": PAUSE["until"], "seconds": [], "approvals": [],
        "wake_at": None, "decided_by": None, "decided_at": None, "reason": None,
        "published": None, "trouble": None, "tries": 0, "next_try_at": None, "settled": True,
        "applied_in": None,
    }  # fmt: skip
    return row | changes


def with_suggestion(members: Archive, **changes: object) -> Archive:
    return with_contents({**members, "suggestions.jsonl": lines(suggestion(**changes))}, {})


Edit = Callable[[Archive], Archive]
HOSTILE: dict[str, Edit] = {
    # The table of contents
    "a list of contents": lambda a: {**a, "backup.json": b"[]"},
    "a number of contents": lambda a: {**a, "backup.json": b"7"},
    "null of contents": lambda a: {**a, "backup.json": b"null"},
    "no contents": lambda a: {n: t for n, t in a.items() if n != "backup.json"},
    "rows are a list": lambda a: with_contents(a, {"rows": ["pauses"]}),
    "rows are null": lambda a: with_contents(a, {"rows": None}),
    "a version that is a list": lambda a: with_contents(a, {"schema": [newest_version()]}),
    "a version of tomorrow": lambda a: with_contents(a, {"schema": "9999"}),
    "a version with an escape": lambda a: with_contents(a, {"schema": "\x1b[2J"}),
    "a version of SQL": lambda a: with_contents(a, {"schema": "0005'; DROP TABLE pauses; --"}),
    "an earlier version of the same tables": lambda a: with_contents(a, {"schema": "0001"}),
    "a key twice in the contents": lambda a: {
        **a,
        "backup.json": a["backup.json"].replace(b'"format": 1', b'"format": 1, "format": 1'),
    },
    "large contents": lambda a: {**a, "backup.json": a["backup.json"] + b" " * 2_000_000},
    "deep contents": lambda a: {**a, "backup.json": nested(100_000)},
    # Tables and columns
    "an unknown table": lambda a: with_contents({**a, "users.jsonl": b""}, {}),
    "a table less": lambda a: with_contents({n: t for n, t in a.items() if "paces" not in n}, {}),
    "a table of SQL": lambda a: with_contents({**a, "x; DROP TABLE pauses; --.jsonl": b""}, {}),
    "a path as a member": lambda a: {**a, "../../evil": b"x"},
    "an absolute member": lambda a: {**a, "/tmp/evil": b"x"},  # noqa: S108  # never written
    "a table outside": lambda a: with_contents({**a, "../pauses.jsonl": b""}, {}),
    "an unknown column": lambda a: with_pause(a, PAUSE | {"x": 1}),
    "a column of SQL": lambda a: with_pause(a, PAUSE | {'x") VALUES (1); DROP TABLE paces': 1}),
    "a column less": lambda a: with_pause(a, {"id": 1, "by": "U1"}),
    # Rows
    "a row that is a list": lambda a: with_pause(a, [1, 2]),
    "a row that is a number": lambda a: with_pause(a, 7),
    "a row that is null": lambda a: with_pause(a, None),
    "a key twice in a row": lambda a: with_line(
        a, "pauses", json.dumps(PAUSE).encode()[:-1] + b', "by": "U2"}'
    ),
    "a deep row": lambda a: with_line(a, "pauses", nested(100_000)),
    "a row that is no text": lambda a: with_line(a, "pauses", b"\xff\xfe"),
    "a row less": lambda a: {**a, "pauses.jsonl": b""},
    "a row more": lambda a: {**a, "pauses.jsonl": a["pauses.jsonl"] + lines(PAUSE | {"id": 2})},
    # Values
    "an object as a text": lambda a: with_pause(a, PAUSE | {"by": {"x": 1}}),
    "a number as a text": lambda a: with_pause(a, PAUSE | {"by": 1}),
    "a null character": lambda a: with_pause(a, PAUSE | {"by": "U\x00"}),
    "half a surrogate pair": lambda a: with_line(
        a, "pauses", json.dumps(PAUSE).replace("U1", "\\ud800").encode()
    ),
    "null where there must be a value": lambda a: with_pause(a, PAUSE | {"by": None}),
    "a text as a number": lambda a: with_pause(a, PAUSE | {"id": "1"}),
    "a number beyond the column": lambda a: with_pause(a, PAUSE | {"id": 2**70}),
    "a number of 10,000 digits": lambda a: with_line(
        a, "pauses", json.dumps(PAUSE).replace("1,", "1" * 10_000 + ",").encode()
    ),
    "true as a number": lambda a: with_pause(a, PAUSE | {"id": True}),
    "a moment that is none": lambda a: with_pause(a, PAUSE | {"until": "soon"}),
    "a moment that is a number": lambda a: with_pause(a, PAUSE | {"until": 1}),
    "a moment without zone": lambda a: with_pause(a, PAUSE | {"until": "2026-03-02T09:00:00"}),
    "a moment before all": lambda a: with_pause(a, PAUSE | {"until": "0001-01-01T00:00:00+14:00"}),
    "infinity": lambda a: with_pause(a, PAUSE | {"id": float("inf")}),
    "a subject that is a number": lambda a: with_suggestion(a, subject=5),
    "a subject that is a text": lambda a: with_suggestion(a, subject="x"),
    "a subject of other types": lambda a: with_suggestion(a, subject={"after": {"title": 5}}),
    "a deep subject": lambda a: with_suggestion(a, subject=json.loads(nested(200))),
    # Constraints
    "a key twice in a table": lambda a: with_contents(
        {**a, "pauses.jsonl": lines(PAUSE, PAUSE)}, {}
    ),
    "a suggestion twice": lambda a: with_contents(
        {**a, "suggestions.jsonl": lines(suggestion(), suggestion(id=2))}, {}
    ),
    "an event of no suggestion": lambda a: with_contents(
        {
            **a,
            "suggestion_events.jsonl": lines(
                {"id": 1, "suggestion": 9, "at": PAUSE["until"], "actor": "", "what": "x",
                 "detail": {}}
            ),
        },
        {},
    ),
}  # fmt: skip


@pytest.fixture
def filled(database: Database) -> Database:
    """A database with something to lose."""
    proposal = Proposal(identity="title:made-up", subject=Subject(after=ENTRY), source="U1")
    ReviewService(database, "C0REVIEW").suggest(proposal, NOW)
    return database


def write(path: Path, members: Archive) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def assert_refused(database: Database, path: Path) -> str:
    before = contents(database)
    with pytest.raises(BackupError) as raised:
        restore(database, path, replace=True)
    assert contents(database) == before
    sentence = str(raised.value)
    assert sentence.isprintable()
    assert len(sentence) < 400
    return sentence


def test_the_unchanged_archive_is_restored(filled: Database, tmp_path: Path) -> None:
    """Otherwise the refusals below would prove nothing."""
    members = archive_of(filled)
    assert restore(filled, write(tmp_path / "good", members), replace=True) == 1
    members = with_suggestion(members)
    assert restore(filled, write(tmp_path / "better", members), replace=True) == 2


def test_hostile_archives_are_refused_without_harm(filled: Database, tmp_path: Path) -> None:
    good = archive_of(filled)
    for number, (name, edit) in enumerate(HOSTILE.items()):
        path = write(tmp_path / f"{number}", edit(good))
        try:
            assert_refused(filled, path)
        except BaseException as error:
            error.add_note(name)
            raise
    assert not list(tmp_path.glob("**/evil"))


def test_a_bomb_is_refused_before_it_is_unpacked(filled: Database, tmp_path: Path) -> None:
    """A gigabyte of one line packs to a megabyte."""
    members = archive_of(filled)
    path = tmp_path / "bomb"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in members.items():
            if name != "pauses.jsonl":
                archive.writestr(name, text)
        with archive.open("pauses.jsonl", "w", force_zip64=True) as file:
            for _ in range(300):
                file.write(b" " * 1_000_000)
    began = time.monotonic()
    assert_refused(filled, path)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_that_are_no_whole_archives_are_refused(filled: Database, tmp_path: Path) -> None:
    good = write(tmp_path / "good", archive_of(filled)).read_bytes()
    for length in range(0, len(good), max(1, len(good) // 40)):
        path = tmp_path / "cut"
        path.write_bytes(good[:length])
        assert_refused(filled, path)
    with zipfile.ZipFile(tmp_path / "twice", "w") as archive:
        for name, text in archive_of(filled).items():
            archive.writestr(name, text)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("pauses.jsonl", lines(PAUSE))
    assert_refused(filled, tmp_path / "twice")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "packed", "w", method) as archive:
            for name, text in archive_of(filled).items():
                archive.writestr(name, text)
        assert_refused(filled, tmp_path / "packed")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_damage_anywhere_in_an_archive_never_ends_in_a_traceback(
    filled: Database, tmp_path: Path
) -> None:
    """A flipped byte is refused, or is where it does not matter."""
    good = write(tmp_path / "good", archive_of(filled)).read_bytes()
    path = tmp_path / "damaged"
    for at in range(0, len(good), max(1, len(good) // 60)):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        with contextlib.suppress(BackupError):
            restore(filled, path, replace=True)


SQLITE: dict[str, str] = {
    "a view that computes for ever": """
        DROP TABLE pauses;
        CREATE VIEW pauses AS
        WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n)
        SELECT id, '2026-01-01' AS until, 'x' AS by FROM n""",
    "a version that computes for ever": """
        DROP TABLE alembic_version;
        CREATE VIEW alembic_version AS
        WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id FROM n)
        SELECT max(id) AS version_num FROM n""",
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON pauses BEGIN DELETE FROM pauses; END",
    "an unknown table": "CREATE TABLE users (id INTEGER PRIMARY KEY)",
    "a table of SQL": 'CREATE TABLE "x; DROP TABLE pauses; --" (id INTEGER PRIMARY KEY)',
    "a table less": "DROP TABLE paces",
    "an unknown column": 'ALTER TABLE pauses ADD COLUMN "x"") VALUES (1)" TEXT',
    "a text as a moment": "INSERT INTO pauses (id, until, by) VALUES (1, 'soon', 'U1')",
    "a blob as a text": "INSERT INTO pauses VALUES (1, '2026-01-01 00:00:00', x'00')",
    "text that is no JSON": "UPDATE suggestions SET subject = '{'",
    "a number as JSON": "UPDATE suggestions SET subject = '5'",
    "a version of tomorrow": "UPDATE alembic_version SET version_num = '9999'",
    "a version that is a blob": "UPDATE alembic_version SET version_num = x'ff'",
    "no version": "DELETE FROM alembic_version",
    "an earlier version": "UPDATE alembic_version SET version_num = '0002'",
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", SQLITE)
def test_hostile_sqlite_files_are_refused_without_harm(
    name: str, filled: Database, tmp_path: Path
) -> None:
    path = tmp_path / "backup"
    backup(filled, path)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(SQLITE[name])
    assert_refused(filled, path)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_cut_or_damaged_sqlite_file_is_refused(filled: Database, tmp_path: Path) -> None:
    backup(filled, tmp_path / "good")
    good, path = (tmp_path / "good").read_bytes(), tmp_path / "broken"
    for length in (16, 99, 4096, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        assert_refused(filled, path)
    path.write_bytes(good[:8192] + os.urandom(20_000) + good[28_192:])
    assert_refused(filled, path)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_no_file_is_refused_at_once(filled: Database, tmp_path: Path) -> None:
    """A named pipe would be waited for, and /dev/zero never ends."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path):
        assert "is no file" in assert_refused(filled, path)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "name", ["deep contents", "a version with an escape", "a path as a member"]
)
def test_the_command_refuses_with_a_sentence(name: str, filled: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "backup", HOSTILE[name](archive_of(filled)))
    done = papers("restore", str(path), "--replace", DATABASE_URL=str(filled.engine.url))
    assert done.returncode == 1
    assert done.stderr.startswith("papers: ")
    assert "Traceback" not in done.stderr
    assert "\x1b[2J" not in done.stderr
