"""Laws of the rate limit: three seconds between requests of all threads and processes."""

import datetime as dt
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from bot.db.engine import Database
from bot.discovery.rate_limit import LONGEST, HeldError, RateLimit
from bot.discovery.sources.arxiv.source import EVERY


def limit(
    database: Database, now: Callable[[], dt.datetime], sleep: Callable[[float], None]
) -> RateLimit:
    return RateLimit(database, now, sleep, name="arxiv", every=EVERY)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
        self.slept: list[float] = []

    def now(self) -> dt.datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += dt.timedelta(seconds=seconds)


def test_the_first_request_goes_at_once_and_the_next_three_seconds_later(
    database: Database,
) -> None:
    clock = Clock()
    rate_limit = limit(database, clock.now, clock.sleep)
    rate_limit.wait()
    rate_limit.wait()
    rate_limit.wait()
    assert clock.slept == [3.0, 3.0]
    clock.time += dt.timedelta(minutes=1)
    rate_limit.wait()
    assert len(clock.slept) == 2


def test_processes_with_the_same_database_share_the_limit(database_url: str) -> None:
    """Each process reserves its turn, so turns are at least three seconds apart."""
    code = (
        "import datetime as dt, sys; from bot.db.engine import open_database; "
        "from bot.discovery.rate_limit import RateLimit; "
        "now = dt.datetime(2026, 1, 5, tzinfo=dt.UTC); "
        "every = dt.timedelta(seconds=3); database = open_database(sys.argv[1]); "
        "rate_limit = RateLimit(database, lambda: now, print, name='arxiv', every=every); "
        "[rate_limit.wait() for _ in range(5)]"
    )
    children = [
        subprocess.Popen(  # noqa: S603  # a fixed command
            [sys.executable, "-c", code, database_url], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    waits = sorted(
        float(word) for child in children for word in child.communicate(timeout=60)[0].split()
    )
    assert waits == [3.0 * turn for turn in range(1, 15)]


def test_threads_share_the_limit(database: Database) -> None:
    now = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    waits: list[float] = []
    rate_limit = limit(database, lambda: now, waits.append)
    threads = [threading.Thread(target=rate_limit.wait) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(waits) == [3.0, 6.0, 9.0, 12.0, 15.0]


def test_retry_after_delays_every_process(database: Database) -> None:
    clock = Clock()
    rate_limit = limit(database, clock.now, clock.sleep)
    rate_limit.wait()
    rate_limit.hold(120)
    limit(database, clock.now, clock.sleep).wait()
    assert clock.slept == [120.0]


def test_a_long_retry_after_fails_at_once_in_all_processes_until_it_has_passed(
    database: Database,
) -> None:
    clock = Clock()
    pace = limit(database, clock.now, clock.sleep)
    pace.hold(7_200)
    pace.hold(5)
    other = limit(database, clock.now, clock.sleep)
    for _ in range(3):
        with pytest.raises(HeldError, match="until 05 Jan 02:00 UTC"):
            other.wait()
    assert clock.slept == []
    assert other.held_until() == clock.time + dt.timedelta(hours=2)
    clock.time += dt.timedelta(hours=2)
    other.wait()
    assert clock.slept == []
    assert other.held_until() is None


def test_a_hold_from_before_the_clock_went_back_is_forgotten(database: Database) -> None:
    clock = Clock()
    limit(database, clock.now, clock.sleep).hold(86_400)
    clock.time -= dt.timedelta(days=3)
    limit(database, clock.now, clock.sleep).wait()
    assert clock.slept == []


def test_a_clock_that_goes_back_delays_nobody_for_long(database: Database) -> None:
    clock = Clock()
    rate_limit = limit(database, clock.now, clock.sleep)
    rate_limit.wait()
    clock.time -= dt.timedelta(days=2)
    rate_limit.wait()
    assert clock.slept[0] <= LONGEST.total_seconds()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # seconds that pass
def test_the_limit_holds_with_the_real_clock(database: Database) -> None:
    rate_limit = limit(database, lambda: dt.datetime.now(dt.UTC), time.sleep)  # noqa: TID251  # the point
    rate_limit.wait()
    began = time.monotonic()
    rate_limit.wait()
    assert time.monotonic() - began >= EVERY.total_seconds() - 0.1
