"""`python -m bot` is the `papers` command, also where the project is not installed."""

from bot.cli import main

main()
