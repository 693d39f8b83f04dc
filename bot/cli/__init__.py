"""The `papers` command: one function a use case, each of which loads only what it needs."""

from bot.cli.commands import cli, main

__all__ = ["cli", "main"]
