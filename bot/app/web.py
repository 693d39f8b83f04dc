"""`papers web` becomes gunicorn, which reads `gunicorn_conf` and serves what `wsgi` makes."""

import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from bot.app.environment import bot_token, signing_secret
from bot.settings import METRICS_FOLDER, Settings

WORKERS = 2
THREADS = 32


def serve(settings: Settings) -> NoReturn:
    """Become gunicorn. Does not return.

    Raises PapersError when a token is missing. All else that may be wrong gunicorn's first process
    looks at: it has to load everything anyway, and this one need not.
    """
    bot_token(settings)
    signing_secret(settings)
    gunicorn = [
        sys.executable, "-m", "gunicorn", "bot.app.wsgi:wsgi()",
        "--config", "python:bot.app.gunicorn_conf",
        "--bind", f"{settings.host}:{settings.port}",
        "--worker-class", "gthread", "--threads", str(THREADS),
        "--workers", os.environ.get("WEB_CONCURRENCY", str(WORKERS)),  # noqa: TID251  # gunicorn's own
        "--graceful-timeout", "5", "--keep-alive", "75", "--no-control-socket",
        "--chdir", str(Path.cwd()),
    ]  # fmt: skip
    os.environ[METRICS_FOLDER] = tempfile.mkdtemp(prefix="papers-metrics-")  # noqa: TID251  # for the child
    os.execv(sys.executable, gunicorn)  # noqa: S606  # our own words, no shell
