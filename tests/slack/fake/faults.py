"""What can go wrong between the bot and Slack, on demand: before a call was carried out, or after.

The difference is the point. After `drop_before` nothing was posted, after `drop_after` it was, and
the caller sees the same: a connection that ended without an answer.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

PAGE = "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Sorry!</body></html>"


@dataclass(frozen=True)
class Fault:
    """One way to fail. `applied`: the call was carried out all the same."""

    name: str
    applied: bool = False
    status: int = 200
    body: str = ""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    drop: bool = False
    cut: bool = False
    seconds: float = 0.0
    late: bool = False

    drop_before: ClassVar["Fault"]
    drop_after: ClassVar["Fault"]
    http_500: ClassVar["Fault"]
    http_503: ClassVar["Fault"]
    http_500_after: ClassVar["Fault"]
    html: ClassVar["Fault"]
    html_after: ClassVar["Fault"]
    truncated: ClassVar["Fault"]

    @classmethod
    def error(cls, code: str) -> "Fault":
        """Slack refuses with this code, whatever was asked."""
        return cls(code, body=json.dumps({"ok": False, "error": code}))

    @classmethod
    def delay(cls, seconds: float) -> "Fault":
        """The call is carried out, and answered, so much later."""
        return cls("delay", applied=True, seconds=seconds)

    @classmethod
    def late_answer(cls, seconds: float) -> "Fault":
        """The call is carried out at once, and answered so much later."""
        return replace(cls.delay(seconds), name="late_answer", late=True)

    @classmethod
    def ratelimited(cls, retry_after: int) -> "Fault":
        """Slack asks for patience, for so many seconds; the pace is no excuse for it."""
        return replace(
            cls.error("ratelimited"), status=429, headers=(("Retry-After", str(retry_after)),)
        )


Fault.drop_before = Fault("drop_before", drop=True)
Fault.drop_after = Fault("drop_after", applied=True, drop=True)
Fault.http_500 = Fault("http_500", status=500, body="internal error", content_type="text/plain")
Fault.http_503 = Fault("http_503", status=503, body="unavailable", content_type="text/plain")
Fault.http_500_after = replace(Fault.http_500, name="http_500_after", applied=True)
Fault.html = Fault("html", body=PAGE, content_type="text/html; charset=utf-8")
Fault.html_after = replace(Fault.html, name="html_after", applied=True)
Fault.truncated = Fault("truncated", applied=True, cut=True)


@dataclass
class _Rule:
    method: str
    channel: str | None
    fault: Fault
    skip: int
    times: int | None
    until: float | None
    chance: float


@dataclass
class Faults:
    """The faults that were ordered; each call meets the first rule that holds for it."""

    clock: Callable[[], float]
    random: random.Random
    rules: list[_Rule] = field(default_factory=list)

    def order(
        self,
        method: str,
        fault: Fault,
        *,
        channel: str | None = None,
        times: int | None = None,
        seconds: float | None = None,
        after: int = 0,
        chance: float = 1.0,
    ) -> None:
        """See `FakeSlack.fail`."""
        if times is None and seconds is None:
            times = 1
        until = None if seconds is None else self.clock() + seconds
        self.rules.append(_Rule(method, channel, fault, after, times, until, chance))

    def meet(self, method: str, channel: str | None) -> Fault | None:
        """What this call meets, if anything."""
        now = self.clock()
        self.rules = [rule for rule in self.rules if _is_left(rule, now)]
        for rule in self.rules:
            if rule.method not in {"*", method} or rule.channel not in {None, channel}:
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            if rule.chance < 1 and self.random.random() >= rule.chance:
                continue
            if rule.times is not None:
                rule.times -= 1
            return rule.fault
        return None


def _is_left(rule: _Rule, now: float) -> bool:
    return (rule.times is None or rule.times > 0) and (rule.until is None or now < rule.until)
