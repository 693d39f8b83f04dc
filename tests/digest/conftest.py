"""A migrated database."""

from pathlib import Path

import pytest

from bot.db.engine import Database, open_database
from bot.db.migrate import migrate


@pytest.fixture
def database(tmp_path: Path) -> Database:
    found = open_database(f"sqlite:///{tmp_path}/papers.db")
    migrate(found)
    return found
