"""Deletes what discovery no longer needs, so that its part of the database stays bounded.

A seen paper is kept for as long as news of it may bring it back (half a year), and a little more;
about 480 a day in the default categories, so some 100,000 papers and 200 MB.
"""

import datetime as dt

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import (
    candidates,
    caught_up,
    checks,
    keys,
    listed,
    records,
    runners_up,
    seen,
)

PAPERS = dt.timedelta(days=200)
RECORDS = dt.timedelta(days=400)
"""For the checks of feeds; the search for missed days goes no further back."""


def delete_old(database: Database, now: dt.datetime) -> int:
    """Delete what is too old; returns how many rows of papers and checks that were.

    Records and keys stay for as long as their paper is seen or listed, and for ever once it was
    proposed: a paper that comes back under another key must not be proposed again.
    """
    papers, old = (now - PAPERS).date(), (now - RECORDS).date()
    recent = sa.select(candidates.c.key).where(candidates.c.week >= papers)
    stale = (
        seen.delete()
        .where(seen.c.day < papers, seen.c.key.not_in(recent))
        .where(sa.or_(seen.c.evidence_day.is_(None), seen.c.evidence_day < papers))
    )
    needed = sa.union(*(sa.select(table.c.key) for table in (seen, listed, candidates)))
    removed = 0
    for statement in (
        stale,
        checks.delete().where(checks.c.day < old),
        caught_up.delete().where(caught_up.c.day < old),
        runners_up.delete().where(runners_up.c.key.not_in(sa.select(seen.c.key))),
    ):
        with database.write() as connection:
            removed += connection.execute(statement).rowcount
    with database.write() as connection:
        connection.execute(records.delete().where(records.c.key.not_in(needed)))
        connection.execute(keys.delete().where(keys.c.record.not_in(needed)))
    return removed
