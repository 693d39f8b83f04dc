"""Commands that keep the list itself."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.app.environment import read_settings
from bot.cli.console import err, out
from bot.errors import PapersError


def import_list(
    file: Annotated[
        Path, typer.Argument(help="An awesome list in Markdown; - is standard input.")
    ],
    *,
    merging: Annotated[
        bool, typer.Option("--merge", help="Add what is new to the list that is there.")
    ] = False,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Take the place of the list that is there.")
    ] = False,
) -> None:
    """Read an awesome list into the data folder, and say what was read and what was not."""
    folder, text = read_settings().data_dir, _read(file)
    if merging and replacing:
        raise PapersError("Choose one of --merge and --replace.")
    from bot.app.listing import Way, take_in

    way = Way.MERGE if merging else Way.REPLACE if replacing else Way.CREATE
    stem = "awesome-papers" if str(file) == "-" else file.stem
    for line in take_in(folder, text, way, title=stem.replace("-", " ").replace("_", " ").title()):
        out.print(line, markup=False)


def export() -> None:
    """Print the list as awesome-list Markdown."""
    from bot.app.listing import as_markdown

    text, problems = as_markdown(read_settings().data_dir)
    for problem in problems:
        err.print(str(problem), markup=False)
    typer.echo(text, nl=False)


def check(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON array of what is wrong.")
    ] = False,
) -> None:
    """Check the data folder: what is wrong, where, what to do. Exit code 1 if there are errors."""
    folder = read_settings().data_dir
    from bot.app.listing import problems_of

    problems = problems_of(read_settings())
    errors = sum(problem.is_error for problem in problems)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            out.print(f"{folder}/{problem}", markup=False)
        out.print(f"{errors} errors, {len(problems) - errors} warnings.")
    raise typer.Exit(1 if errors else 0)


def schema(
    name: Annotated[
        str | None, typer.Argument(help="list.json or papers.json; none: both, in one object.")
    ] = None,
) -> None:
    """Print the JSON Schemas of the data files, as they also stand in data/schema/."""
    from bot.catalog.yaml.schema import schemas

    if name is None:
        typer.echo(
            json.dumps(
                {key: json.loads(text) for key, text in schemas().items()}, ensure_ascii=False
            )
        )
    elif name in schemas():
        typer.echo(schemas()[name], nl=False)
    else:
        raise PapersError(f"There is no schema {name}; there are {' and '.join(schemas())}.")


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise PapersError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise PapersError(f"{file} is not UTF-8 text; save it as UTF-8 and try again.") from None
