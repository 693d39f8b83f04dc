"""Alarms about feeds that are stalled or failed: once an outage, and when it is over.

An outage begins with the first troubled verdict after a time without any, and ends when every feed
is in order. It is one message in the review channel, which is edited as things change.
"""

import datetime as dt

from bot.db.engine import Database
from bot.discovery.feed_history import FeedCheck
from bot.discovery.sources.base import TROUBLE
from bot.discovery.store import PaperStore
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue

_LONGEST = dt.timedelta(days=60)


class FeedAlarm:
    """Posts and edits the alarm of an outage."""

    def __init__(self, database: Database, channel: str) -> None:
        """Post to `channel`."""
        self._database, self._channel = database, channel

    def update(self, now: dt.datetime) -> None:
        """Post, edit or end the alarm after a poll, whose checks are stored already."""
        began, sources, troubled = self._outage(now)
        if began is None:
            return
        key = f"feeds:{began.isoformat()}"
        since = began.isoformat()
        lines = sorted(f"{check.feed}: {check.verdict}. {check.reason}" for check in troubled)
        if lines:
            content = {"since": since, "lines": lines, "over": None, "sources": sources}
        elif Outbox(self._database).get(key):
            over = now.isoformat()
            content = {"since": since, "lines": [], "over": over, "sources": sources}
        else:
            return
        message = Message(key=key, channel=self._channel, kind="feeds", content=content)
        with self._database.write() as connection:
            enqueue(connection, message, now)

    def _outage(self, now: dt.datetime) -> tuple[dt.datetime | None, list[str], list[FeedCheck]]:
        """The outage that goes on or ended just now: beginning, sources, checks still in trouble.

        A poll of a source replaces everything that was known of its feeds, so a feed that is no
        longer watched does not count.
        """
        polls: dict[dt.datetime, dict[str, dict[str, FeedCheck]]] = {}
        for at, check in PaperStore(self._database).checked(now - _LONGEST):
            polls.setdefault(at, {}).setdefault(check.source, {})[check.feed] = check
        began: dt.datetime | None = None
        last: dict[str, dict[str, FeedCheck]] = {}
        sources: set[str] = set()
        troubled: list[FeedCheck] = []
        for at in sorted(polls):
            last |= polls[at]
            troubled = [
                check
                for feeds in last.values()
                for check in feeds.values()
                if check.verdict in TROUBLE
            ]
            if troubled:
                began = began or at
                sources |= {check.source for check in troubled}
            elif at != now:
                began, sources = None, set()
        return began, sorted(sources), troubled
