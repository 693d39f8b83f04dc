"""Counting of what people do, against their daily limits.

Writing transactions run one at a time, so of many acts at the same moment no more than the limit
are accepted.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.limits.model import DAILY_LIMITS, DAY, Activity, check_limit
from bot.limits.tables import activity


def spend(connection: sa.Connection, what: Activity, person: str, now: dt.datetime) -> None:
    """Count an act of a person in the caller's writing transaction. Raises DailyLimitError."""
    acts = sa.select(activity.c.at).where(activity.c.person == person, activity.c.what == what)
    check_limit(what, earlier_act(connection, acts, activity.c.at, what, now), now)
    connection.execute(activity.insert().values(person=person, what=what, at=now))


def earlier_act(
    connection: sa.Connection,
    acts: sa.Select[Any],
    at: sa.Column[dt.datetime],
    what: Activity,
    now: dt.datetime,
) -> dt.datetime | None:
    """The moment, within a day, of the act that lies as many acts back as the limit allows.

    `acts` selects the moments of a person's acts, the column `at`.
    """
    recent = acts.where(at > now - DAY).order_by(at.desc())
    earlier: dt.datetime | None = connection.scalar(
        recent.offset(DAILY_LIMITS[what].most - 1).limit(1)
    )
    return earlier


class ActivityStore:
    """Acts of people that daily limits count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def spend(self, what: Activity, person: str, now: dt.datetime) -> None:
        """Count an act of a person before it is done. Raises DailyLimitError."""
        with self._database.write() as connection:
            spend(connection, what, person, now)

    def delete_old(self, now: dt.datetime) -> int:
        """Delete what no limit counts any more; returns the number of rows."""
        with self._database.write() as connection:
            return connection.execute(activity.delete().where(activity.c.at <= now - DAY)).rowcount
