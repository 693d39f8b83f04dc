"""Laws of atomic writes: a file has the old text or the new, and no temporary file remains."""

import signal
import subprocess
import sys
from pathlib import Path

from bot.catalog.atomic_write import sweep, write_file
from tests.e2e.processes import ROOT

KILLED = """
import os, pathlib, signal, sys
from bot.catalog import atomic_write
os.fsync = lambda _: (print("written", flush=True), signal.pause())
atomic_write.write_file(pathlib.Path(sys.argv[1]), "new")
"""


def test_a_writer_killed_while_writing_leaves_the_old_text_and_its_temporary_file_is_swept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "list.yaml"
    path.write_text("old")
    with subprocess.Popen(  # noqa: S603  # a constant of this test
        [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        sweep(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2, "a file that is being written stays"
        process.send_signal(signal.SIGKILL)
    assert path.read_text() == "old"
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_sweeps_old_temporary_files_and_no_other_files(
    tmp_path: Path,
) -> None:
    path, editors = tmp_path / "list.yaml", tmp_path / ".list.yaml.swp"
    editors.write_text("vim")
    (tmp_path / ".list.yaml.abc.papers-new").write_text("half a te")
    write_file(path, "new")
    assert path.read_text() == "new"
    assert sorted(tmp_path.iterdir()) == [editors, path]
    assert path.stat().st_mode & 0o777 == 0o644
