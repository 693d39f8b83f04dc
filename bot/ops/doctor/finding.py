"""What an examination found, one thing at a time."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "error"]
_ORDER: tuple[State, ...] = ("ok", "warning", "error")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: State
    sentence: str
    """How it was found."""
    remedy: str = ""
    """What to do; empty where nothing is wrong."""


def ok(what: str, sentence: str) -> Finding:
    """In order."""
    return Finding(what, "ok", sentence)


def warning(what: str, sentence: str, remedy: str) -> Finding:
    """The bot works, and somebody should look."""
    return Finding(what, "warning", sentence, remedy)


def error(what: str, sentence: str, remedy: str) -> Finding:
    """Something does not work."""
    return Finding(what, "error", sentence, remedy)


def worst(findings: Iterable[Finding]) -> State:
    """The state of the whole."""
    return max((one.state for one in findings), key=_ORDER.index, default="ok")


def span(length: dt.timedelta | float) -> str:
    """A time that has passed, in words: `40 s`, `12 min`, `5 h`, `3 days`."""
    seconds = length.total_seconds() if isinstance(length, dt.timedelta) else length
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
