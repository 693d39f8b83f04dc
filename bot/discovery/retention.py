"""What discovery forgets, so that its part of the database stays bounded.

A paper is kept for as long as news of it may bring it back (half a year), and a little more; about
480 a day in the default categories, so some 100,000 papers and 200 MB.
"""

import datetime as dt

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import candidates, caught_up, checks, runners_up, seen

PAPERS = dt.timedelta(days=200)
RECORDS = dt.timedelta(days=400)
"""Of how feeds were found; looking back for missed days goes no further."""


def delete_old(database: Database, now: dt.datetime) -> int:
    """Forget what is too old to matter; how many rows that were."""
    papers, records = (now - PAPERS).date(), (now - RECORDS).date()
    recent = sa.select(candidates.c.arxiv).where(candidates.c.week >= papers)
    stale = (
        seen.delete()
        .where(seen.c.day < papers, seen.c.arxiv.not_in(recent))
        .where(sa.or_(seen.c.evidence_day.is_(None), seen.c.evidence_day < papers))
    )
    removed = 0
    for statement in (
        stale,
        checks.delete().where(checks.c.day < records),
        caught_up.delete().where(caught_up.c.day < records),
        runners_up.delete().where(runners_up.c.arxiv.not_in(sa.select(seen.c.arxiv))),
    ):
        with database.write() as connection:
            removed += connection.execute(statement).rowcount
    return removed
