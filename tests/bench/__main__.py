"""`python -m tests.bench [lookups|http|finding …] [--most N]`: figures of this machine."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from tests.bench import digests, finding, http, load, lookups, relevance, start

_WIDTH = 132


def main(
    kinds: Annotated[
        list[str] | None,
        typer.Argument(
            help="lookups, http, load, start, finding, relevance, digests; none is all."
        ),
    ] = None,
    *,
    most: Annotated[
        int, typer.Option(min=0, help="The largest list, or catch-up, in papers.")
    ] = lookups.SIZES[-1],
) -> None:
    """Print figures: how fast lookups, commands over HTTP and starts are, and what they hold."""
    console = Console(width=_WIDTH)
    known: dict[str, Callable[[], None]] = {
        "lookups": lambda: lookups.show(console, most),
        "http": lambda: http.show(console),
        "load": lambda: load.show(console),
        "start": lambda: start.show(console),
        "finding": lambda: finding.show(console, most),
        "relevance": lambda: relevance.show(console),
        "digests": lambda: digests.show(console),
    }
    for kind in kinds or known:
        if kind not in known:
            raise typer.BadParameter(f"{kind} is none of {', '.join(known)}")
        known[kind]()


if __name__ == "__main__":
    typer.run(main)
