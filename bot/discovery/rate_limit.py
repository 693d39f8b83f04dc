"""Cross-process rate limiter: a least time between two requests to one service.

Each request books the next free moment in the database, then waits for it.
"""

import datetime as dt
from collections.abc import Callable

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import paces

LONGEST = dt.timedelta(hours=1)


class RateLimit:
    """The rate limit of one service, shared by all processes of one database."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], dt.datetime],
        sleep: Callable[[float], None],
        *,
        name: str,
        every: dt.timedelta,
    ) -> None:
        """`name` is the service's in the database; `every` the time between two requests."""
        self._database, self._now, self._sleep = database, now, sleep
        self._name, self._every = name, every

    def wait(self) -> None:
        """Wait for this caller's turn."""
        now = self._now()
        turn = self._book(now)
        if turn > now:
            self._sleep((turn - now).total_seconds())

    def hold(self, seconds: float) -> None:
        """Let no turn begin within so many seconds, as a Retry-After header asks."""
        until = self._now() + min(dt.timedelta(seconds=seconds), LONGEST)
        with self._database.write() as connection:
            self._set(connection, max(self._booked(connection), until))

    def _book(self, now: dt.datetime) -> dt.datetime:
        with self._database.write() as connection:
            # Without this bound, a clock that went back would make everybody wait for it.
            free = min(self._booked(connection), now + LONGEST)
            turn = max(free, now)
            self._set(connection, turn + self._every)
        return turn

    def _set(self, connection: sa.Connection, moment: dt.datetime) -> None:
        connection.execute(paces.update().where(paces.c.name == self._name).values(next_at=moment))

    def _booked(self, connection: sa.Connection) -> dt.datetime:
        """The booked moment, which nobody else can change until the transaction ends."""
        booked = connection.scalar(sa.select(paces.c.next_at).where(paces.c.name == self._name))
        if booked is None:
            booked = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
            connection.execute(paces.insert().values(name=self._name, next_at=booked))
        return booked
