"""Output of commands: results on standard output, everything else on standard error."""

import json
from typing import Annotated

import typer
from rich.console import Console

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: object) -> None:
    """Print a value as JSON; dates and other foreign types as text."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
