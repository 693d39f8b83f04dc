"""Migrations lead to exactly the tables that the code uses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import bot.digest.tables
import bot.discovery.tables
import bot.limits.tables
import bot.ops.jobs
import bot.ops.write_probe
import bot.outbox.tables
import bot.review.tables
import bot.slack.transport.request_claims  # noqa: F401  # their tables join the metadata
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
    plugins = [
        "alembic.autogenerate.*",
        "~alembic.autogenerate.comments",
    ]  # for readers
    with empty.read() as connection:
        context = MigrationContext.configure(connection, opts={"autogenerate_plugins": plugins})
        assert compare_metadata(context, metadata) == []


def test_migrating_twice_changes_nothing(empty: Database) -> None:
    migrate(empty)
    migrate(empty)
    assert is_current(empty)


def test_processes_that_start_together_all_find_the_newest_schema(empty_database_url: str) -> None:
    """Every process migrates when it starts, and several may start at once."""

    def start(_: int) -> bool:
        with opened(empty_database_url) as database:
            migrate(database)
            return is_current(database)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(start, range(4))) == [True] * 4


def test_the_newest_version_is_alembics(empty: Database) -> None:
    """It is read from the file names, since importing Alembic would slow every start."""
    script = ScriptDirectory("bot/db/migrations")
    assert script.get_current_head() == newest_version()
    assert all(is_known_version(revision.revision) for revision in script.walk_revisions())
    migrate(empty)
    with empty.read() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == schema_version(
            empty
        )


def test_a_database_of_a_newer_version_is_refused_and_unchanged(empty: Database) -> None:
    """An operator went back to an older version of the bot."""
    migrate(empty)
    with empty.write() as connection:
        connection.execute(sa.text("update alembic_version set version_num = '9999'"))
    with pytest.raises(DatabaseError, match=r"schema 9999.*Use that version"):
        migrate(empty)
    assert schema_version(empty) == "9999"
