"""Migrations: the schema goes forward, from any released one to the newest (Alembic)."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.db.engine import Database


def migrate(database: Database) -> None:
    """Bring the schema to the newest version; nothing happens when it is."""
    with database.write() as connection:
        upgrade(connection)


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Bring the schema to a version, in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def is_current(database: Database) -> bool:
    """Whether the schema is the newest."""
    return schema_of(database) == newest()


def schema_of(database: Database) -> str | None:
    """The version of the schema; None where there is none yet."""
    with database.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The version that this code works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def is_known(version: str) -> bool:
    """Whether a version of the schema is one that this code can bring to the newest."""
    script = ScriptDirectory.from_config(_config())
    return version in {revision.revision for revision in script.walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
