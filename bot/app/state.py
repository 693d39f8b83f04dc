"""The database as operators see it: which it is, what it tells of the work, a backup restored."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.app.container import now
from bot.db.backup import restore
from bot.db.engine import Database, DatabaseError, open_database
from bot.db.lock import lock_of
from bot.db.migrate import is_known, newest, schema_of
from bot.discovery.sources.arxiv.schedule import next_poll_of
from bot.discovery.sources.arxiv.source import ARXIV
from bot.discovery.store import PaperStore
from bot.errors import PapersError
from bot.ops.jobs import JobJournal
from bot.review.store import SuggestionStore
from bot.settings import Settings

WORKER, SOCKET = "worker", "run"
"""The locks of the process that works, and of the one that answers by Socket Mode."""


def is_there(settings: Settings) -> bool:
    """Whether there is a database to ask; to look does not make a SQLite file."""
    path = settings.database.removeprefix("sqlite:///")
    return path == settings.database or Path(path).exists()


def describe(settings: Settings) -> str:
    """Which database it is, without who may use it."""
    try:
        url = sa.make_url(settings.database)
    except sa.exc.ArgumentError:
        return "The database"
    if url.get_backend_name() == "sqlite":
        return f"The SQLite file {url.database}"
    return f"The PostgreSQL database {url.database} on {url.host or 'this machine'}"


def existing(settings: Settings) -> Database:
    """The database, whose schema this code knows. Raises DatabaseError where there is none."""
    where = describe(settings)
    if not is_there(settings):
        raise DatabaseError(f"{where} is not there yet; the first start of the bot makes it.")
    database = open_database(settings.database)
    version = schema_of(database)
    if version is None:
        raise DatabaseError(f"{where} is empty; the first start of the bot fills it.")
    if not is_known(version):
        raise DatabaseError(f"{where} was made by a newer version of this code. Use that version.")
    if version != newest():
        raise DatabaseError(f"{where} has an older schema. Run `papers migrate`.")
    return database


def upcoming(database: Database) -> list[dict[str, Any]]:
    """The jobs: what each did last, and when it comes next. `poll` comes when arXiv is due."""
    rows = [asdict(run) for run in JobJournal(database).runs()]
    for row in rows:
        if row["name"] == "poll":
            row["next_at"] = next_poll_of(PaperStore(database).history(ARXIV), now())
    return [
        {
            "name": row["name"],
            "last": row["started_at"].isoformat(timespec="seconds"),
            "is_ok": row["is_ok"],
            "outcome": row["outcome"],
            "next": row["next_at"].isoformat(timespec="seconds"),
        }
        for row in rows
    ]


def told(database: Database, number: int) -> dict[str, Any]:
    """What happened to a suggestion. Raises PapersError when there is none of this number."""
    suggestions = SuggestionStore(database)
    one = suggestions.get(number)
    if one is None:
        raise PapersError(f"There is no suggestion {number}. `/papers pending` has the numbers.")
    return {
        "id": one.id,
        "title": one.subject.entry.title,
        "state": one.state,
        "published": one.published,
        "trouble": one.trouble,
        "events": [
            {
                "at": event.at.isoformat(timespec="seconds"),
                "what": event.what,
                "actor": event.actor,
                "detail": dict(event.detail),
            }
            for event in suggestions.history(number)
        ],
    }


def restore_into(settings: Settings, file: Path, *, replace: bool) -> int:
    """Restore a backup while nobody works on the database. Raises PapersError."""
    database = open_database(settings.database)
    locks = [lock_of(database, name) for name in (WORKER, SOCKET)]
    try:
        if not all(lock.acquire() for lock in locks):
            raise DatabaseError(
                "A bot is at work on this database. End `papers run`, `web` and `worker` first."
            )
        return restore(database, file, replace=replace)
    finally:
        for lock in locks:
            lock.release()
