"""Removal of a person from the database: `papers forget`.

    the person's id, everywhere ──► a pseudonym (removed-1), the same in every row
    their name                  ──► the pseudonym
    messages to them alone      ──► deleted
    subscriptions in their DM   ──► ended

Every text and JSON column of every table that the database has is searched, so a new table needs
no change here. Events stay: the history is whole, and decisions can still be undone. `remaining`
names what is outside the database.
"""

import contextlib
import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database
from bot.digest.tables import subscriptions
from bot.errors import PapersError
from bot.outbox.tables import outbox
from bot.review.model import REMOVED
from bot.review.tables import history, publications
from bot.text import pluralize

SHORTEST_COLUMN = 16
"""Shorter columns hold words of this code, such as states, and are not searched."""
_PERSON = re.compile(r"(?:<@)?([UW][A-Z0-9]{2,30})(?:\|[^>]*)?>?")
_PSEUDONYM = re.compile(rf"\b{REMOVED}(\d{{1,9}})\b")
_DIRECT_MESSAGE = "D"  # begins the id of the conversation of the bot and one person
_PATIENCE = 1000  # milliseconds to wait for other connections
_OWN_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The result of removing a person, or of a dry run."""

    person: str
    pseudonym: str
    changed: Mapping[str, int]
    """The number of changed rows by table."""
    deleted: int
    """Messages to the person alone."""
    ended: int
    """Subscriptions in the person's direct messages."""
    has_traces: bool = False
    """Whether the file may still hold deleted text, since the database was in use."""

    @property
    def is_empty(self) -> bool:
        """Tell whether the database does not name the person."""
        return not self.changed and not self.deleted


class _DryRunError(Exception):
    """Rolls the transaction of a dry run back."""


def parse_person(text: str) -> str:
    """The id in `U0123ABCD` or `<@U0123ABCD>`. Raises PapersError."""
    match = _PERSON.fullmatch(text.strip())
    if match is None:
        raise PapersError(
            f"“{text[:50]}” is no person's id. Open the person's profile in Slack, and choose "
            "*Copy member ID* in its menu: U and some letters and digits."
        )
    return match[1]


def forget(database: Database, person: str, now: dt.datetime, *, dry_run: bool) -> Removal:
    """Remove a person from the database in one transaction, which a dry run rolls back."""
    with contextlib.suppress(_DryRunError), database.write() as connection:
        removal = _forget(connection, person, now)
        if dry_run:
            raise _DryRunError
    if dry_run or removal.is_empty:
        return removal
    return replace(removal, has_traces=not _rewrite_file(database))


