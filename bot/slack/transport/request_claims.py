"""Claims of requests: a repeat of the same request from Slack changes something only once.

A signed request stays valid for five minutes, and Slack delivers an envelope of Socket Mode again
when its acknowledgement is lost. Requests that change or post something are claimed in the
database by their digest before a listener sees them. Lookups are answered each time.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import TypeAlias

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.db.engine import Database, Moment, metadata
from bot.slack.blocks.lookup import AGAIN, BACK, NEXT, OPEN, PREVIOUS
from bot.slack.payloads import Body, Command, interaction_id
from bot.slack.verbs import route

KEPT = dt.timedelta(days=1)
"""The least time that a claim is kept; a request is refused as too old after ten minutes."""

_SECONDS = 0.5  # for the database to answer, within the second that an acknowledgement has
_THREADS = 4
_MOST_WAITING = 64
_READING_VERBS = frozenset(
    {"help", "search", "recent", "random", "cite", "stats", "why", "pending", "history",
     "subscriptions"}
)  # fmt: skip
_READING_CLICKS = frozenset({NEXT, PREVIOUS, AGAIN, OPEN, BACK})

claims = sa.Table(
    "request_claims",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
)

_log = structlog.get_logger()

Claim: TypeAlias = Callable[[str], bool]
"""Claims a request by its digest; False if it was claimed before."""


def changes_something(body: Body) -> bool:
    """Tell whether a request may change or post something: all but lookups. Pure."""
    if "command" in body:
        verb, _ = route(Command.read(body).text)
        return verb.name not in _READING_VERBS
    return body.get("type") != "url_verification" and interaction_id(body) not in _READING_CLICKS


def digest(*parts: str | bytes) -> str:
    """The digest of a request: of its body and timestamp, or of its envelope's id."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "replace") if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8))
        sha.update(data)
    return sha.hexdigest()


class RequestClaims:
    """The claims of requests in the database."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], dt.datetime],
        *,
        seconds: float = _SECONDS,
    ) -> None:
        """`seconds` is how long a claim may delay the acknowledgement."""
        self._database, self._now, self._seconds = database, now, seconds
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="claim")
        self._places = BoundedSemaphore(_MOST_WAITING)

    def claim(self, request: str) -> bool:
        """Claim a request by its digest; False if it was claimed before.

        True also when the database cannot tell in time: the listener reports what it meets.
        """
        if not self._places.acquire(blocking=False):
            _log.warning("request not claimed", reason="the database is too slow")
            return True
        future = self._pool.submit(self._insert, request)
        future.add_done_callback(lambda _: self._places.release())
        try:
            return future.result(self._seconds)
        except (SQLAlchemyError, TimeoutError) as error:
            _log.warning("request not claimed", reason=type(error).__name__)
            return True

    def _insert(self, request: str) -> bool:
        # Without the writers' lock: the primary key decides, and nothing else is read or written.
        try:
            with self._database.engine.begin() as connection:
                connection.execute(claims.insert().values(digest=request, at=self._now()))
        except IntegrityError:
            return False
        return True


def delete_old_claims(database: Database, now: dt.datetime) -> int:
    """Delete claims of requests that are refused as too old by now; returns their number."""
    with database.write() as connection:
        return connection.execute(claims.delete().where(claims.c.at < now - KEPT)).rowcount
