"""Commands for whoever operates the bot."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from bot.app.environment import read_settings
from bot.cli.console import AsJson, err, out, print_json
from bot.errors import PapersError

outbox = typer.Typer(invoke_without_command=True, no_args_is_help=False)
_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


def doctor(*, as_json: AsJson = False) -> None:
    """Look at all that the bot depends on: what is wrong, what to do. Exit code 1 if errors."""
    from bot.app.examining import examine
    from bot.ops.doctor.finding import worst

    with err.status("Looking at Slack, the database, the list and the disk"):
        findings = examine(read_settings())
    state = worst(findings)
    if as_json:
        print_json({"state": state, "findings": [asdict(one) for one in findings]})
        raise typer.Exit(1 if state == "error" else 0)
    for one in findings:
        out.print(Text(f"{one.state:8}", _STYLES[one.state]), Text(f"{one.what}: {one.sentence}"))
        if one.remedy:
            out.print(f"         {one.remedy}", markup=False)
    errors, warnings = (
        sum(one.state == state for one in findings) for state in ("error", "warning")
    )
    out.print(f"{errors} errors, {warnings} warnings, {len(findings)} things looked at.")
    raise typer.Exit(1 if errors else 0)


@outbox.callback()
def show_outbox(context: typer.Context, *, as_json: AsJson = False) -> None:
    """What is still to be said in Slack, or was given up; `papers outbox retry` tries it again."""
    if context.invoked_subcommand:
        return
    from bot.app.logging import redactor
    from bot.app.state import existing
    from bot.outbox.store import Outbox

    box, redact = Outbox(existing(read_settings())), redactor()
    rows = [
        {
            "key": item.key,
            "state": item.state,
            "channel": item.channel,
            "kind": item.kind,
            "since": item.created_at.isoformat(),
            "tries": item.tries,
            "problem": redact(item.problem or ""),
        }
        for item in (*box.dead_rows(), *box.pending_rows())
    ]
    if as_json:
        print_json(rows)
    elif rows:
        _show(rows)
    else:
        out.print("Everything was said.")


@outbox.command()
def retry(
    keys: Annotated[
        list[str] | None, typer.Argument(help="Keys of dead letters; none: all of them.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have what was given up tried again, by the worker."""
    from bot.app.container import now
    from bot.app.state import existing
    from bot.outbox.store import Outbox

    box = Outbox(existing(read_settings()))
    dead = {item.key for item in box.dead_rows()}
    if unknown := sorted(set(keys or ()) - dead):
        raise PapersError(
            f"There is no dead letter {unknown[0]}. `papers outbox` shows those there are."
        )
    count = box.retry(now(), keys or None)
    if as_json:
        print_json({"retried": count})
    else:
        out.print(f"{count} to be tried again." if count else "There is no dead letter.")


def jobs(*, as_json: AsJson = False) -> None:
    """What the worker's jobs did last, when, and when they come next."""
    from bot.app.state import existing, upcoming

    rows = upcoming(existing(read_settings()))
    if as_json:
        print_json(rows)
    elif rows:
        _show(rows)
    else:
        out.print("No job has run yet; `papers run` and `papers worker` run them.")


def history(
    number: Annotated[int, typer.Argument(metavar="ID", help="The number of a suggestion.")],
    *,
    as_json: AsJson = False,
) -> None:
    """What happened to a suggestion, from the beginning."""
    from bot.app.state import existing, told

    found = told(existing(read_settings()), number)
    if as_json:
        print_json(found)
        return
    out.print(f"{found['title']}: {found['state']}", markup=False, style="bold")
    for event in found["events"]:
        detail = "".join(f"  {key}: {value}" for key, value in event["detail"].items())
        who = event["actor"] or "the bot"
        out.print(f"{event['at']}  {event['what']} by {who}{detail}", markup=False)


def migrate() -> None:
    """Bring the database's schema to the newest; `run`, `web` and `worker` do so, too."""
    from bot.db import migrate as schema
    from bot.db.engine import open_database

    schema.migrate(open_database(read_settings().database))
    out.print("The database is up to date.")


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; what is there is replaced.")],
) -> None:
    """Keep the database in a file, while the bot runs. The list in the data folder is in git."""
    from bot.app.state import existing
    from bot.ops import backup as kept

    size = kept.backup(existing(read_settings()), file)
    out.print(f"{file}: {size:,} bytes.", markup=False)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup, of SQLite or of PostgreSQL.")],
    *,
    replacing: Annotated[
        bool, typer.Option("--replace", help="Throw away what the database holds.")
    ] = False,
) -> None:
    """Bring the database to what a backup holds: all of it, or nothing is changed."""
    from bot.app.state import restore_into

    rows = restore_into(read_settings(), file, replace=replacing)
    out.print(f"{rows:,} rows restored. The list in the data folder is as it was.")


def _show(rows: Iterable[Mapping[str, object]]) -> None:
    """Rows as a table, wrapped where the terminal ends."""
    first = next(iter(rows := list(rows)))
    table = Table(*first, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str("" if value is None else value)) for value in row.values()))
    out.print(table, soft_wrap=False)
