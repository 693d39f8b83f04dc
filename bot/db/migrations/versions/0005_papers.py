"""Key papers by `paper_key`, keep their facts in records, and name the source of a feed.

Until here every paper was arXiv's, so each key is `arxiv:` and the id. The facts of a paper that
was both seen and listed are taken from the newer row, except those that only one row states.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_MOMENT = sa.DateTime(timezone=True)
_KEY = sa.String(512)
_SOURCE = "arXiv"
_MANY = 500  # rows in one statement
_PREFIX = "arxiv:"
_FACTS = ("title", "abstract", "authors", "categories", "doi", "journal_ref", "comment")


def upgrade() -> None:
    """Make the new tables, fill them from the old ones, and drop those."""
    connection = op.get_bind()
    names = ("seen_papers", "listed_papers", "feed_checks", "feed_memory", "caught_up_days",
             "candidates", "runners_up")  # fmt: skip
    old = {name: _set_aside(connection, name) for name in names}
    new = _create()
    _fill_records(connection, old, new)
    for name in ("seen_papers", "listed_papers", "candidates", "runners_up"):
        _copy(old[name], new[name], key=sa.literal(_PREFIX) + old[name].c.arxiv)
    for name in ("feed_checks", "caught_up_days"):
        _copy(old[name], new[name], feed=old[name].c.category)
    _copy(old["feed_memory"], new["feed_memory"])
    _number_on(connection)
    for name in names:
        op.drop_table(f"old_{name}")


def _set_aside(connection: sa.Connection, name: str) -> sa.Table:
    """Rename a table and free the names of its indexes and constraints."""
    for index in sa.inspect(connection).get_indexes(name):
        op.drop_index(str(index["name"]), name)
    op.rename_table(name, f"old_{name}")
    if connection.dialect.name == "postgresql":
        primary = sa.inspect(connection).get_pk_constraint(f"old_{name}")["name"]
        op.execute(f'ALTER TABLE "old_{name}" RENAME CONSTRAINT "{primary}" TO "old_{primary}"')
    return sa.Table(f"old_{name}", sa.MetaData(), autoload_with=connection)


def _create() -> dict[str, sa.Table]:
    tables = [
        op.create_table(
            "paper_records",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("title", sa.Text, nullable=False),
            sa.Column("arxiv", sa.String(32)),
            sa.Column("doi", sa.Text),
            sa.Column("dblp", sa.Text),
            sa.Column("abstract", sa.Text, nullable=False),
            sa.Column("authors", sa.JSON, nullable=False),
            sa.Column("categories", sa.JSON, nullable=False),
            sa.Column("venue", sa.Text),
            sa.Column("year", sa.Integer),
            sa.Column("published", sa.Date),
            sa.Column("url", sa.Text),
            sa.Column("pdf_url", sa.Text),
            sa.Column("code_url", sa.Text),
            sa.Column("journal_ref", sa.Text),
            sa.Column("comment", sa.Text),
            sa.Column("origins", sa.JSON, nullable=False),
        ),
        op.create_table(
            "paper_keys",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("record", _KEY, primary_key=True),
        ),
        op.create_table(
            "seen_papers",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("source", sa.String(64), nullable=False),
            sa.Column("version", sa.Integer, nullable=False),
            sa.Column("day", sa.Date, nullable=False),
            sa.Column("seen_at", _MOMENT, nullable=False),
            sa.Column("evidence", sa.Text),
            sa.Column("evidence_day", sa.Date),
        ),
        op.create_table(
            "listed_papers",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("found", sa.Boolean, nullable=False),
            sa.Column("fetched_at", _MOMENT, nullable=False),
        ),
        op.create_table(
            "feed_checks",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("source", sa.String(64), nullable=False),
            sa.Column("feed", sa.String(64), nullable=False),
            sa.Column("checked_at", _MOMENT, nullable=False),
            sa.Column("verdict", sa.String(16), nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
            sa.Column("unseen", sa.Integer, nullable=False),
            sa.Column("day", sa.Date, nullable=False),
        ),
        op.create_table(
            "feed_memory",
            sa.Column("url", sa.Text, primary_key=True),
            sa.Column("etag", sa.Text),
            sa.Column("last_modified", sa.Text),
        ),
        op.create_table(
            "caught_up_days",
            sa.Column("source", sa.String(64), primary_key=True),
            sa.Column("feed", sa.String(64), primary_key=True),
            sa.Column("day", sa.Date, primary_key=True),
        ),
        op.create_table(
            "candidates",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("week", sa.Date, nullable=False),
            sa.Column("proposed_at", _MOMENT, nullable=False),
            sa.Column("score", sa.Float, nullable=False),
            sa.Column("rank", sa.Integer, nullable=False),
            sa.Column("ranked", sa.Integer, nullable=False),
            sa.Column("judgement", sa.JSON, nullable=False),
        ),
        op.create_table(
            "runners_up",
            sa.Column("key", _KEY, primary_key=True),
            sa.Column("day", sa.Date, nullable=False),
            sa.Column("score", sa.Float, nullable=False),
            sa.Column("section", sa.Text, nullable=False),
            sa.Column("judged_at", _MOMENT, nullable=False),
        ),
    ]
    for table, column in (
        ("paper_keys", "record"),
        ("seen_papers", "day"),
        ("seen_papers", "evidence_day"),
        ("feed_checks", "feed"),
        ("feed_checks", "checked_at"),
        ("candidates", "week"),
        ("runners_up", "day"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    return {table.name: table for table in tables}


def _copy(old: sa.Table, new: sa.Table, **changed: sa.ColumnElement[Any]) -> None:
    """Copy every row; new columns are given, or name the one source."""
    columns = [
        changed[column.name]
        if column.name in changed
        else old.c[column.name]
        if column.name in old.c
        else sa.literal(_SOURCE)
        for column in new.columns
    ]
    op.execute(new.insert().from_select(new.columns.keys(), sa.select(*columns)))


def _fill_records(
    connection: sa.Connection, old: dict[str, sa.Table], new: dict[str, sa.Table]
) -> None:
    """Make a record of each seen paper and of each listed paper that arXiv knows.

    A candidate's paper may have been deleted; its key is kept.
    """
    seen, listed = old["seen_papers"], old["listed_papers"]
    is_listed = sa.and_(listed.c.arxiv == seen.c.arxiv, listed.c.found)
    joined = sa.select(
        *seen.columns, *(column.label(f"listed_{column.name}") for column in listed.c)
    )
    for rows in _pages(connection, joined.outerjoin_from(seen, listed, is_listed), seen.c.arxiv):
        _insert(connection, new, [_seen_record(row) for row in rows])
    only = sa.select(listed).where(listed.c.found, listed.c.arxiv.not_in(sa.select(seen.c.arxiv)))
    for rows in _pages(connection, only, listed.c.arxiv):
        _insert(connection, new, [_record(row, row["fetched_at"]) for row in rows])
    candidates = old["candidates"].c.arxiv
    known = sa.select(new["paper_records"].c.arxiv)
    for rows in _pages(
        connection, sa.select(candidates).where(candidates.not_in(known)), candidates
    ):
        named = [{"key": _PREFIX + row["arxiv"], "record": _PREFIX + row["arxiv"]} for row in rows]
        connection.execute(new["paper_keys"].insert(), named)


def _pages(
    connection: sa.Connection, query: sa.Select[Any], by: sa.ColumnElement[str]
) -> Iterator[list[dict[str, Any]]]:
    """The rows of a query, some at a time, in order of a unique column."""
    last = ""
    while True:
        page = query.where(by > last).order_by(by).limit(_MANY)
        rows = [dict(row) for row in connection.execute(page).mappings()]
        if not rows:
            return
        yield rows
        last = rows[-1]["arxiv"]


def _seen_record(row: dict[str, Any]) -> dict[str, Any]:
    if not row["listed_found"]:
        return _record(row, row["seen_at"])
    listed = {
        name.removeprefix("listed_"): row[name] for name in row if name.startswith("listed_")
    }
    newer, older = (row, row["seen_at"]), (listed, listed["fetched_at"])
    if older[1] > newer[1]:
        newer, older = older, newer
    return _record(*newer, *older)


def _record(
    row: dict[str, Any],
    at: dt.datetime,
    older: dict[str, Any] | None = None,
    older_at: dt.datetime | None = None,
) -> dict[str, Any]:
    """The columns of a record, with the origin of each fact that is stated."""
    values: dict[str, Any] = {}
    origins: list[tuple[str, str, list[str]]] = []
    for source, moment in ((row, at), (older or {}, older_at)):
        facts = [fact for fact in _FACTS if fact not in values and source.get(fact)]
        values |= {fact: source[fact] for fact in facts}
        if facts and moment:
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
            origins.append((_SOURCE, zoned.astimezone(dt.UTC).isoformat(), facts))
    origins[0][2].append("arxiv")
    absent = {"title": "", "abstract": "", "authors": [], "categories": []}
    optional = dict.fromkeys(("doi", "journal_ref", "comment"))
    key = _PREFIX + row["arxiv"]
    identity = {"key": key, "arxiv": row["arxiv"], "origins": origins}
    return {**absent, **optional, **values, **identity}


def _insert(
    connection: sa.Connection, new: dict[str, sa.Table], records: list[dict[str, Any]]
) -> None:
    connection.execute(new["paper_records"].insert(), records)
    connection.execute(
        new["paper_keys"].insert(),
        [
            {"key": key[:512], "record": record["key"]}
            for record in records
            for key in dict.fromkeys(_keys(record))
        ],
    )


def _keys(record: dict[str, Any]) -> Iterator[str]:
    yield record["key"]
    doi = (record["doi"] or "").lower()
    if doi and not doi.startswith("10.48550/arxiv."):
        yield f"doi:{doi}"
    if title := _compact(record["title"]):
        yield f"title:{title}"


def _compact(title: str) -> str:
    """A title without accents, case, spaces and punctuation, as `compact` had it."""
    text = title.lower()
    if not title.isascii():
        decomposed = unicodedata.normalize("NFKD", title)
        text = "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
    return re.sub(r"[^\w+#]|_", "", text)


def _number_on(connection: sa.Connection) -> None:
    """Let PostgreSQL number new checks after those that were copied."""
    if connection.dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('feed_checks', 'id'), max(id)) FROM feed_checks "
            "HAVING max(id) IS NOT NULL"
        )
