"""The files of a SQLite database are for its owner alone, also those of an earlier version."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from bot.db.engine import Database
from bot.db.lock import open_lock
from bot.db.migrate import migrate
from bot.db.private_files import make_private
from tests.conftest import opened

pytestmark = pytest.mark.usefixtures("wide_umask")


@pytest.fixture
def wide_umask() -> Iterator[None]:
    """The umask of most machines, which lets everybody read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()}


def write_something(database: Database) -> None:
    """A connection with an open transaction, so that all files of SQLite exist."""
    migrate(database)
    lock = open_lock(database, "worker")
    assert lock.acquire()
    lock.release()


def test_new_files_of_a_database_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with opened(f"sqlite:///{folder}/papers.db") as database:
        write_something(database)
        assert modes(folder) == dict.fromkeys(
            ("papers.db", "papers.db-wal", "papers.db-shm", "papers.db.worker.lock"), 0o600
        )
    assert folder.stat().st_mode & 0o777 == 0o700


def test_files_that_others_could_read_are_narrowed(tmp_path: Path) -> None:
    """A version before this one made them with the umask of the machine."""
    with opened(f"sqlite:///{tmp_path}/papers.db") as database:
        write_something(database)
        with database.read():
            for path in tmp_path.iterdir():
                path.chmod(0o664)
            with opened(f"sqlite:///{tmp_path}/papers.db") as later:
                write_something(later)
                assert len(modes(tmp_path)) >= 4
                assert set(modes(tmp_path).values()) == {0o600}


def test_a_file_of_another_user_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "papers.db"
    path.touch(0o644)
    path.chmod(0o644)
    with mock.patch("os.geteuid", return_value=os.geteuid() + 1):
        make_private(path)
    assert path.stat().st_mode & 0o777 == 0o644


def test_what_is_no_file_or_cannot_be_made_is_left_to_the_opening(tmp_path: Path) -> None:
    make_private(tmp_path / "missing" / "papers.db")
    make_private(tmp_path)
    make_private(tmp_path / "papers.db-wal", create=False)
    assert not list(tmp_path.iterdir())
