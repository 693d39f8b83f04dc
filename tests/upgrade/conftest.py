"""The database of an installation of version 0.1.0, brought to the newest schema."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.db.engine import Database
from bot.db.migrate import migrate
from tests.conftest import opened
from tests.upgrade.installation import V0_1


@pytest.fixture(scope="session")
def upgraded_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file, migrated, to copy."""
    path = tmp_path_factory.mktemp("upgraded") / "papers.db"
    with opened(V0_1.copy_sqlite(path)) as database:
        migrate(database)
    return path


@pytest.fixture
def upgraded_sqlite(tmp_path: Path, upgraded_template: Path) -> Iterator[Database]:
    """The SQLite database, migrated."""
    path = tmp_path / "papers.db"
    shutil.copy(upgraded_template, path)
    with opened(f"sqlite:///{path}") as database:
        yield database


@pytest.fixture
def upgraded(
    backend: str, empty_database_url: str, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """The database of either kind, migrated."""
    if backend == "sqlite":
        yield request.getfixturevalue("upgraded_sqlite")
        return
    V0_1.replay(empty_database_url)
    with opened(empty_database_url) as database:
        migrate(database)
        yield database
