"""`python -m tests.e2e.shifted WORDS`: the bot with its clock put forward or back, at any time.

The file named by SHIFT_FILE holds how many seconds to add. The bot's own clock is
replaced, and that of the scheduler, which sleeps by it; libfaketime is not needed.
"""

import datetime as dt
import os
import time
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval

import bot.app.clock

_FILE = Path(os.environ["SHIFT_FILE"])  # noqa: TID251  # of this test's entry point alone


def shift() -> float:
    """Seconds, as the test has written them."""
    try:
        return float(_FILE.read_text() or 0)
    except (OSError, ValueError):  # it is being written
        return 0.0


def shifted() -> dt.datetime:
    """The moment by the clock that was put."""
    return dt.datetime.fromtimestamp(time.time() + shift(), dt.UTC)


class Shifted(dt.datetime):
    """What the scheduler asks for the time."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> "Shifted":
        return cls.fromtimestamp(time.time() + shift(), tz)


if __name__ == "__main__":
    bot.app.clock.utc_now = shifted
    for module in (
        apscheduler.executors.base,
        apscheduler.schedulers.base,
        apscheduler.triggers.interval,
    ):
        module.datetime = Shifted
    from bot.cli import main

    main()
