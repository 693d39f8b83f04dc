"""Cross-process rate limiter: a least time between two requests to one service.

Each request books the next free moment in the database, then waits for it. A wait that the
service asks for (Retry-After) is kept in a row of its own, so that all processes honour it; a
request that would wait for minutes fails instead, with the moment at which it may be sent.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.tables import paces
from bot.http import FetchError

LONGEST = dt.timedelta(hours=1)
"""The longest wait for a turn, should the clock go back."""
LONGEST_HOLD = dt.timedelta(days=1)
PATIENCE = dt.timedelta(minutes=3)
"""The longest Retry-After that is waited for."""


class HeldError(FetchError):
    """A request that was not sent, because its service asked to wait."""

    def __init__(self, until: dt.datetime) -> None:
        super().__init__("A request", f"asked to wait until {until:%d %b %H:%M} UTC")
        self.until = until


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
        """Wait for this caller's turn. Raises HeldError if that takes minutes."""
        now = self._now()
        turn = self._book(now)
        if turn > now:
            self._sleep((turn - now).total_seconds())

    def hold(self, seconds: float) -> None:
        """Let no turn begin within so many seconds, as a Retry-After header asks."""
        until = self._now() + min(dt.timedelta(seconds=seconds), LONGEST_HOLD)
        row = {"next_at": until}
        with self._database.write() as connection:
            held = connection.scalar(self._held)
            if held is None:
                connection.execute(paces.insert().values(name=self._hold_name, **row))
            elif held < until or held > self._now() + LONGEST_HOLD:
                where = paces.c.name == self._hold_name
                connection.execute(paces.update().where(where).values(**row))

    def held_until(self) -> dt.datetime | None:
        """The moment until which the service asked to wait; None if that has passed."""
        with self._database.read() as connection:
            return self._still_held(connection.scalar(self._held), self._now())

    def check_hold(self, patience: dt.timedelta = PATIENCE) -> None:
        """Raise HeldError if the service asked to wait longer than `patience` from now."""
        until = self.held_until()
        if until and until > self._now() + patience:
            raise HeldError(until)

    @property
    def _hold_name(self) -> str:
        return f"{self._name} hold"

    @property
    def _held(self) -> sa.Select[Any]:
        return sa.select(paces.c.next_at).where(paces.c.name == self._hold_name)

    @staticmethod
    def _still_held(held: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
        # No service asks for more than a day; beyond that, the clock went back.
        return held if held and now < held <= now + LONGEST_HOLD else None

    def _book(self, now: dt.datetime) -> dt.datetime:
        with self._database.write() as connection:
            # Without this bound, a clock that went back would make everybody wait for it.
            free = min(self._booked(connection), now + LONGEST)
            held = self._still_held(connection.scalar(self._held), now)
            if held and held > now + PATIENCE:
                raise HeldError(held)
            turn = max(free, now, held or now)
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
