"""Politeness towards arXiv: at most one request in three seconds, over all processes together.

arXiv asks for it for all of its interfaces together (https://info.arxiv.org/help/api/tou.html).
Each request books the next free moment in the database, then waits for it.
"""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import paces

EVERY = dt.timedelta(seconds=3)
LONGEST = dt.timedelta(hours=1)
_NAME = "arxiv"


class RateLimit:
    """A queue before arXiv's door."""

    def __init__(
        self, database: Database, now: Callable[[], dt.datetime], sleep: Callable[[float], None]
    ) -> None:
        self._database, self._now, self._sleep = database, now, sleep

    def wait(self) -> None:
        """Wait for this caller's turn."""
        now = self._now()
        turn = self._book(now)
        if turn > now:
            self._sleep((turn - now).total_seconds())

    def hold(self, seconds: float) -> None:
        """Nobody's turn comes before so many seconds have gone, as Retry-After asked."""
        until = self._now() + min(dt.timedelta(seconds=seconds), LONGEST)
        with self._database.write() as connection:
            booked = self._booked(connection)
            connection.execute(paces.update().values(next_at=max(booked, until)))

    def _book(self, now: dt.datetime) -> dt.datetime:
        with self._database.write() as connection:
            # A clock that went back must not make everybody wait for it to come round again.
            free = min(self._booked(connection), now + LONGEST)
            turn = max(free, now)
            connection.execute(paces.update().values(next_at=turn + EVERY))
        return turn

    def _booked(self, connection: sa.Connection) -> dt.datetime:
        """The booked moment, which nobody else can change until the transaction ends."""
        found = connection.scalar(sa.select(paces.c.next_at).where(paces.c.name == _NAME))
        if found is None:
            found = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            connection.execute(paces.insert().values(name=_NAME, next_at=found))
        return found
