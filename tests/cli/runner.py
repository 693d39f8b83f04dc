"""The `papers` command in the test's own process, which saves the start of Python."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

import sqlalchemy as sa
import structlog
from typer.testing import CliRunner

from bot.cli import main
from bot.settings import ENVIRONMENT
from tests.e2e.processes import ROOT, environment


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a command."""

    returncode: int
    stdout: str
    stderr: str


def papers(*words: str, stdin: str = "", **settings: str) -> Result:
    """Run `papers WORDS` with these settings alone. Not for commands that would serve."""
    with (
        mock.patch.dict(ENVIRONMENT, environment(**settings), clear=True),
        mock.patch.object(sys, "argv", ["papers", *words]),
        contextlib.chdir(ROOT),
        _process_state_kept(),
        _databases_closed(),
        CliRunner().isolation(stdin) as (out, err, _),
    ):
        try:
            main()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        else:
            code = 0
        sys.stdout.flush()
        sys.stderr.flush()
        return Result(code, out.getvalue().decode(), err.getvalue().decode())


@contextlib.contextmanager
def _databases_closed() -> Iterator[None]:
    """Close the databases that a command leaves to the end of its process."""
    engines: list[sa.Engine] = []
    create = sa.create_engine

    def recorded(*args: Any, **options: Any) -> sa.Engine:
        engines.append(create(*args, **options))
        return engines[-1]

    with mock.patch.object(sa, "create_engine", recorded):
        yield
    for engine in engines:
        engine.dispose()


@contextlib.contextmanager
def _process_state_kept() -> Iterator[None]:
    """Restore what a command that serves changes: logging, hooks, signal handlers and umask."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, threading.excepthook
    signals = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    umask = os.umask(0o022)
    os.umask(umask)
    try:
        yield
    finally:
        os.umask(umask)
        root.handlers[:], root.level = handlers, level
        structlog.configure(**config)
        sys.excepthook, threading.excepthook = hooks
        for number, handler in signals.items():
            signal.signal(number, handler)
