"""Locks that one process holds at a time and loses when it dies.

On SQLite it is a lock on a file beside the database (flock(2)), on PostgreSQL a session's advisory
lock (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS). Both end with
the process; neither has an expiry time that a jumping clock could make wrong.
"""

import contextlib
import fcntl
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bot.db.engine import Database, DatabaseError
from bot.db.private_files import make_private

WORKER_LOCK, SOCKET_LOCK = "worker", "run"
"""Locks of the one process that sends and polls, and of the one that answers by Socket Mode."""
ENDING_LOCK = "ending"
"""Lock of a process with one of those, from its SIGTERM to its end."""
MIGRATION_LOCK = "migration"
"""Lock of the process that migrates the schema."""

_REFUSAL_SECONDS = 0.7  # how long a holder is waited for: it may have been killed just now
_TAKEOVER_SECONDS = 15.0  # the same for a holder that is ending
_POLL_SECONDS = 0.1

# A machine that loses power closes no connection; the server notices within these 20 seconds.
_KEEPALIVE = ("tcp_keepalives_idle = 5", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")


class Lock(Protocol):
    """A lock that at most one process holds."""

    def acquire(self) -> bool:
        """Take the lock if it is free; returns whether this object holds it now."""

    def is_held(self) -> bool:
        """Tell whether this object still holds the lock; a broken connection has lost it."""

    def release(self) -> None:
        """Release the lock."""


def open_lock(database: Database, name: str) -> Lock:
    """The lock of this name for a database, not yet acquired."""
    if database.is_sqlite:
        return FileLock(Path(f"{database.engine.url.database}.{name}.lock"))
    return AdvisoryLock(database, name)


@contextlib.contextmanager
def hold_locks(  # noqa: PLR0913  # a test has its own clock
    database: Database,
    names: Sequence[str],
    refusal: str,
    *,
    patience: float = _REFUSAL_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold locks of processes while the block runs.

    A holder that is ending is waited for, another one for `patience` seconds. Raises DatabaseError
    with `refusal` after that.
    """
    locks, ending = [open_lock(database, name) for name in names], open_lock(database, ENDING_LOCK)
    began = last_ending = clock()
    try:
        while not all(lock.acquire() for lock in locks):
            now = clock()
            if _is_taken(ending) and now - began < _TAKEOVER_SECONDS:
                last_ending = now  # its locks are free a moment after it has ended
            if now - last_ending > patience:
                raise DatabaseError(refusal)
            sleep(_POLL_SECONDS)
        yield
    finally:
        for lock in locks:
            lock.release()


@contextlib.contextmanager
def announced_end(database: Database) -> Iterator[None]:
    """Let starting processes wait for this one, which is ending, while the block runs.

    In a thread: a PostgreSQL server that hangs must not hold up the end.
    """
    lock = open_lock(database, ENDING_LOCK)

    def acquire() -> None:
        for _ in range(10):  # a process that looks whether it is taken holds it for a moment
            if lock.acquire():
                break
            time.sleep(_POLL_SECONDS / 10)

    thread = threading.Thread(target=acquire, daemon=True)
    thread.start()
    try:
        yield
    finally:
        if not thread.is_alive():
            lock.release()


def _is_taken(lock: Lock) -> bool:
    """Tell whether another process holds a lock."""
    if lock.acquire():
        lock.release()
        return False
    return True


class FileLock:
    """A lock between processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free."""
        if self._file is not None:
            return True
        make_private(self._path)
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def is_held(self) -> bool:
        """Tell whether this object holds the lock; the system never takes it away."""
        return self._file is not None

    def release(self) -> None:
        """Release the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None


class AdvisoryLock:
    """A lock between processes that share a PostgreSQL server, on a connection of its own."""

    def __init__(self, database: Database, name: str) -> None:
        self._engine = database.engine
        self._number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        self._connection: sa.Connection | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; returns False also when the server cannot be reached."""
        if self._connection is not None:
            return self.is_held()
        try:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        except SQLAlchemyError:
            return False
        try:
            for setting in _KEEPALIVE:
                connection.exec_driver_sql(f"SET {setting}")
            taken = connection.scalar(sa.select(sa.func.pg_try_advisory_lock(self._number)))
        except SQLAlchemyError:
            taken = False
        if not taken:
            _drop(connection)
            return False
        self._connection = connection
        return True

    def is_held(self) -> bool:
        """Tell whether the session that holds the lock is alive."""
        if self._connection is None:
            return False
        try:
            self._connection.execute(sa.select(1))
        except SQLAlchemyError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """End the session, and the lock with it."""
        if self._connection is not None:
            _drop(self._connection)
            self._connection = None


def _drop(connection: sa.Connection) -> None:
    """Close a connection for good; back in the pool, it would keep its locks."""
    with contextlib.suppress(SQLAlchemyError):
        connection.invalidate()
    with contextlib.suppress(SQLAlchemyError):
        connection.close()
