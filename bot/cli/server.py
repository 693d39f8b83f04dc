"""Commands that serve a workspace."""

import contextlib
from collections.abc import Callable
from typing import Annotated

import typer

from bot.app.environment import read_settings
from bot.cli.console import err
from bot.settings import Settings


def demo(
    port: Annotated[
        int, typer.Option(help="The port of the page to open; another if it is taken.")
    ] = 3500,
) -> None:
    """The whole bot on this machine, no Slack account: a local stand-in in the browser."""
    from bot.app.logging import leave
    from bot.demo import run_demo

    run_demo(read_settings(), port, lambda text: err.print(text, markup=False))
    leave()


def run() -> None:
    """Serve a workspace by Socket Mode, in one process."""
    from bot.app import processes as serving

    _until_ended(serving.run)


def web() -> None:
    """Serve a workspace over HTTP behind a load balancer; start as many as you like."""
    from bot.app.web import serve

    serve(read_settings())


def worker() -> None:
    """Send, publish and poll beside `papers web`; a second one waits until it is needed."""
    from bot.app import processes as serving

    _until_ended(serving.work)


def manifest(
    url: Annotated[
        str | None, typer.Option(help="The public address of `papers web`, for HTTP mode.")
    ] = None,
) -> None:
    """Print the Slack app manifest, ready to paste."""
    from bot.slack import manifest as slack

    typer.echo(slack.manifest(url), nl=False)


def _until_ended(serve: Callable[[Settings], None]) -> None:
    from bot.app.logging import configure_logging, leave

    settings = read_settings()
    configure_logging(settings)
    with contextlib.suppress(SystemExit):  # SIGTERM, before it was ready
        serve(settings)
    leave()
