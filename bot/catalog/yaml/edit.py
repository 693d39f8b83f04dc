"""A change, made in the files of a list: which of them it alters, and what they say then.

It works on texts by name, so that a folder, the files of a git commit and those of a repository on
GitHub are edited in the same way.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from bot.catalog.atomic_write import write_file
from bot.catalog.change import Change, is_done, must_have_sections
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.read import CatalogError, Read, read_texts
from bot.catalog.yaml.splice import (
    find_entry,
    insert_entry,
    remove_entry,
    replace_entry,
    suggestions_in,
)
from bot.catalog.yaml.write import head_of_papers

_T = TypeVar("_T")


def edit_data(read: Read, change: Change) -> Mapping[str, str]:
    """The files that a change alters, with their new texts; none when the change is done.

    Names are relative to the data folder (`papers/llm-systems.yaml`). Where there are two, the
    first one gains what the second one loses: an interruption between them leaves the paper
    listed, and the change to be repeated. Raises CatalogError when it cannot be done without
    touching anything else.
    """
    catalog = read_texts(read).catalog
    texts = _papers(read, catalog)
    before, after = change.before, change.after
    if before is None:
        return _added(texts, catalog, change, after) if after else {}
    if after is None:
        left = _each(texts, lambda text: remove_entry(text, before))
        return {name: text for name, text in left.items() if text != texts[name]}
    if before == after:
        return {}
    places = _each(texts, lambda text: find_entry(text, before))
    at = next((name for name, place in places.items() if place is not None), None)
    return _corrected(texts, catalog, at, before, after) if at else {}


def apply_to_folder(folder: Path, change: Change) -> bool:
    """Make a change in a list's folder; False when it was done already.

    Every file is replaced at once, and the whole may be repeated after an interruption anywhere.
    Raises CatalogError when it cannot be done; then nothing is written.
    """
    edits = edit_data(folder_reader(folder), change)
    for name, text in edits.items():
        write_file(folder / name, text)
    return bool(edits)


def folder_reader(folder: Path) -> Read:
    """Reads the files of a folder, with their own line ends."""

    def read(name: str) -> str | None:
        try:
            return (folder / name).read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(f"{folder / name} cannot be read: {error}.") from error

    return read


def _papers(read: Read, catalog: Catalog) -> dict[str, str]:
    tops = (top.id for top in catalog.info.sections)
    names = [f"papers/{top}.{ending}" for top in tops for ending in ("yaml", "yml")]
    return {name: text for name in names if (text := read(name)) is not None}


def _added(
    texts: Mapping[str, str], catalog: Catalog, change: Change, entry: Entry
) -> dict[str, str]:
    if is_done(catalog, change):
        return {}
    must_have_sections(catalog, entry)
    name, text = _home(texts, catalog, entry)
    # An entry with a mistake in it is not in the catalog; it is on the list all the same.
    if entry.by is not None and entry.by in _in_file(name, text, suggestions_in):
        return {}
    return {name: _with_entry(name, text, catalog, entry)}


def _corrected(
    texts: Mapping[str, str], catalog: Catalog, at: str, before: Entry, after: Entry
) -> dict[str, str]:
    """The texts with an entry corrected in the file `at`, or moved to its new home."""
    must_have_sections(catalog, after)
    is_there = after in catalog.entries  # after an interruption between two files
    name, text = _home(texts, catalog, after)
    if before.home == after.home and not is_there:
        return {at: _in_file(at, texts[at], lambda text: replace_entry(text, before, after))}
    edits = {} if is_there else {name: _with_entry(name, text, catalog, after)}
    left = edits.get(at, texts[at])
    edits[at] = _in_file(at, left, lambda text: remove_entry(text, before, exactly=True))
    return edits


def _with_entry(name: str, text: str, catalog: Catalog, entry: Entry) -> str:
    order = {path: at for at, path in enumerate(catalog.places)}
    return _in_file(name, text, lambda text: insert_entry(text, entry, order))


def _home(texts: Mapping[str, str], catalog: Catalog, entry: Entry) -> tuple[str, str]:
    """The file that an entry belongs to, with its text; a new one where there is none yet."""
    top = entry.home.split("/")[0]
    for name in (f"papers/{top}.yaml", f"papers/{top}.yml"):
        if name in texts:
            return name, texts[name]
    return f"papers/{top}.yaml", head_of_papers(catalog.places[top].section)


def _each(texts: Mapping[str, str], find: Callable[[str], _T]) -> dict[str, _T]:
    """What is found in each file. Raises CatalogError for a file that cannot be understood."""
    return {name: _in_file(name, text, find) for name, text in texts.items()}


def _in_file(name: str, text: str, act: Callable[[str], _T]) -> _T:
    try:
        return act(text)
    except CatalogError as error:
        raise CatalogError(f"{name}: {error}") from error
