"""Commands that find papers, measure relevance, and issue digests."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.cli.console import err, out
from bot.settings import read_settings
from bot.text import pluralize


def poll(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Propose nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the outcome as one JSON object.")
    ] = False,
) -> None:
    """Poll the sources once, and print the verdict on each feed and the proposals with reasons."""
    from bot.app.container import bootstrap

    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Polling the sources", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        report = bootstrap(read_settings()).intake().poll(show, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(report.as_json(), ensure_ascii=False))
    else:
        out.print(report.as_text(), markup=False)
    raise typer.Exit(1 if report.is_trouble else 0)


def digest(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be posted, and post nothing.")
    ] = False,
) -> None:
    """Issue the digests that are due, as the worker does by itself."""
    from bot.app.container import bootstrap
    from bot.digest.edition_text import render_text

    container = bootstrap(read_settings())
    now, digests = container.now(), container.digests
    editions = digests.due_editions(now) if dry_run else digests.issue_due(now)
    for due in editions:
        out.print(f"{render_text(due.edition, due.subscription)}\n", markup=False)
    count = pluralize(len(editions), "edition")
    out.print(f"{count} {'would be posted' if dry_run else 'put into the outbox'}.", markup=False)


def replay(
    folder: Annotated[
        Path, typer.Argument(help="A recording: stream, additions, catalog and background.")
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the figures as JSON, without intervals.")
    ] = False,
) -> None:
    """Measure on a recording how well papers are found and placed."""
    from bot.catalog.yaml.read import read_catalog
    from bot.discovery.evaluation import replay as recording

    catalog = read_catalog(read_settings().data_dir).catalog
    with err.status("reading the recording") as status:
        figures = recording.replay(folder, catalog, say=status.update)
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
        return
    table = Table("figure", "value", "95 % interval")
    for name, share in figures.rows():
        table.add_row(name, f"{share.value:.3f}", Text(str(share.interval)))
    out.print(table)
    out.print(figures.remarks(), markup=False)
