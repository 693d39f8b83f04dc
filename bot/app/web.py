"""`papers web` replaces itself with gunicorn (configured by `gunicorn_conf`, serving `wsgi`).

This module imports nothing heavy: gunicorn's first process has to load everything anyway.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from bot.errors import PapersError
from bot.settings import ENVIRONMENT, METRICS_FOLDER, Settings, bot_token, signing_secret

WORKERS = 2
THREADS = 32


def serve(settings: Settings) -> NoReturn:
    """Replace this process with gunicorn. Raises PapersError when a token is missing."""
    bot_token(settings)
    signing_secret(settings)
    if settings.health_port == settings.port:
        raise PapersError(
            f"PORT and PAPERS_HEALTH_PORT are both {settings.port}. Set one to another port, or "
            "leave PAPERS_HEALTH_PORT out."
        )
    gunicorn = [
        sys.executable, "-m", "gunicorn", "bot.app.wsgi:wsgi()",
        "--config", "python:bot.app.gunicorn_conf",
        "--bind", f"{settings.host}:{settings.port}",
        "--worker-class", "bot.app.gunicorn_worker.BufferedWorker", "--threads", str(THREADS),
        "--workers", ENVIRONMENT.get("WEB_CONCURRENCY", str(WORKERS)),  # gunicorn's own variable
        "--graceful-timeout", "5", "--keep-alive", "75", "--no-control-socket",
        "--chdir", str(Path.cwd()),
    ]  # fmt: skip
    ENVIRONMENT[METRICS_FOLDER] = tempfile.mkdtemp(prefix="papers-metrics-")
    os.execv(sys.executable, gunicorn)  # noqa: S606  # our own words, no shell
