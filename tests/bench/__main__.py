"""Command line: `python -m tests.bench [lookups|http|discovery|…] [--most N]`."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from tests.bench import digests, discovery, http, load, lookups, relevance, slow_slack, start

_WIDTH = 132


def main(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            help="lookups, http, load, slow, start, discovery, relevance, digests; default: all."
        ),
    ] = None,
    *,
    most: Annotated[
        int, typer.Option(min=0, help="The largest list or catch-up to measure, in papers.")
    ] = lookups.SIZES[-1],
) -> None:
    """Print the bot's speed and memory use on this machine."""
    console = Console(width=_WIDTH)
    benches: dict[str, Callable[[], None]] = {
        "lookups": lambda: lookups.show(console, most),
        "http": lambda: http.show(console),
        "load": lambda: load.show(console),
        "slow": lambda: slow_slack.show(console),
        "start": lambda: start.show(console),
        "discovery": lambda: discovery.show(console, most),
        "relevance": lambda: relevance.show(console),
        "digests": lambda: digests.show(console),
    }
    for kind in kinds or benches:
        if kind not in benches:
            raise typer.BadParameter(f"{kind} is none of {', '.join(benches)}")
        benches[kind]()


if __name__ == "__main__":
    typer.run(main)
