"""Removal of the lock files that a killed git leaves behind, which git itself never removes.

A marker file is in the git directory while the bot works there. A marker found at the start shows
that the bot was killed at work: a lock younger than the marker is then its git's, and is deleted
once that git must have ended. Every other lock belongs to somebody else and stays.
"""

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from bot.catalog.atomic_write import write_file

MARKER = "papers-bot-at-work"
DEAD_AFTER = 60.0
"""Seconds after which no git process of a killed bot can be alive."""


@contextlib.contextmanager
def at_work(git_dir: Path, branch: str, now: dt.datetime) -> Iterator[None]:
    """Keep the marker while the block runs; only a kill leaves it behind."""
    marker = git_dir / MARKER
    if marker.exists():
        is_over = _remove_locks(git_dir, branch, marker.stat().st_mtime, now)
    else:
        write_file(marker, "")
        is_over = True
    try:
        yield
    finally:
        if is_over:
            marker.unlink(missing_ok=True)


def _remove_locks(git_dir: Path, branch: str, since: float, now: dt.datetime) -> bool:
    """Delete the locks of a killed git; returns whether none remains to wait for."""
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
