"""Paper records in the database: each paper once, under every key that it is known by.

Writing functions work in the caller's transaction. When a paper turns out to have a better key, or
two records turn out to be one paper, they become one record under the best key; the former keys
still lead to it, and so do the rows of other tables.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce
from typing import Any

import sqlalchemy as sa

from bot.discovery.paper import FACTS, Paper
from bot.discovery.records import (
    PaperRecord,
    is_same_paper,
    merge,
    origins_from_json,
    origins_to_json,
)
from bot.discovery.tables import candidates, keys, listed, records, runners_up, seen

# The tables keyed by a paper's key. Of two rows of one paper the earlier one is kept.
_KEYED = (
    (seen, seen.c.seen_at),
    (candidates, candidates.c.proposed_at),
    (runners_up, runners_up.c.judged_at),
    (listed, listed.c.fetched_at),
)
_TUPLES = ("authors", "categories")


def paper_of(row: sa.Row[Any]) -> Paper:
    """The paper of a row that has the columns of a record."""
    facts = {fact: getattr(row, fact) for fact in FACTS}
    return Paper(**{**facts, **{fact: tuple(facts[fact]) for fact in _TUPLES}})


def record_of(row: sa.Row[Any]) -> PaperRecord:
    """The record of a row."""
    return PaperRecord(paper_of(row), origins_from_json(row.origins))


def keep_record(
    connection: sa.Connection, new: PaperRecord, *, may_create: bool
) -> tuple[str, Paper | None, Paper] | None:
    """Merge a record into the stored facts of its paper.

    Returns the key, the paper as it was (None for a new one) and as it is now; None for a paper
    that is not known and may not be created.
    """
    matches = _matches(connection, new.paper)
    if not matches and not may_create:
        return None
    old = reduce(merge, (record_of(row) for row in matches)) if matches else None
    merged = merge(old, new) if old else new
    key = merged.paper.key
    former = [row.key for row in matches]
    if former and former != [key]:
        _unite(connection, former, key)
    if old is None or merged != old or former != [key]:
        row = {"key": key, **_as_row(merged)}
        if key in former:
            connection.execute(records.update().where(records.c.key == key).values(**row))
        else:
            connection.execute(records.insert().values(**row))
        _add_keys(connection, merged.paper)
    return key, old.paper if old else None, merged.paper


def keys_in_use(connection: sa.Connection, wanted: Collection[str]) -> frozenset[str]:
    """Those of the keys that lead to a record."""
    return frozenset(connection.scalars(sa.select(keys.c.key).where(keys.c.key.in_(wanted))))


def add_records(connection: sa.Connection, new: Sequence[PaperRecord]) -> None:
    """Insert the records of papers that share no key with each other or with a stored one."""
    if new:
        rows = [{"key": record.paper.key, **_as_row(record)} for record in new]
        leading = [
            {"key": key, "record": record.paper.key} for record in new for key in record.paper.keys
        ]
        connection.execute(records.insert(), rows)
        connection.execute(keys.insert(), leading)


def same_keys(connection: sa.Connection, wanted: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Every key of the papers with these keys, by the key that was asked for, itself included."""
    asked, other = keys.alias("asked"), keys.alias("other")
    query = (
        sa.select(asked.c.key, other.c.key)
        .join(other, other.c.record == asked.c.record)
        .where(asked.c.key.in_(sorted(wanted)))
    )
    found = {key: {key} for key in wanted}
    for key, same in connection.execute(query):
        found[key].add(same)
    return {key: frozenset(same) for key, same in found.items()}


def upsert(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or change the one with this key; no other writer comes in between."""
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if connection.scalar(sa.select(sa.literal(1)).select_from(table).where(where)):
        if values:
            connection.execute(table.update().where(where).values(**values))
    else:
        connection.execute(table.insert().values(**key, **values))


def upsert_all(
    connection: sa.Connection, table: sa.Table, rows: Collection[Mapping[str, Any]]
) -> None:
    """Insert rows by their `key`, or change those that are there; the last of a key counts."""
    by_key = {row["key"]: row for row in rows}
    query = sa.select(table.c.key).where(table.c.key.in_(by_key))
    stored = set(connection.scalars(query)) if by_key else set()
    if new := [row for key, row in by_key.items() if key not in stored]:
        connection.execute(table.insert(), new)
    if changed := [{**row, "b_key": key} for key, row in by_key.items() if key in stored]:
        where = table.c.key == sa.bindparam("b_key")
        columns: dict[str, sa.BindParameter[Any]] = {
            name: sa.bindparam(name) for name in changed[0] if name not in {"key", "b_key"}
        }
        connection.execute(table.update().where(where).values(columns), changed)


def _matches(connection: sa.Connection, paper: Paper) -> list[sa.Row[Any]]:
    """The rows of the records that are this paper, in order of their keys."""
    query = sa.select(records).where(
        records.c.key.in_(sa.select(keys.c.record).where(keys.c.key.in_(paper.keys)))
    )
    if paper.arxiv:  # papers with different arXiv ids are different papers
        query = query.where(sa.or_(records.c.arxiv.is_(None), records.c.arxiv == paper.arxiv))
    rows = connection.execute(query.order_by(records.c.key)).all()
    same = [row for row in rows if is_same_paper(paper_of(row), paper)]
    # Several papers of arXiv's can share a DOI or a title; without an id, the first one is meant.
    return same if len({row.arxiv for row in same} - {None}) <= 1 else same[:1]


def _unite(connection: sa.Connection, former: list[str], key: str) -> None:
    """Bring every row of a paper under one key."""
    for table, moment in _KEYED:
        query = sa.select(table.c.key).where(table.c.key.in_({*former, key})).order_by(moment)
        kept, *others = connection.scalars(query).all() or [None]
        connection.execute(table.delete().where(table.c.key.in_(others)))
        if kept not in {None, key}:
            connection.execute(table.update().where(table.c.key == kept).values(key=key))
    gone = sorted({*former} - {key})
    connection.execute(records.delete().where(records.c.key.in_(gone)))
    known_by = sa.select(keys.c.key).where(keys.c.record.in_({*former, key})).distinct()
    every = connection.scalars(known_by).all()
    connection.execute(keys.delete().where(keys.c.record.in_({*former, key})))
    connection.execute(keys.insert(), [{"key": each, "record": key} for each in {*every, *gone}])


def _add_keys(connection: sa.Connection, paper: Paper) -> None:
    """Let every key of a paper lead to its record."""
    known = set(connection.scalars(sa.select(keys.c.key).where(keys.c.record == paper.key)))
    new = [{"key": key, "record": paper.key} for key in paper.keys if key not in known]
    if new:
        connection.execute(keys.insert(), new)


def _as_row(record: PaperRecord) -> dict[str, Any]:
    row = {fact: getattr(record.paper, fact) for fact in FACTS}
    lists = {fact: list(row[fact]) for fact in _TUPLES}
    return {**row, **lists, "origins": origins_to_json(record.origins)}
