"""Faults between the bot and Slack, before a call is carried out or after.

After `drop_before` nothing was posted, after `drop_after` it was. The caller sees the same: a
connection that ended without an answer.
"""

import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

RESPONSE_URL = "response_url"
"""The method's name for answers through a `response_url`; "*" does not include them."""
PAGE = "<!DOCTYPE html><html><head><title>Server Error</title></head><body>Sorry!</body></html>"


@dataclass(frozen=True)
class Fault:
    """A fault of a call. `applied`: the call is carried out nevertheless."""

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
    gate: threading.Event | None = None

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
        """The call is carried out and answered after some seconds."""
        return cls("delay", applied=True, seconds=seconds)

    @classmethod
    def late_answer(cls, seconds: float) -> "Fault":
        """The call is carried out at once, and answered after some seconds."""
        return replace(cls.delay(seconds), name="late_answer", late=True)

    @classmethod
    def hang(cls, gate: threading.Event) -> "Fault":
        """The call is carried out and answered once the gate is open, or after a minute."""
        return cls("hang", applied=True, gate=gate)

    @classmethod
    def ratelimited(cls, retry_after: int) -> "Fault":
        """Slack refuses with a rate limit, whatever the rate of the calls."""
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
    """The faults that tests asked for; the first rule that matches a call applies."""

    clock: Callable[[], float]
    random: random.Random
    rules: list[_Rule] = field(default_factory=list)

    def add(
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

    def find(self, method: str, channel: str | None) -> Fault | None:
        """The fault of a call, if there is one; it counts as used."""
        now = self.clock()
        self.rules = [rule for rule in self.rules if _is_left(rule, now)]
        for rule in self.rules:
            anything = "*" if method != RESPONSE_URL else method
            if rule.method not in {anything, method} or rule.channel not in {None, channel}:
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
