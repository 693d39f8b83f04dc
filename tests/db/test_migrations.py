"""Laws of the schema: migrations lead to exactly the tables that the code uses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import bot.digest.tables
import bot.discovery.tables
import bot.ops.jobs
import bot.outbox.tables
import bot.review.tables  # noqa: F401  # their tables join the metadata
from bot.db.engine import Database, DatabaseError, metadata
from bot.db.migrate import is_current, is_known_version, migrate, newest_version, schema_version
from tests.conftest import opened


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Database]:
    with opened(empty_database_url) as database:
        yield database


def test_a_migrated_database_is_what_the_code_expects(empty: Database) -> None:
    assert not is_current(empty)
    migrate(empty)
    assert is_current(empty)
    plugins = ["alembic.autogenerate.*", "~alembic.autogenerate.comments"]  # they are for readers
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"autogenerate_plugins": plugins})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    migrate(empty)
    migrate(empty)
    assert is_current(empty)


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    """Each process brings the schema up when it starts, and many may start at once."""

    def start(_: int) -> bool:
        with opened(empty_database_url) as database:
            migrate(database)
            return is_current(database)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [True] * 4


def test_the_newest_version_is_alembics(empty: Database) -> None:
    """It is told from the files' names, since asking Alembic would slow every start."""
    script = ScriptDirectory("bot/db/migrations")
    assert script.get_current_head() == newest_version()
    assert all(is_known_version(one.revision) for one in script.walk_revisions())
    migrate(empty)
    with empty.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == schema_version(
            empty
        )


def test_a_newer_codes_database_is_left_alone_and_the_reason_said(empty: Database) -> None:
    """Somebody went back to an older version of the bot."""
    migrate(empty)
    with empty.write() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"schema 9999.*Use that version"):
        migrate(empty)
    assert schema_version(empty) == "9999"
