"""The table of commands, in the order of `papers --help`, and what becomes of errors."""

import sys
from collections.abc import Callable, Mapping

import typer

from bot.cli import catalog as listing
from bot.cli import discovery as finding
from bot.cli import operate as operating
from bot.cli import search as lookups
from bot.cli import server as serving
from bot.cli.console import err

_COMMANDS: Mapping[str, Callable[..., None]] = {
    "demo": serving.demo,
    "run": serving.run,
    "web": serving.web,
    "worker": serving.worker,
    "poll": finding.poll,
    "digest": finding.digest,
    "search": lookups.search,
    "import": listing.import_list,
    "export": listing.export,
    "check": listing.check,
    "schema": listing.schema,
    "replay": finding.replay,
    "doctor": operating.doctor,
    "jobs": operating.jobs,
    "history": operating.history,
    "migrate": operating.migrate,
    "backup": operating.backup,
    "restore": operating.restore,
    "manifest": serving.manifest,
}

cli = typer.Typer(
    help="A Slack bot that keeps a curated list of papers alive.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for name, command in _COMMANDS.items():
    cli.command(name)(command)
cli.add_typer(operating.outbox, name="outbox")


def main() -> None:
    """Run the command line; what a person can mend is a sentence and exit code 1."""
    try:
        cli()
    except Exception as error:
        from bot.app.logging import in_a_sentence

        told = in_a_sentence(error)
        if told is None:
            raise
        err.print(told, style="red", markup=False)
        sys.exit(1)
