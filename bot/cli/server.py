"""Commands that serve a workspace."""

import contextlib
import os
from collections.abc import Callable
from typing import Annotated

import typer

from bot.cli.console import err
from bot.settings import Settings, read_settings

_UMASK = 0o077  # what these processes write is for their own user


def demo(
    port: Annotated[
        int, typer.Option(help="The port of the page; another one if it is taken.")
    ] = 3500,
) -> None:
    """Run the whole bot on this machine, with a local stand-in for Slack in the browser."""
    from bot.app.logging import exit_now
    from bot.demo import run_demo

    run_demo(read_settings(), port, lambda text: err.print(text, markup=False))
    exit_now()


def run() -> None:
    """Serve a workspace by Socket Mode, in one process."""
    from bot.app.processes import run as serve

    _serve(serve)


def web() -> None:
    """Serve a workspace over HTTP behind a load balancer; start as many as you like."""
    from bot.app.web import serve

    os.umask(_UMASK)
    serve(read_settings())


def worker() -> None:
    """Send, publish and poll beside `papers web`; a second worker waits in reserve."""
    from bot.app.processes import work

    _serve(work)


def manifest(
    url: Annotated[
        str | None, typer.Option(help="The public address of `papers web`, for HTTP mode.")
    ] = None,
) -> None:
    """Print the Slack app manifest."""
    from bot.slack import manifest as slack

    typer.echo(slack.manifest(url), nl=False)


def _serve(serve: Callable[[Settings], None]) -> None:
    from bot.app.logging import configure_logging, exit_now

    os.umask(_UMASK)
    settings = read_settings()
    configure_logging(settings)
    with contextlib.suppress(SystemExit):  # SIGTERM during the start
        serve(settings)
    exit_now()
