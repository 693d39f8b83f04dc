"""Import, export and check of the list, for the command line."""

from collections.abc import Iterator
from pathlib import Path

from bot.app.finding import known_papers
from bot.catalog.names import shipped_names
from bot.catalog.service import ImportMode, check_catalog, export_markdown, import_markdown
from bot.catalog.yaml.read import Problem
from bot.discovery.mislinks import mislinks
from bot.settings import Settings

Way = ImportMode


def take_in(folder: Path, text: str, way: Way, *, title: str) -> Iterator[str]:
    """Import a Markdown list into a folder; see `bot.catalog.service.import_markdown`."""
    return import_markdown(folder, text, way, shipped_names(), title=title)


def as_markdown(folder: Path) -> tuple[str, tuple[Problem, ...]]:
    """The list as awesome-list Markdown, and the problems of reading it."""
    return export_markdown(folder, shipped_names())


def problems_of(settings: Settings) -> tuple[Problem, ...]:
    """All problems of the list, including links to other papers as far as arXiv was asked."""
    loaded, problems = check_catalog(settings.data_dir, shipped_names())
    return (*problems, *mislinks(loaded.located, known_papers(settings)))
