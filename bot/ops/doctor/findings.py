"""The result of a check: a state, a sentence and a remedy."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "error"]
_ORDER: tuple[State, ...] = ("ok", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    what: str
    """The subject: a setting, a channel, the database …"""
    state: State
    sentence: str
    """The finding, in a sentence."""
    remedy: str = ""
    """The remedy; empty if nothing is wrong."""


def ok(what: str, sentence: str) -> Finding:
    """A check that passed."""
    return Finding(what, "ok", sentence)


def warning(what: str, sentence: str, remedy: str) -> Finding:
    """A check whose result deserves attention while the bot works."""
    return Finding(what, "warning", sentence, remedy)


def error(what: str, sentence: str, remedy: str) -> Finding:
    """A check that failed: part of the bot does not work."""
    return Finding(what, "error", sentence, remedy)


def worst(findings: Iterable[Finding]) -> State:
    """The worst state of some findings."""
    return max((finding.state for finding in findings), key=_ORDER.index, default="ok")


def format_duration(length: dt.timedelta | float) -> str:
    """Format a duration, a float being seconds: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = length.total_seconds() if isinstance(length, dt.timedelta) else length
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
