"""A file whose text is replaced at once, whatever happens meanwhile.

a new file beside it, locked while it is written ──► takes its name
└── left by somebody who was killed: its lock is free, and it is swept away
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

_NEW = ".papers-new"


def write_file(path: Path, text: str) -> None:
    """Replace a file's text: readers and crashes see the old text or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_NEW)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Take away what those have left in a folder who were killed while they wrote."""
    for left in folder.glob(f".*{_NEW}"):
        with contextlib.suppress(OSError), left.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # or somebody is writing it now
            left.unlink()
