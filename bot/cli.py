"""The `papers` command: one command a use case."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.app.parts import make_parts
from bot.app.process import configure_logging, leave, read_settings
from bot.app.serving import live_lookup, run, serve, work
from bot.catalog.files import CatalogError, read_catalog
from bot.catalog.schema import schemas
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.errors import PapersError
from bot.lookup.lookup import Answer, Lookup
from bot.slack.manifest import manifest

SHOWN = 20

cli = typer.Typer(
    help="A Slack bot that keeps a curated list of papers alive.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line; what a person can mend is a sentence and exit code 1."""
    try:
        cli()
    except PapersError as error:
        err.print(f"papers: {error}", style="red", markup=False)
        sys.exit(1)


@cli.command("demo")
def demo_command(
    port: Annotated[
        int, typer.Option(help="The port of the page to open; another if it is taken.")
    ] = 3500,
) -> None:
    """The whole bot on this machine, no Slack account: a local stand-in in the browser."""
    from bot.demo import run_demo  # noqa: PLC0415  # nobody else needs the stand-in

    run_demo(read_settings(), port, lambda text: err.print(text, markup=False))
    leave()


@cli.command("run")
def run_command() -> None:
    """Serve a workspace by Socket Mode, in one process."""
    settings = read_settings()
    configure_logging(settings)
    run(settings)
    leave()


@cli.command()
def web() -> None:
    """Serve a workspace over HTTP behind a load balancer; start as many as you like."""
    settings = read_settings()
    configure_logging(settings)
    serve(settings)


@cli.command()
def worker() -> None:
    """Send, publish and poll beside `papers web`; a second one waits until it is needed."""
    settings = read_settings()
    configure_logging(settings)
    work(settings)
    leave()


@cli.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema to the newest; `run`, `web` and `worker` do so, too."""
    migrate(open_database(read_settings().database))
    out.print("The database is up to date.")


@cli.command()
def search(
    query: Annotated[
        list[str], typer.Argument(help="What to look up; - with --json reads one query a line.")
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a query, with all results.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="How many results to show in the terminal.")
    ] = SHOWN,
) -> None:
    """Look up what `/papers QUERY` would."""
    lookup = live_lookup(read_settings()).current()
    text = " ".join(query)
    if as_json:
        for line in sys.stdin if text == "-" else [text]:
            typer.echo(json.dumps(_answer_json(lookup, line.strip("\r\n")), ensure_ascii=False))
            sys.stdout.flush()
        return
    _show(lookup, lookup.answer(text, limit=limit))


@cli.command("import")
def import_command(
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
    from bot.app.listing import Way, take_in  # noqa: PLC0415  # lookups need none of what it loads

    way = Way.MERGE if merging else Way.REPLACE if replacing else Way.BEGIN
    stem = "awesome-papers" if str(file) == "-" else file.stem
    for line in take_in(folder, text, way, title=stem.replace("-", " ").replace("_", " ").title()):
        out.print(line, markup=False)


@cli.command()
def export() -> None:
    """Print the list as awesome-list Markdown."""
    from bot.app.listing import as_markdown  # noqa: PLC0415  # lookups need none of what it loads

    text, problems = as_markdown(read_settings().data_dir)
    for problem in problems:
        err.print(str(problem), markup=False)
    typer.echo(text, nl=False)


@cli.command()
def check(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="A JSON array of what is wrong.")
    ] = False,
) -> None:
    """Check the data folder: what is wrong, where, what to do. Exit code 1 if there are errors."""
    folder = read_settings().data_dir
    from bot.app.listing import problems_of  # noqa: PLC0415  # lookups need none of what it loads

    problems = problems_of(read_settings())
    errors = sum(problem.is_error for problem in problems)
    if as_json:
        typer.echo(json.dumps([asdict(problem) for problem in problems], ensure_ascii=False))
    else:
        for problem in problems:
            out.print(f"{folder}/{problem}", markup=False)
        out.print(f"{errors} errors, {len(problems) - errors} warnings.")
    raise typer.Exit(1 if errors else 0)


@cli.command()
def schema(
    name: Annotated[
        str | None, typer.Argument(help="list.json or papers.json; none: both, in one object.")
    ] = None,
) -> None:
    """Print the JSON Schemas of the data files, as they also stand in data/schema/."""
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


@cli.command()
def poll(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Propose nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The outcome as one JSON object.")
    ] = False,
) -> None:
    """Poll arXiv once: the verdict on each feed, and what is proposed, with the reasons."""
    from bot.app.finding import find  # noqa: PLC0415  # lookups need none of what it loads

    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Polling arXiv", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        account = find(make_parts(read_settings()), show, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(account.as_json(), ensure_ascii=False))
    else:
        out.print(account.as_text(), markup=False)
    raise typer.Exit(1 if account.is_trouble else 0)


@cli.command("manifest")
def manifest_command(
    url: Annotated[
        str | None, typer.Option(help="The public address of `papers web`, for HTTP mode.")
    ] = None,
) -> None:
    """Print the Slack app manifest, ready to paste."""
    typer.echo(manifest(url), nl=False)


@cli.command("replay")
def replay_command(
    folder: Annotated[
        Path, typer.Argument(help="A recording: stream, additions, catalog and background.")
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="The figures alone, without intervals.")
    ] = False,
) -> None:
    """Measure on a recording how well papers are found and placed."""
    from bot.discovery.replay import replay  # noqa: PLC0415  # no other command needs scikit-learn

    catalog = read_catalog(read_settings().data_dir).catalog
    with err.status("reading the recording") as status:
        figures = replay(folder, catalog, say=status.update)
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
        return
    table = Table("figure", "value", "95 % interval")
    for name, share in figures.rows():
        table.add_row(name, f"{share.value:.3f}", Text(str(share.interval)))
    out.print(table)
    out.print(figures.remarks(), markup=False)


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise CatalogError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CatalogError(f"{file} is not UTF-8 text; save it as UTF-8 and try again.") from None


def _answer_json(lookup: Lookup, text: str) -> dict[str, Any]:
    answer = lookup.answer(text)
    return {
        "query": text,
        "kind": answer.kind,
        "message": answer.message,
        "results": [
            {
                "title": entry.title,
                "url": entry.url,
                "section": lookup.catalog.section_titles(entry.home),
                "arxiv": entry.arxiv,
                "venue": entry.venue,
                "year": entry.year,
                "orgs": list(entry.orgs),
            }
            for entry in answer.results
        ],
    }


def _show(lookup: Lookup, answer: Answer) -> None:
    out.print(answer.message, markup=False, style="bold" if answer.results else "")
    if not answer.results:
        raise typer.Exit(1 if answer.kind == "error" else 0)
    for entry in answer.results:
        edition = " ".join(str(part) for part in (entry.venue, entry.year) if part)
        section = lookup.catalog.section_titles(entry.home)
        details = "  ·  ".join(
            part for part in (section, edition, ", ".join(entry.orgs), entry.url) if part
        )
        out.print(f"\n{entry.title}", markup=False)
        out.print(f"    {details}", markup=False, style="dim")
    if answer.total > len(answer.results):
        out.print(f"\n… and {answer.total - len(answer.results)} more; --limit shows them.")
