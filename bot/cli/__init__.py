"""The `papers` command; each subcommand imports only what it needs."""

from bot.cli.commands import cli, main

__all__ = ["cli", "main"]
