"""Commands for operators."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.cli.console import AsJson, err, out, print_json
from bot.errors import PapersError
from bot.settings import read_settings
from bot.text import pluralize

outbox = typer.Typer(invoke_without_command=True, no_args_is_help=False)
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


def doctor(*, as_json: AsJson = False) -> None:
    """Check everything that the bot depends on, with remedies. Exit code 1 if there are errors."""
    from bot.app.clock import utc_now
    from bot.app.logging import redactor
    from bot.ops.doctor.findings import worst
    from bot.ops.doctor.run import Doctor

    with err.status("Checking Slack, the database, the list and the disk"):
        findings = Doctor(read_settings(), utc_now, redactor()).examine()
    state = worst(findings)
    if as_json:
        print_json({"state": state, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            label = Text(f"{finding.state:8}", _STYLES[finding.state])
            out.print(label, Text(f"{finding.what}: {finding.sentence}"))
            if finding.remedy:
                out.print(f"         {finding.remedy}", markup=False)
        states = [finding.state for finding in findings]
        errors = pluralize(states.count("error"), "error")
        warnings = pluralize(states.count("warning"), "warning")
        out.print(f"{errors}, {warnings}, {pluralize(len(findings), 'check')}.")
    raise typer.Exit(1 if state == "error" else 0)


@outbox.callback()
def show_outbox(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show unsent messages and dead letters; `papers outbox retry` sends dead letters again."""
    if context.invoked_subcommand:
        return
    from bot.app.logging import redactor
    from bot.ops.database import open_existing
    from bot.outbox.store import Outbox

    messages, redact = Outbox(open_existing(read_settings())), redactor()
    rows = [
        {
            "key": row.key,
            "state": row.state,
            "channel": row.channel,
            "kind": row.kind,
            "since": row.created_at.isoformat(),
            "tries": row.tries,
            "problem": redact(row.problem or ""),
        }
        for row in (*messages.dead_rows(), *messages.pending_rows())
    ]
    _show(rows, "All messages were sent.", as_json=as_json)


@outbox.command()
def retry(
    keys: Annotated[
        list[str] | None,
        typer.Argument(help="Keys of dead letters; without any, all."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let the worker send dead letters again."""
    from bot.app.clock import utc_now
    from bot.ops.database import open_existing
    from bot.outbox.store import Outbox

    messages = Outbox(open_existing(read_settings()))
    dead = {row.key for row in messages.dead_rows()}
    if unknown := sorted(set(keys or ()) - dead):
        raise PapersError(f"There is no dead letter {unknown[0]}. `papers outbox` lists them.")
    count = messages.retry(utc_now(), keys or None)
    if as_json:
        print_json({"retried": count})
    elif count:
        out.print(f"The worker will send {pluralize(count, 'message')} again.")
    else:
        out.print("There are no dead letters.")


def jobs(*, as_json: AsJson = False) -> None:
    """Show the last and next run of the worker's jobs."""
    from bot.app.container import bootstrap
    from bot.ops.database import open_existing
    from bot.ops.jobs import JobJournal

    settings = read_settings()
    database = open_existing(settings)
    next_poll = bootstrap(settings, database=database).discovery().next_poll()
    rows = [
        {
            "name": run.name,
            "last": run.started_at.isoformat(timespec="seconds"),
            "is_ok": run.is_ok,
            "outcome": run.outcome,
            # The job `poll` runs every minute, and polls the sources that are due.
            "next": (next_poll if next_poll and run.name == "poll" else run.next_at).isoformat(
                timespec="seconds"
            ),
        }
        for run in JobJournal(database).runs()
    ]
    empty = "No job has run yet; `papers run` and `papers worker` run them."
    _show(rows, empty, as_json=as_json)


def history(
    number: Annotated[int, typer.Argument(metavar="ID", help="The number of a suggestion.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show all events of a suggestion."""
    from bot.ops.database import open_existing
    from bot.review.store import SuggestionStore

    store = SuggestionStore(open_existing(read_settings()))
    suggestion = store.get(number)
    if suggestion is None:
        raise PapersError(f"There is no suggestion {number}. `/papers pending` has the numbers.")
    title, events = suggestion.subject.entry.title, store.history(number)
    times = [event.at.isoformat(timespec="seconds") for event in events]
    if as_json:
        print_json(
            {
                "id": suggestion.id,
                "title": title,
                "state": suggestion.state,
                "published": suggestion.published,
                "trouble": suggestion.trouble,
                "events": [
                    {
                        "at": at,
                        "what": event.what,
                        "actor": event.actor,
                        "detail": dict(event.detail),
                    }
                    for at, event in zip(times, events, strict=True)
                ],
            }
        )
        return
    out.print(f"{title}: {suggestion.state}", markup=False, style="bold")
    for at, event in zip(times, events, strict=True):
        detail = "".join(f"  {key}: {value}" for key, value in event.detail.items())
        out.print(f"{at}  {event.what} by {event.actor or 'the bot'}{detail}", markup=False)


def forget(
    person: Annotated[str, typer.Argument(metavar="USER", help="Slack's id of the person, U….")],
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    confirmed: Annotated[bool, typer.Option("--yes", help="Do it. It cannot be undone.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove a person from the database; `removed-1` takes their place in the history."""
    from bot.app.clock import utc_now
    from bot.ops import forget as removals
    from bot.ops.database import open_existing

    settings = read_settings()
    user = removals.parse_person(person)
    if not dry_run and not confirmed:
        raise PapersError(
            "This cannot be undone. Look at it with --dry-run, make a backup, then add --yes."
        )
    removal = removals.forget(open_existing(settings), user, utc_now(), dry_run=dry_run)
    remaining = list(removals.remaining(removal, settings.data_dir, settings.publish))
    if as_json:
        print_json({**asdict(removal), "dry_run": dry_run, "remaining": remaining})
        return
    if dry_run:
        out.print("A dry run: nothing was changed. With --yes instead of --dry-run:")
    for sentence in (*removals.describe(removal), "", "What is left:", *remaining):
        out.print(sentence, markup=False, soft_wrap=True)


def migrate() -> None:
    """Migrate the database to the newest schema; `run`, `web` and `worker` migrate too."""
    from bot.db import migrate as schema
    from bot.db.engine import open_database

    schema.migrate(open_database(read_settings().database))
    out.print("The database is up to date.")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; an existing one is replaced.")],
) -> None:
    """Back the database up to a file, while the bot runs. Keep the data folder in git."""
    from bot.ops.backup import backup as write_backup
    from bot.ops.database import open_existing

    size = write_backup(open_existing(read_settings()), file)
    out.print(f"{file}: {size:,} bytes.", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup of SQLite or of PostgreSQL.")],
    *,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Discard what the database holds.")
    ] = False,
) -> None:
    """Restore the database from a backup, completely or not at all."""
    from bot.ops.database import restore_backup

    rows = restore_backup(read_settings(), file, replace=replacing)
    out.print(f"{pluralize(rows, 'row')} restored. The data folder is unchanged.")


def _show(rows: Sequence[Mapping[str, object]], empty: str, *, as_json: bool) -> None:
    """Print rows as JSON or as a table that wraps in the terminal; `empty` if there are none."""
    if as_json:
        print_json(rows)
    elif not rows:
        out.print(empty)
    else:
        table = Table(*rows[0], box=None, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(str("" if value is None else value)) for value in row.values()))
        out.print(table, soft_wrap=False)
