"""Slack's patience: about a message a second a channel, and so many calls a minute a method."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# Calls a minute, by tier (https://docs.slack.dev/apis/web-api/rate-limits); no entry, no limit.
_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
A_MINUTE: Mapping[str, int] = {
    "chat.delete": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.update": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.join": _TIER_3,
    "conversations.list": _TIER_2,
    "conversations.members": _TIER_4,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "usergroups.list": _TIER_2,
    "usergroups.users.list": _TIER_2,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.update": _TIER_4,
}


class TooFastError(Exception):
    """A call that comes too soon."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"not before {retry_after} s have gone")
        self.retry_after = retry_after


@dataclass
class _Bucket:
    most: float
    a_second: float
    filled_at: float
    left: float

    def take(self, now: float) -> float:
        """Seconds until the next call may come; 0 when this one may."""
        self.left = min(self.most, self.left + (now - self.filled_at) * self.a_second)
        self.filled_at = now
        if self.left < 1:
            return (1 - self.left) / self.a_second
        self.left -= 1
        return 0.0


class Pace:
    """Who may call now. `a_second` messages to a channel, after a burst; None: no limit at all."""

    def __init__(self, clock: Callable[[], float], a_second: float | None, burst: int) -> None:
        self._clock, self.a_second, self.burst = clock, a_second, burst
        self._buckets: dict[str, _Bucket] = {}

    def call(self, method: str) -> None:
        """Count a call. Raises TooFastError."""
        if method in A_MINUTE:
            self._take(method, A_MINUTE[method], A_MINUTE[method] / 60)

    def message(self, channel: str) -> None:
        """Count a message to a channel. Raises TooFastError."""
        self._take(channel, self.burst, self.a_second or 1)

    def _take(self, name: str, most: float, a_second: float) -> None:
        if self.a_second is None:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(most, a_second, now, most))
        if wait := bucket.take(now):
            raise TooFastError(math.ceil(wait))
