"""Commands that serve a workspace."""

import contextlib
from typing import Annotated

import typer

from bot.cli.console import err


def demo(
    port: Annotated[
        int, typer.Option(help="The port of the page to open; another if it is taken.")
    ] = 3500,
) -> None:
    """The whole bot on this machine, no Slack account: a local stand-in in the browser."""
    from bot.app.process import leave, read_settings  # noqa: PLC0415  # see the package
    from bot.demo import run_demo  # noqa: PLC0415  # nobody else needs the stand-in

    run_demo(read_settings(), port, lambda text: err.print(text, markup=False))
    leave()


def run() -> None:
    """Serve a workspace by Socket Mode, in one process."""
    from bot.app import serving  # noqa: PLC0415  # see the package
    from bot.app.process import configure_logging, leave, read_settings  # noqa: PLC0415

    settings = read_settings()
    configure_logging(settings)
    with contextlib.suppress(SystemExit):  # SIGTERM, before it was ready
        serving.run(settings)
    leave()


def web() -> None:
    """Serve a workspace over HTTP behind a load balancer; start as many as you like."""
    from bot.app import serving  # noqa: PLC0415  # see the package
    from bot.app.process import configure_logging, read_settings  # noqa: PLC0415

    settings = read_settings()
    configure_logging(settings)
    serving.serve(settings)


def worker() -> None:
    """Send, publish and poll beside `papers web`; a second one waits until it is needed."""
    from bot.app import serving  # noqa: PLC0415  # see the package
    from bot.app.process import configure_logging, leave, read_settings  # noqa: PLC0415

    settings = read_settings()
    configure_logging(settings)
    with contextlib.suppress(SystemExit):  # as above
        serving.work(settings)
    leave()


def manifest(
    url: Annotated[
        str | None, typer.Option(help="The public address of `papers web`, for HTTP mode.")
    ] = None,
) -> None:
    """Print the Slack app manifest, ready to paste."""
    from bot.slack import manifest as slack  # noqa: PLC0415  # see the package

    typer.echo(slack.manifest(url), nl=False)
