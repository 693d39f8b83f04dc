"""Processes of the bot that a test starts and stops."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).parents[2]
UNREACHABLE = "http://127.0.0.1:9"
"""Address where nothing listens, so that no test reaches the real arXiv."""
Result = TypeVar("Result")


def environment(**settings: str) -> Mapping[str, str]:
    """This process's environment with the bot's settings replaced by these."""
    inherited = {
        name: value
        for name, value in os.environ.items()  # noqa: TID251  # a child needs its PATH
        if not name.startswith(("SLACK_", "PAPERS_", "PORT", "DATABASE_URL"))
    }
    # Port 0 takes a free one: several processes may run at once, and 3000 may be in use.
    defaults = {
        "PORT": "0",
        "PAPERS_RSS_URL": f"{UNREACHABLE}/rss",
        "PAPERS_API_URL": f"{UNREACHABLE}/api",
    }
    return {**inherited, **defaults, "PAPERS_DATA_DIR": str(ROOT / "data"), **settings}


@contextlib.contextmanager
def running(
    *words: str, settings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `papers WORDS` while the block runs; its output goes to the log."""
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
    """Run `papers WORDS`, wait for its end and return the result.

    Raises subprocess.TimeoutExpired after a minute of patience.
    """
    process = subprocess.Popen(  # noqa: S603  # this project's own command
        [sys.executable, "-m", "bot", *words],
        env=environment(**settings),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        for _ in patience(60):
            try:
                output, errors = process.communicate(stdin, timeout=1)
            except subprocess.TimeoutExpired:
                continue
            return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
        process.kill()
        raise subprocess.TimeoutExpired(process.args, 60)


def wait_for(probe: Callable[[], Result | None], seconds: float, what: str) -> Result:
    """Call the probe until its result is true, and return that.

    Raises AssertionError with `what`, the awaited thing, after `seconds` of patience.
    """
    for _ in patience(seconds):
        if result := probe():
            return result
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")


def patience(seconds: float) -> Iterator[None]:
    """Yield until `seconds` of an idle machine have passed.

    While more processes want to run than there are processors, each gets a share of them, and
    time counts by that share. So a busy machine does not fail a test. At most 20 times `seconds`.
    """
    processors = os.cpu_count() or 1
    before = time.monotonic()
    end = before + 20 * seconds
    while seconds > 0 and before < end:
        yield
        now = time.monotonic()
        seconds -= (now - before) / max(1.0, os.getloadavg()[0] / processors)
        before = now
