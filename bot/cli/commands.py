"""The table of commands, in the order of `papers --help`, and the handling of errors."""

import sys
from collections.abc import Callable, Mapping

import typer

from bot.cli import catalog, discovery, operate, search, server
from bot.cli.console import err

_COMMANDS: Mapping[str, Callable[..., None]] = {
    "demo": server.demo,
    "run": server.run,
    "web": server.web,
    "worker": server.worker,
    "poll": discovery.poll,
    "digest": discovery.digest,
    "search": search.search,
    "cite": search.cite,
    "import": catalog.import_list,
    "export": catalog.export,
    "check": catalog.check,
    "facts": catalog.facts,
    "schema": catalog.schema,
    "replay": discovery.replay,
    "doctor": operate.doctor,
    "jobs": operate.jobs,
    "history": operate.history,
    "forget": operate.forget,
    "migrate": operate.migrate,
    "backup": operate.backup,
    "restore": operate.restore,
    "manifest": server.manifest,
}

cli = typer.Typer(
    help="A Slack bot that keeps a curated list of papers alive.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for name, command in _COMMANDS.items():
    cli.command(name)(command)
cli.add_typer(operate.outbox, name="outbox")


def main() -> None:
    """Run the command line; an error that a person can fix is a sentence and exit code 1.

    A defect is a traceback without secrets.
    """
    try:
        cli()
    except Exception as error:  # noqa: BLE001  # whatever it is, the process ends
        from bot.app.logging import defect_message, operator_message

        message = operator_message(error) or defect_message(error)
        err.print(message, style="red", markup=False)
        sys.exit(1)
