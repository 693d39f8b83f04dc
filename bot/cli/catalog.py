"""Commands for the list itself."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.catalog.bibliography.formats import ExportFormat
from bot.cli.console import err, out
from bot.errors import PapersError
from bot.settings import Settings, read_settings
from bot.text import pluralize

if TYPE_CHECKING:
    from bot.catalog.yaml.document import Problem


def import_list(
    file: Annotated[
        Path, typer.Argument(help="An awesome list in Markdown; - is standard input.")
    ],
    *,
    merging: Annotated[
        bool, typer.Option("--merge", help="Add new entries to the existing list.")
    ] = False,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Replace the existing list.")
    ] = False,
) -> None:
    """Import an awesome list into the data folder, and report what was read and skipped."""
    folder, text = read_settings().data_dir, _read(file)
    if merging and replacing:
        raise PapersError("Choose one of --merge and --replace.")
    from bot.catalog.names import shipped_names
    from bot.catalog.service import ImportMode, import_markdown

    mode = ImportMode.CREATE
    if merging or replacing:
        mode = ImportMode.MERGE if merging else ImportMode.REPLACE
    stem = "awesome-papers" if str(file) == "-" else file.stem
    title = stem.replace("-", " ").replace("_", " ").title()
    for line in import_markdown(folder, text, mode, shipped_names(), title=title):
        out.print(line, markup=False)


def export(
    *,
    form: Annotated[
        ExportFormat, typer.Option("--format", help="The format of the output.")
    ] = ExportFormat.MARKDOWN,
) -> None:
    """Print the list: as awesome-list Markdown, citations, JSON or an Atom feed."""
    from bot.catalog.names import shipped_names
    from bot.catalog.service import export_list

    text, problems = export_list(read_settings().data_dir, form, shipped_names())
    for problem in problems:
        err.print(str(problem), markup=False)
    typer.echo(text, nl=False)


def check(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON array of problems.")
    ] = False,
) -> None:
    """Check the data folder: each problem with its place and remedy. Exit code 1 if errors."""
    settings = read_settings()
    problems = _problems(settings)
    errors = sum(problem.is_error for problem in problems)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            out.print(f"{settings.data_dir}/{problem}", markup=False)
        warnings = pluralize(len(problems) - errors, "warning")
        out.print(f"{pluralize(errors, 'error')}, {warnings}.")
    raise typer.Exit(1 if errors else 0)


def facts(
    recordings: Annotated[
        list[Path] | None,
        typer.Option("--from", help="JSON lines with title, authors and id, doi or url; or .gz."),
    ] = None,
    *,
    source: Annotated[
        str, typer.Option(help="The source of the files, as facts.yaml names it.")
    ] = "arXiv",
) -> None:
    """Add authors, dates and present titles of listed papers to facts.yaml."""
    from bot.app.clock import utc_now
    from bot.discovery.facts_file import update_facts
    from bot.discovery.store import PaperStore
    from bot.ops.database import open_if_current

    settings = read_settings()
    database = open_if_current(settings)
    records = PaperStore(database).listed_records().values() if database else ()
    total, changed = update_facts(
        settings.data_dir, recordings or (), records, source, utc_now().date()
    )
    papers = pluralize(total, "paper")
    out.print(f"{changed} changed; facts.yaml has facts of {papers}.")


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            help="list.json, papers.json or facts.json; without it, all in one object."
        ),
    ] = None,
) -> None:
    """Print the JSON Schemas of the data files, which data/schema/ holds too."""
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
        raise PapersError(f"There is no schema {name}; there are {', '.join(schemas())}.")


def _problems(settings: Settings) -> "tuple[Problem, ...]":
    """Problems of the files, and links to other papers than the entries' as far as arXiv knows."""
    from bot.catalog.names import shipped_names
    from bot.catalog.service import check_catalog
    from bot.discovery.mislinks import mislinks
    from bot.discovery.store import PaperStore
    from bot.ops.database import open_if_current

    loaded, problems = check_catalog(settings.data_dir, shipped_names())
    database = open_if_current(settings)
    records = PaperStore(database).listed_papers() if database else {}
    return (*problems, *mislinks(loaded.located, records))


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise PapersError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise PapersError(f"{file} is not UTF-8 text; save it as UTF-8 and try again.") from None
