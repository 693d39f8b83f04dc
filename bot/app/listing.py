"""What keeps the list itself: Markdown in, Markdown out, and what is wrong with it."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from bot.catalog.markdown.export import export_list
from bot.catalog.markdown.importer import Imported, import_list, merge
from bot.catalog.markdown.parse import count_reasons, read_markdown
from bot.catalog.names import KnownNames, shipped_names
from bot.catalog.yaml.read import CatalogError, Loaded, Problem, read_catalog
from bot.catalog.yaml.write import merge_catalog, write_catalog


class Way(Enum):
    """What an import does with the list that is there."""

    BEGIN = "there is none yet"
    MERGE = "add to it"
    REPLACE = "take its place"


def take_in(folder: Path, text: str, way: Way, *, title: str) -> Iterator[str]:
    """Read a Markdown list into a folder; yields what was not read, then the count, as lines.

    `title` serves where the document has none. Raises CatalogError when there is nothing to take,
    or when the folder holds a list that the way does not fit; then nothing is written.
    """
    old = _there_already(folder, may_be_broken=way is Way.REPLACE)
    if old and way is Way.BEGIN:
        raise CatalogError(
            f"{folder} holds a list already. Add --merge to add to it, or --replace to replace it."
        )
    base = old.catalog.info if old else None
    names = KnownNames.of(base).merged(shipped_names()) if base else shipped_names()
    imported = import_list(read_markdown(text, names), names, title=title, base=base)
    yield from map(str, imported.skipped)
    if not imported.catalog.entries:
        raise CatalogError(
            "No entry was found; nothing was written. "
            "Entries are bullets or table rows with links."
        )
    if old and way is Way.MERGE:
        yield _merge(folder, old, imported)
    else:
        write_catalog(folder, imported.catalog)
    yield _count(imported)


def as_markdown(folder: Path) -> tuple[str, tuple[Problem, ...]]:
    """The list as awesome-list Markdown, and what of it could not be read."""
    loaded = read_catalog(folder)
    return export_list(loaded.catalog, shipped_names()), loaded.problems


def _there_already(folder: Path, *, may_be_broken: bool) -> Loaded | None:
    """The list that a folder holds, if any; a broken one only matters if it is to stay."""
    if not (folder / "list.yaml").exists() and not any((folder / "papers").glob("*.y*ml")):
        return None
    try:
        return read_catalog(folder)
    except CatalogError:
        if may_be_broken:
            return None
        raise


def _merge(folder: Path, old: Loaded, new: Imported) -> str:
    """Add what is new to a list, which must be in order for that."""
    if errors := [problem for problem in old.problems if problem.is_error]:
        raise CatalogError(
            f"{folder} has mistakes; mend them first (`papers check`). The first: {errors[0]}"
        )
    merged, added = merge(old.catalog, new.catalog)
    merge_catalog(folder, old.catalog, merged, added)
    return f"{len(added)} entries added to {len(old.catalog.entries)}; the others were there."


def _count(imported: Imported) -> str:
    sections = sum(bool(entries) for entries in imported.catalog.listed.values())
    lines = "1 line" if len(imported.skipped) == 1 else f"{len(imported.skipped)} lines"
    counted = count_reasons(imported.skipped)
    reasons = "; ".join(f"{reason} ({count})" for reason, count in counted)
    return (
        f"{len(imported.catalog.entries)} entries in {sections} sections, "
        f"from {imported.bullets} bullets and rows; {lines} skipped"
        f"{f': {reasons}' if reasons else ''}."
    )
