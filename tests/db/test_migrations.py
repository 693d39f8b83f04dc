"""Laws of the schema: migrations lead to exactly the tables that the code uses."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import bot.discovery.tables
import bot.jobs
import bot.outbox.tables
import bot.review.tables  # noqa: F401  # their tables join the metadata
from bot.db.engine import metadata, open_database
from bot.db.migrate import is_current, migrate


def test_a_migrated_database_is_what_the_code_expects(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/papers.db")
    assert not is_current(database)
    migrate(database)
    assert is_current(database)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_twice_changes_nothing(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/papers.db")
    migrate(database)
    migrate(database)
    assert is_current(database)
