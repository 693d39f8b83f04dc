"""The lock files that a killed git leaves behind: git itself never takes one away.

A marker stands in the git directory while the bot is at work there. Found at the beginning, it
tells that the bot was killed at work: then a lock younger than the marker is its git's, and goes
once that git is surely dead. Every other lock is somebody else's, and is left alone.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from bot.catalog.atomic_write import write_file

MARKER = "papers-bot-at-work"
DEAD_AFTER = 60.0
"""Seconds after which no git of a killed bot is alive any more."""


@contextlib.contextmanager
def at_work(git_dir: Path, branch: str, now: dt.datetime) -> Iterator[None]:
    """Mark the bot as at work while the block runs, however it ends but by a kill."""
    marker = git_dir / MARKER
    if marker.exists():
        is_over = _take_away(git_dir, branch, marker.stat().st_mtime, now)
    else:
        write_file(marker, "")
        is_over = True
    try:
        yield
    finally:
        if is_over:
            marker.unlink(missing_ok=True)


def _take_away(git_dir: Path, branch: str, since: float, now: dt.datetime) -> bool:
    """Take the locks of a killed git away; whether none is left to wait for."""
    is_over = True
    for name in ("index.lock", "HEAD.lock", f"refs/heads/{branch}.lock", "packed-refs.lock"):
        path = git_dir / name
        with contextlib.suppress(FileNotFoundError):
            made = path.stat().st_mtime
            if since <= made < now.timestamp() - DEAD_AFTER:
                path.unlink()
            elif since <= made:
                is_over = False
    return is_over
