"""Schema migrations, from any released version to the newest (Alembic).

Nearly every start finds the newest schema. Then only the database's version is read: importing
Alembic would take longer than the rest of the start's database work.
"""

import contextlib
from pathlib import Path

import sqlalchemy as sa

from bot.db.engine import Database, DatabaseError
from bot.db.lock import MIGRATION_LOCK, SOCKET_LOCK, WORKER_LOCK, hold_locks

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_SECONDS = 60.0
_VERSION = sa.table("alembic_version", sa.column("version_num", sa.String))


def migrate(database: Database) -> None:
    """Bring the schema to the newest version.

    Raises DatabaseError where the database has a version that this code does not know, or where
    a process of an older version is at work on it: that would go on with tables it does not know.
    """
    version = schema_version(database)
    if version == newest_version():
        return
    if version is None:  # no process can be at work without tables
        with database.write() as connection:
            upgrade(connection)
        return
    _check_known(version)
    with _migrating(database):
        version = schema_version(database)
        if version == newest_version():  # by another process, meanwhile
            return
        with (
            hold_locks(
                database,
                (WORKER_LOCK, SOCKET_LOCK),
                f"The database has to be migrated (schema {version} to {newest_version()}), and "
                "processes of the version before are at work on it. End `papers run`, `web` and "
                "`worker` first, make a backup, and start again.",
            ),
            database.write() as connection,
        ):
            upgrade(connection)


def _check_known(version: str) -> None:
    if not is_known_version(version):
        raise DatabaseError(
            f"The database was made by a newer version of this code (schema {version}; known here "
            f"is {newest_version()}). Use that version, or restore a backup into another database."
        )


def _migrating(database: Database) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of the one process that migrates; others that start wait for it."""
    return hold_locks(
        database,
        (MIGRATION_LOCK,),
        "Another process has been migrating the database for a minute. Start again after it.",
        patience=_MIGRATION_SECONDS,
    )


def upgrade(connection: sa.Connection, version: str = "head") -> None:
    """Bring the schema to a version, in the caller's transaction."""
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415  # as above

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def is_current(database: Database) -> bool:
    """Tell whether the schema has the newest version."""
    return schema_version(database) == newest_version()


def schema_version(database: Database) -> str | None:
    """The version of the schema; None in an empty database."""
    with database.read() as connection:
        if not sa.inspect(connection).has_table(_VERSION.name):
            return None
        return connection.scalar(sa.select(_VERSION.c.version_num))


def newest_version() -> str:
    """The schema version that this code works with."""
    return _versions()[-1]


def is_known_version(version: str) -> bool:
    """Tell whether this code can migrate from a schema version."""
    return version in _versions()


def _versions() -> list[str]:
    """All schema versions, oldest first, from the file names; a test asks Alembic, too."""
    files = (_MIGRATIONS / "versions").glob("[0-9]*.py")
    return sorted(file.name.partition("_")[0] for file in files)
