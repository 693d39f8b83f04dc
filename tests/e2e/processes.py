"""Real processes of the bot, started and ended by a test."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
NOBODY = "http://127.0.0.1:9"
"""Nothing listens there: a test asks no arXiv but its own."""
Found = TypeVar("Found")


def environment(**settings: str) -> Mapping[str, str]:
    """This process's environment without the bot's settings, and these settings."""
    kept = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  # a child needs its PATH
        if not name.startswith(("SLACK_", "PAPERS_", "PORT", "DATABASE_URL"))
    }
    # No health port of its own: several may run side by side, and somebody may have 3000.
    apart = {"PORT": "0", "PAPERS_RSS_URL": f"{NOBODY}/rss", "PAPERS_API_URL": f"{NOBODY}/api"}
    return {**kept, **apart, "PAPERS_DATA_DIR": str(ROOT / "data"), **settings}


@contextlib.contextmanager
def running(
    *words: str, settings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """`papers WORDS` while the block runs; its standard error goes to the log."""
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  # this project's own command
            [sys.executable, "-m", "bot", *words],
            env=environment(**settings),
            cwd=ROOT,
            stdout=errors,
            stderr=errors,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def papers(*words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `papers WORDS` to its end."""
    return subprocess.run(  # noqa: S603  # this project's own command
        [sys.executable, "-m", "bot", *words],
        env=environment(**settings),
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_for(probe: Callable[[], Found | None], seconds: float, what: str) -> Found:
    """The first thing that the probe finds, or a failure that says what was waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := probe():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")
