"""Use cases for the list as a whole: import from Markdown, export, check."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from bot.catalog.bibliography.formats import ExportFormat
from bot.catalog.bibliography.writers import export_catalog
from bot.catalog.markdown.importer import ImportResult, import_list, merge
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.names import KnownNames
from bot.catalog.yaml.document import Problem
from bot.catalog.yaml.edit import merge_catalog
from bot.catalog.yaml.lint import lint
from bot.catalog.yaml.read import CatalogError, LoadedCatalog, read_catalog
from bot.catalog.yaml.write import write_catalog


class ImportMode(Enum):
    """The handling of a list that already exists in the folder of an import."""

    CREATE = "there must be none"
    MERGE = "add to it"
    REPLACE = "replace it"


def import_markdown(
    folder: Path, text: str, mode: ImportMode, shipped: KnownNames, *, title: str
) -> Iterator[str]:
    """Import a Markdown list into a folder; yield the skipped lines and a summary for people.

    `title` is used if the document has none. Raises CatalogError if there are no entries, or if
    the folder holds a list that the mode does not allow; then nothing is written.
    """
    old = _existing_list(folder, may_be_broken=mode is ImportMode.REPLACE)
    if old and mode is ImportMode.CREATE:
        raise CatalogError(
            f"{folder} holds a list already. Add --merge to add to it, or --replace to replace it."
        )
    base = old.catalog.info if old else None
    names = KnownNames.of(base).merged(shipped) if base else shipped
    imported = import_list(read_markdown(text, names), names, title=title, base=base)
    yield from map(str, imported.skipped)
    if not imported.catalog.entries:
        raise CatalogError(
            "No entries were found; nothing was written. "
            "Entries are bullets or table rows with links."
        )
    if old and mode is ImportMode.MERGE:
        yield _merge_into(folder, old, imported)
    else:
        write_catalog(folder, imported.catalog)
    yield _summary(imported)


def export_list(
    folder: Path, form: ExportFormat, shipped: KnownNames
) -> tuple[str, tuple[Problem, ...]]:
    """The list of a folder as a document of a format, and the problems of reading it."""
    loaded = read_catalog(folder)
    return export_catalog(loaded.catalog, form, shipped), loaded.problems


def check_catalog(folder: Path, shipped: KnownNames) -> tuple[LoadedCatalog, tuple[Problem, ...]]:
    """Read the list of a folder and check it; the catalog with all its problems."""
    loaded = read_catalog(folder)
    return loaded, lint(loaded, shipped)


def _existing_list(folder: Path, *, may_be_broken: bool) -> LoadedCatalog | None:
    """The list in a folder, or None; a broken one is an error unless it is to be replaced."""
    if not (folder / "list.yaml").exists() and not any((folder / "papers").glob("*.y*ml")):
        return None
    try:
        return read_catalog(folder)
    except CatalogError:
        if may_be_broken:
            return None
        raise


def _merge_into(folder: Path, old: LoadedCatalog, new: ImportResult) -> str:
    """Add what is new to a list, which must not contain errors."""
    if errors := [problem for problem in old.problems if problem.is_error]:
        raise CatalogError(
            f"{folder} contains mistakes. Correct them first (`papers check`): {errors[0]}"
        )
    merged, added = merge(old.catalog, new.catalog)
    merge_catalog(folder, old.catalog, merged, added)
    count = _count(len(added), "entry", "entries")
    return f"{count} added to {len(old.catalog.entries):,}; the others were already listed."


def _summary(imported: ImportResult) -> str:
    sections = sum(bool(entries) for entries in imported.catalog.listed.values())
    counts = Counter(line.reason for line in imported.skipped).most_common()
    reasons = "; ".join(f"{reason} ({count})" for reason, count in counts)
    bullets = _count(imported.bullets, "bullet or row", "bullets and rows")
    skipped = _count(len(imported.skipped), "line", "lines")
    return (
        f"{_count(len(imported.catalog.entries), 'entry', 'entries')} in "
        f"{_count(sections, 'section', 'sections')}, from {bullets}; "
        f"{skipped} skipped{': ' if reasons else ''}{reasons}."
    )


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"
