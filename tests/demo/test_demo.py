"""The demo: one command starts it, and what is missing is named with the remedy."""

import base64
import json
import os
import platform
import shutil
import signal
import socket
import stat
from pathlib import Path

import pytest

from bot.demo import standin
from bot.demo.standin import fetch, free_port
from bot.errors import PapersError
from tests.e2e import processes
from tests.e2e.processes import wait_for


def test_the_demo_starts_beside_a_taken_port_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    """A second demo, or another program on the port, must not make it fail."""
    fetch()
    log = tmp_path / "demo.log"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with processes.running("demo", "--port", str(port), settings={}, log=log) as process:
            wait_for(lambda: "Open http://127.0.0.1" in log.read_text(), 20, "the demo")
            assert f"Port {port} is taken" in log.read_text()
            page = int(log.read_text().split("Open http://127.0.0.1:")[1].split()[0])
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", page)) != 0, "the stand-in still runs"


def test_without_npm_the_error_names_what_to_install_and_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PapersError, match=r"Node\.js.*papers search"):
        fetch(tmp_path)


def test_another_platform_is_named_in_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    with pytest.raises(PapersError, match=r"Linux x64 only.*arm64.*papers search"):
        fetch(tmp_path)


def npm(folder: Path, script: str) -> str:
    """A PATH on which npm is this script."""
    path = folder / "npm"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"


def test_without_a_network_the_error_is_npms_and_no_file_remains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", npm(tmp_path, "echo 'npm error network' >&2; exit 1"))
    cache = tmp_path / "cache"
    with pytest.raises(PapersError, match=r"npm error network.*papers search"):
        fetch(cache)
    assert not list(cache.iterdir())


def test_a_download_with_another_hash_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the reviewed version runs on a person's machine."""
    answer = json.dumps([{"filename": "other.tgz"}])
    script = f"for last; do :; done; echo other > \"$last/other.tgz\"; echo '{answer}'"
    monkeypatch.setenv("PATH", npm(tmp_path, script))
    with pytest.raises(PapersError, match="hash"):
        fetch(tmp_path / "cache")
    assert len(base64.b64decode(standin.INTEGRITY)) == 64


def test_a_downloaded_program_needs_neither_npm_nor_a_network_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fetch()
    shutil.copy(program, tmp_path / program.name)
    monkeypatch.setenv("PATH", "")
    assert fetch(tmp_path) == (tmp_path / program.name).resolve()


def test_a_wanted_port_is_used_if_it_is_free() -> None:
    wanted = free_port(0)
    assert free_port(wanted) == wanted