def remaining(removal: Removal, data: Path, publish: str) -> Iterator[str]:
    """Sentences on what names the person outside the database; `publish` is the setting."""
    for path in sorted(data.rglob("*.yaml")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if _token(removal.person).search(line):
                yield f"{path}:{number} names {removal.person}. Remove the id there."
    if publish != "files":
        yield (
            f"Commits keep their author (…@users.noreply.slack.com with {removal.person}), and "
            "pull requests their text. Rewriting published history is up to you."
        )
    yield (
        "Slack keeps its messages: cards and answers that mention the person, and the direct "
        "messages. An owner of the workspace can delete them."
    )
    yield (
        "Backups from before hold everything. Delete them, or run this command again after "
        "restoring one. Logs from before may name the id, in lines about subscriptions and "
        "about undelivered messages."
    )
    yield "What the person does from now on is kept as before, under their id."
    if removal.has_traces:
        yield (
            "The database was in use, so its file may still hold deleted text. End the bot and "
            "run this command again, or `VACUUM` the file."
        )


def _forget(connection: sa.Connection, person: str, now: dt.datetime) -> Removal:
    tables = _tables(connection)
    pseudonym = f"{REMOVED}{_last_number(connection, tables) + 1}"
    tokens = {person, *_direct_messages(connection, person)}
    deleted = connection.execute(outbox.delete().where(outbox.c.channel.in_(tokens))).rowcount
    ended = _end_subscriptions(connection, tokens, pseudonym, now)
    _remove_names(connection, person, pseudonym)
    replaced = re.compile("|".join(_token(token).pattern for token in sorted(tokens)))
    changed = {
        table.name: count
        for table in tables
        if (count := _replace_in(connection, table, tokens, replaced, pseudonym))
    }
    return Removal(
        person=person, pseudonym=pseudonym, changed=changed, deleted=deleted, ended=ended
    )


def _direct_messages(connection: sa.Connection, person: str) -> set[str]:
    """The ids of the person's direct messages with the bot, as far as they are known."""
    posted = sa.select(outbox.c.posted_in).where(outbox.c.channel == person)
    subscribed = sa.select(subscriptions.c.channel).where(subscriptions.c.created_by == person)
    channels = {*connection.scalars(posted), *connection.scalars(subscribed)}
    return {channel for channel in channels if channel and channel.startswith(_DIRECT_MESSAGE)}


def _end_subscriptions(
    connection: sa.Connection, channels: Collection[str], pseudonym: str, now: dt.datetime
) -> int:
    """End the active subscriptions of the person's direct messages; returns their number."""
    mine = subscriptions.c.channel.in_(channels)
    end = {"active_key": None, "removed_at": now, "removed_by": pseudonym}
    active = subscriptions.update().where(mine, subscriptions.c.removed_at.is_(None))
    return connection.execute(active.values(**end)).rowcount


def _remove_names(connection: sa.Connection, person: str, pseudonym: str) -> None:
    """Replace the person's name, which is kept for commits, where their id is beside it."""
    mine = publications.update().where(publications.c.author == person)
    connection.execute(mine.values(name=pseudonym))
    acted = sa.select(history.c.id, history.c.detail).where(history.c.actor == person)
    for row in connection.execute(acted).all():
        if row.detail.get("name"):
            event = history.update().where(history.c.id == row.id)
            connection.execute(event.values(detail={**row.detail, "name": pseudonym}))


def _tables(connection: sa.Connection) -> list[sa.Table]:
    """The tables that the database has, whatever this code knows of them."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != _OWN_TABLE]


def _searched(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that can hold an id."""

    def is_searched(kind: sa.types.TypeEngine[Any]) -> bool:
        if isinstance(kind, sa.JSON):
            return True
        return isinstance(kind, sa.String) and (kind.length or SHORTEST_COLUMN) >= SHORTEST_COLUMN

    return [column for column in table.columns if is_searched(column.type)]


def _rows_with(
    connection: sa.Connection, table: sa.Table, texts: Collection[str]
) -> list[sa.Row[Any]]:
    """The rows in which a text occurs anywhere."""
    columns = [sa.cast(column, sa.Text) for column in _searched(table)]
    hits = [column.contains(text, autoescape=True) for column in columns for text in texts]
    return list(connection.execute(sa.select(table).where(sa.or_(sa.false(), *hits))).all())


def _last_number(connection: sa.Connection, tables: Collection[sa.Table]) -> int:
    """The number of the last pseudonym; 0 without any."""
    numbers = [
        int(number)
        for table in tables
        for row in _rows_with(connection, table, [REMOVED])
        for number in _PSEUDONYM.findall(repr(tuple(row)))
    ]
    return max(numbers, default=0)


def _replace_in(
    connection: sa.Connection,
    table: sa.Table,
    tokens: Collection[str],
    pattern: re.Pattern[str],
    pseudonym: str,
) -> int:
    """Replace the person in all columns of a table; returns the number of changed rows."""
    count = 0
    for row in _rows_with(connection, table, tokens):
        before = row._asdict()
        after = {
            column.name: _replaced(before[column.name], pattern, pseudonym)
            for column in _searched(table)
        }
        values = {name: value for name, value in after.items() if value != before[name]}
        if values:
            key = [column == before[column.name] for column in table.primary_key]
            connection.execute(table.update().where(*key).values(**values))
            count += 1
    return count


def _replaced(value: Any, pattern: re.Pattern[str], pseudonym: str) -> Any:
    """A value with the pseudonym in the place of ids, at any depth; `<@U…>` loses its markup."""
    match value:
        case str():
            return pattern.sub(pseudonym, value)
        case list():
            return [_replaced(item, pattern, pseudonym) for item in value]
        case dict():
            return {
                _replaced(key, pattern, pseudonym): _replaced(item, pattern, pseudonym)
                for key, item in value.items()
            }
        case _:
            return value


def _token(text: str) -> re.Pattern[str]:
    """An id that is no part of a longer word, with the markup of a mention around it."""
    return re.compile(
        rf"<[@#]{re.escape(text)}(?:\|[^<>]*)?>|(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])"
    )


def _rewrite_file(database: Database) -> bool:
    """Have SQLite drop deleted text from its files; returns whether that was possible now.

    A PostgreSQL server does so by itself (autovacuum).
    """
    if not database.is_sqlite:
        return True
    options = {"isolation_level": "AUTOCOMMIT"}
    try:
        with database.engine.connect().execution_options(**options) as connection:
            connection.detach()  # from the pool, whose connections wait longer
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_PATIENCE}")
            connection.exec_driver_sql("VACUUM")
            busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    except SQLAlchemyError:
        return False
    return not busy


def describe(removal: Removal) -> Iterator[str]:
    """Sentences on what was changed, or would be."""
    if removal.is_empty:
        yield f"Nothing in the database names {removal.person}."
        return
    rows = ", ".join(f"{table} ({count})" for table, count in removal.changed.items())
    yield f"{removal.person} is {removal.pseudonym} in: {rows or 'no row'}."
    yield f"{pluralize(removal.deleted, 'direct message')} deleted."
    if removal.ended:
        yield f"{pluralize(removal.ended, 'subscription')} in direct messages ended."
