"""`python -m tests.e2e.shifted WORDS`: the bot with a clock that a test can shift.

The file named by SHIFT_FILE holds the seconds to add, and may change at any time. The clocks of
the bot and of the scheduler, which sleeps by its own, are replaced; libfaketime is not needed.
"""

import datetime as dt
import os
import time
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base
import apscheduler.triggers.interval

import bot.app.clock

_FILE = Path(os.environ["SHIFT_FILE"])  # noqa: TID251  # read by this test entry point only


def shift() -> float:
    """Seconds to add, read from SHIFT_FILE; 0 while it is being written."""
    try:
        return float(_FILE.read_text() or 0)
    except (OSError, ValueError):  # it is being written
        return 0.0


def shifted_now() -> dt.datetime:
    """Current time in UTC by the shifted clock."""
    return dt.datetime.fromtimestamp(time.time() + shift(), dt.UTC)


class ShiftedDatetime(dt.datetime):
    """Replacement of the scheduler's `datetime`, with a shifted `now`."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> "ShiftedDatetime":
        return cls.fromtimestamp(time.time() + shift(), tz)


if __name__ == "__main__":
    bot.app.clock.utc_now = shifted_now
    for module in (
        apscheduler.executors.base,
        apscheduler.schedulers.base,
        apscheduler.triggers.interval,
    ):
        module.datetime = ShiftedDatetime
    from bot.cli import main

    main()
