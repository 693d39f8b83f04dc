"""Telling people of feeds that are stalled or broken: once an outage, and when it is over.

An outage begins with the first troubled poll after one that was in order, and ends with the next
one in order. It is one message in the review channel, which is edited as things change.
"""

import datetime as dt
from collections.abc import Sequence

from bot.db.engine import Database
from bot.discovery.store import FeedCheck, PaperStore
from bot.outbox.message import Message
from bot.outbox.store import Outbox, enqueue

TROUBLE = frozenset({"failed", "stalled"})
_LONGEST = dt.timedelta(days=60)


class FeedAlarm:
    """Watches what polls found."""

    def __init__(self, database: Database, channel: str) -> None:
        """Tell `channel`."""
        self._database, self._channel = database, channel

    def sound(self, found: Sequence[FeedCheck], now: dt.datetime) -> None:
        """Say what is to be said after a poll, whose checks are kept already."""
        last = {check.category: check for check in found}
        lines = [
            f"{check.category}: {check.verdict}. {check.reason}"
            for check in last.values()
            if check.verdict in TROUBLE
        ]
        began = self._outage(now, is_over=not lines)
        if began is None:
            return
        key = f"feeds:{began.isoformat()}"
        if lines:
            content = {"since": began.isoformat(), "lines": sorted(lines), "over": None}
        elif Outbox(self._database).get(key):
            content = {"since": began.isoformat(), "lines": [], "over": now.isoformat()}
        else:
            return
        with self._database.write() as connection:
            enqueue(
                connection,
                Message(key=key, channel=self._channel, kind="feeds", content=content),
                now,
            )

    def _outage(self, now: dt.datetime, *, is_over: bool) -> dt.datetime | None:
        """When the outage began that goes on, or that ended just now; None without one."""
        polls: dict[dt.datetime, dict[str, str]] = {}
        for at, check in PaperStore(self._database).checked(now - _LONGEST):
            polls.setdefault(at, {})[check.category] = check.verdict  # the last one holds
        began = None
        for at in sorted(polls, reverse=True):
            if is_over and at == now:
                continue
            if not TROUBLE & set(polls[at].values()):
                break
            began = at
        return began
