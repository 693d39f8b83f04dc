"""`python -m bot` runs the `papers` command where the project is not installed."""

from bot.cli import main

main()
