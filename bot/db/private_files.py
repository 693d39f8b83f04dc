"""Files that only their owner may read and write."""

import contextlib
import os
import stat
from pathlib import Path

_MODE = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private(path: Path, *, create: bool = True) -> None:
    """Take the access of group and others to a file away, if the file is this user's.

    A missing file is made first, so there is no moment in which others could open it. Another
    user's file stays as it is, and no error is raised: opening the file reports it.
    """
    with contextlib.suppress(OSError):
        if create and not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, _MODE))
    with contextlib.suppress(OSError):
        status = path.stat()
        is_ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
        if is_ours and status.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)
