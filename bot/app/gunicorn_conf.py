"""gunicorn's configuration: checks before the fork, one log format, metrics of ended processes.

gunicorn reads this module (`--config python:bot.app.gunicorn_conf`) and calls the functions by
their names: https://docs.gunicorn.org/en/stable/settings.html#server-hooks.
"""

import gc
import logging
import shutil
import sys
from typing import Any

from prometheus_client.multiprocess import mark_process_dead

from bot.app.logging import configure_logging, defect_message, operator_message
from bot.app.wsgi import prepare
from bot.settings import ENVIRONMENT, METRICS_FOLDER, read_settings


def on_starting(_server: Any) -> None:
    """Configure the log, run the checks, and load all modules, whose memory forks share.

    gunicorn's own lines go through the same log handler, which hides secrets.
    """
    configure_logging(read_settings())
    for name in ("gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    try:
        prepare()
    except Exception as error:  # noqa: BLE001  # whatever it is, the process ends
        on_exit(_server)
        sys.exit(operator_message(error) or defect_message(error))
    gc.freeze()  # collecting an object writes to its memory page, which is then no longer shared


def child_exit(_server: Any, worker: Any) -> None:
    """Keep an ended process's counters, and drop its gauges."""
    mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    """Delete the files in which processes keep their counts."""
    if folder := ENVIRONMENT.get(METRICS_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
