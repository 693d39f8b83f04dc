"""What gunicorn does beside serving: its lines join ours, its dead are counted, its files go.

gunicorn reads this module as its configuration (`--config python:bot.app.hooks`) and takes the
functions by their names: https://docs.gunicorn.org/en/stable/settings.html#server-hooks.
"""

import logging
import os
import shutil
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from bot.app.collecting import FOLDER
from bot.app.process import configure_logging, read_settings


def on_starting(_server: Any) -> None:
    """Let gunicorn's own lines be written as all others are: in one form, without secrets."""
    configure_logging(read_settings())
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def child_exit(_server: Any, worker: Any) -> None:
    """What a process counted stays; what it was, goes."""
    mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Take the files away in which processes counted."""
    if folder := os.environ.get(FOLDER):  # noqa: TID251  # set by `papers web` itself
        shutil.rmtree(folder, ignore_errors=True)
