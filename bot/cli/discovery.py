"""Commands that find papers, measure how well, and tell of what is new."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from bot.app.environment import read_settings
from bot.cli.console import err, out


def poll(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Propose nothing.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The outcome as one JSON object.")
    ] = False,
) -> None:
    """Poll arXiv once: the verdict on each feed, and what is proposed, with the reasons."""
    from bot.app.container import make_container

    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Polling arXiv", total=None)

        def show(step: str, done: int, total: int) -> None:
            bar.update(task, description=step, completed=done, total=total)

        report = make_container(read_settings()).intake.poll(show, dry_run=dry_run)
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
    """Issue the digests that are due; the worker does so by itself."""
    from bot.app.container import make_container, now
    from bot.digest.edition_text import as_text

    editor = make_container(read_settings()).editor
    due = editor.due(now()) if dry_run else editor.issue_due(now())
    for one in due:
        out.print(f"{as_text(one.edition, one.subscription)}\n", markup=False)
    what = "would be posted" if dry_run else "put into the outbox"
    out.print(f"{len(due)} {'edition' if len(due) == 1 else 'editions'} {what}.", markup=False)


def replay(
    folder: Annotated[
        Path, typer.Argument(help="A recording: stream, additions, catalog and background.")
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="The figures alone, without intervals.")
    ] = False,
) -> None:
    """Measure on a recording how well papers are found and placed."""
    from bot.catalog.yaml.read import read_catalog
    from bot.discovery.evaluation import replay as recorded

    catalog = read_catalog(read_settings().data_dir).catalog
    with err.status("reading the recording") as status:
        figures = recorded.replay(folder, catalog, say=status.update)
    if as_json:
        typer.echo(json.dumps(figures.as_json()))
        return
    table = Table("figure", "value", "95 % interval")
    for name, share in figures.rows():
        table.add_row(name, f"{share.value:.3f}", Text(str(share.interval)))
    out.print(table)
    out.print(figures.remarks(), markup=False)
