"""What gunicorn does beside serving: it looks first, its lines join ours, its dead are counted.

gunicorn reads this module as its configuration (`--config python:bot.app.gunicorn_conf`) and takes
the functions by their names: https://docs.gunicorn.org/en/stable/settings.html#server-hooks.
"""

import gc
import logging
import os
import shutil
import sys
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from bot.app.environment import read_settings
from bot.app.logging import configure_logging, in_a_sentence
from bot.app.wsgi import prepare
from bot.settings import METRICS_FOLDER


def on_starting(_server: Any) -> None:
    """Look whether all is there, and load everything: processes that are forked share it.

    gunicorn's own lines are written as all others are, in one form and without secrets.
    """
    configure_logging(read_settings())
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    try:
        prepare()
    except Exception as error:
        on_exit(_server)
        if told := in_a_sentence(error):
            sys.exit(told)
        raise
    gc.freeze()  # what is collected is written to, and then no longer shared


def child_exit(_server: Any, worker: Any) -> None:
    """What a process counted stays; what it was, goes."""
    mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Take the files away in which processes counted."""
    if folder := os.environ.get(METRICS_FOLDER):  # noqa: TID251  # set by `papers web` itself
        shutil.rmtree(folder, ignore_errors=True)
