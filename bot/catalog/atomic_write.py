"""Atomic replacement of a file's text.

The text is written to a temporary file in the same folder, locked while it is written, and the
temporary file is renamed. The lock of a file that a killed process left behind is free, so such
files can be told from those still being written, and are deleted.
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path

_SUFFIX = ".papers-new"


def write_file(path: Path, text: str) -> None:
    """Replace a file's text: readers see the old text or the new, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_SUFFIX)
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
    """Delete the temporary files in a folder that killed processes left behind."""
    for leftover in folder.glob(f".*{_SUFFIX}"):
        with contextlib.suppress(OSError), leftover.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while it is being written
            leftover.unlink()
