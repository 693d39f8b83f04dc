"""Slack's rate limits: a message a second and channel, and calls a minute and method."""

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
    "users.conversations": _TIER_3,
    "users.info": _TIER_4,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.update": _TIER_4,
}


class RateLimitedError(Exception):
    """A call beyond a rate limit."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


@dataclass
class _Bucket:
    most: float
    per_second: float
    filled_at: float
    left: float

    def take(self, now: float) -> float:
        """Take a call; seconds until it is allowed, 0 if it is."""
        self.left = min(self.most, self.left + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.left < 1:
            return (1 - self.left) / self.per_second
        self.left -= 1
        return 0.0


class RateLimits:
    """Limits of calls: `per_second` messages to a channel, after a burst; None: no limit."""

    def __init__(self, clock: Callable[[], float], per_second: float | None, burst: int) -> None:
        self._clock, self.per_second, self.burst = clock, per_second, burst
        self._buckets: dict[str, _Bucket] = {}

    def call(self, method: str) -> None:
        """Count a call. Raises RateLimitedError."""
        if method in A_MINUTE:
            self._take(method, A_MINUTE[method], A_MINUTE[method] / 60)

    def message(self, channel: str) -> None:
        """Count a message to a channel. Raises RateLimitedError."""
        self._take(channel, self.burst, self.per_second or 1)

    def _take(self, name: str, most: float, per_second: float) -> None:
        if self.per_second is None:
            return
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(most, per_second, now, most))
        if wait := bucket.take(now):
            raise RateLimitedError(math.ceil(wait))
