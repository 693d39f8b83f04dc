"""The database for operators' commands: its description, opening and restoring."""

from pathlib import Path

import sqlalchemy as sa

from bot.db.engine import Database, DatabaseError, open_database
from bot.db.lock import SOCKET_LOCK, WORKER_LOCK, hold_locks
from bot.db.migrate import is_current, is_known_version, newest_version, schema_version
from bot.ops.backup import restore
from bot.settings import Settings


def is_there(settings: Settings) -> bool:
    """Tell whether the database exists; assume it on a server. Creates no SQLite file."""
    path = settings.database.removeprefix("sqlite:///")
    return path == settings.database or Path(path).exists()


def describe(settings: Settings) -> str:
    """Name the database in a sentence, without its user and password."""
    try:
        url = sa.make_url(settings.database)
    except sa.exc.ArgumentError:
        return "The database"
    if url.get_backend_name() == "sqlite":
        return f"The SQLite file {url.database}"
    return f"The PostgreSQL database {url.database} on {url.host or 'this machine'}"


def open_if_current(settings: Settings) -> Database | None:
    """Open the database; None where there is none yet or its schema is not the newest."""
    if not is_there(settings):
        return None
    database = open_database(settings.database)
    return database if is_current(database) else None


def open_existing(settings: Settings) -> Database:
    """Open the database. Raises DatabaseError if it is missing or its schema is not the newest."""
    where = describe(settings)
    if not is_there(settings):
        raise DatabaseError(f"{where} is not there yet; the first start of the bot makes it.")
    database = open_database(settings.database)
    version = schema_version(database)
    if version is None:
        raise DatabaseError(f"{where} is empty; the first start of the bot fills it.")
    if not is_known_version(version):
        raise DatabaseError(f"{where} was made by a newer version of this code. Use that version.")
    if version != newest_version():
        raise DatabaseError(f"{where} has an older schema. Run `papers migrate`.")
    return database


def restore_backup(settings: Settings, file: Path, *, replace: bool) -> int:
    """Restore a backup and return its number of rows. Raises PapersError while a bot is running.

    `replace` discards what the database holds; without it a filled database is refused.
    """
    database = open_database(settings.database)
    with hold_locks(
        database,
        (WORKER_LOCK, SOCKET_LOCK),
        "A bot is at work on this database. End `papers run`, `web` and `worker` first.",
    ):
        return restore(database, file, replace=replace)
