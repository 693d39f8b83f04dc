"""Edits of the files of a list: a change of one entry, or the additions of a merge.

A change is made in texts by file name, so that a folder, the files of a git commit and those of a
repository on GitHub are edited in the same way.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from bot.catalog.atomic_write import write_file
from bot.catalog.change import Change, is_done, must_have_sections
from bot.catalog.model import Catalog, Entry, ListInfo, Section, section_ranks
from bot.catalog.text_lines import newline_of
from bot.catalog.yaml.document import compose, read_file
from bot.catalog.yaml.read import (
    CatalogError,
    FileReader,
    papers_files,
    parse_info,
    read_texts,
)
from bot.catalog.yaml.splice import (
    end_line,
    find_entry,
    indented,
    insert_entry,
    remove_entry,
    replace_entry,
    suggestions_in,
)
from bot.catalog.yaml.write import dump, papers_header, section_values

_T = TypeVar("_T")
_Edit = tuple[int, int, int, str]  # first line, line after the last, column, new text
_END_OF_FILE = 10**9


def edit_data(read: FileReader, change: Change) -> Mapping[str, str]:
    """The new texts of the files that a change alters, by name; empty if the change is done.

    Names are relative to the data folder (`papers/llm-systems.yaml`). If there are two, the entry
    is added to the first and removed from the second: after an interruption between them the paper
    is still listed, and the change can be repeated. Raises CatalogError if the change cannot be
    made without changing anything else.
    """
    catalog = read_texts(read).catalog
    names = papers_files(catalog.info)
    texts = {name: text for name in names if (text := read(name)) is not None}
    before, after = change.before, change.after
    if before is None:
        return _with_addition(texts, catalog, change, after) if after else {}
    if after is None:
        kept = _in_each(texts, lambda text: remove_entry(text, before))
        return {name: text for name, text in kept.items() if text != texts[name]}
    if before == after:
        return {}
    places = _in_each(texts, lambda text: find_entry(text, before))
    file = next((name for name, place in places.items() if place is not None), None)
    return _with_correction(texts, catalog, file, before, after) if file else {}


def apply_to_folder(folder: Path, change: Change) -> bool:
    """Make a change in the folder of a list; return False if it was done already.

    Each file is replaced atomically, and an interrupted change can be repeated. Raises
    CatalogError if the change cannot be made; then nothing is written.
    """
    edits = edit_data(folder_reader(folder), change)
    for name, text in edits.items():
        write_file(folder / name, text)
    return bool(edits)


def folder_reader(folder: Path) -> FileReader:
    """A FileReader for a folder; the texts keep their line ends."""

    def read(name: str) -> str | None:
        try:
            return read_file(folder / name)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(f"{folder / name} cannot be read: {error}.") from error

    return read


def merge_catalog(folder: Path, old: Catalog, merged: Catalog, added: tuple[Entry, ...]) -> None:
    """Write a merged list: insert the added entries, and add new sections and names.

    Raises CatalogError if that cannot be done without changing anything else; then nothing is
    written.
    """
    read, ranks = folder_reader(folder), section_ranks(merged.info.sections)
    texts: dict[str, str] = {}
    for entry in added:
        name = f"papers/{entry.top}.yaml"
        if name not in texts:
            texts[name] = read(name) or ""
        texts[name] = insert_entry(texts[name], entry, ranks)
    if merged.info != old.info:
        info = _with_additions(read("list.yaml") or "", old.info, merged.info)
        texts = {"list.yaml": info, **texts}
    for name, text in texts.items():
        write_file(folder / name, text)


def _with_addition(
    texts: Mapping[str, str], catalog: Catalog, change: Change, entry: Entry
) -> dict[str, str]:
    if is_done(catalog, change):
        return {}
    must_have_sections(catalog, entry)
    name, text = _home_file(texts, catalog, entry)
    # An entry with a mistake is not in the catalog, but it is in the file.
    if entry.by is not None and entry.by in _in_file(name, text, suggestions_in):
        return {}
    return {name: _with_entry(name, text, catalog, entry)}


def _with_correction(
    texts: Mapping[str, str], catalog: Catalog, file: str, before: Entry, after: Entry
) -> dict[str, str]:
    """The texts with an entry corrected in its file, or moved to the file of its new home."""
    must_have_sections(catalog, after)
    is_there = after in catalog.entries  # after an interruption between two files
    name, text = _home_file(texts, catalog, after)
    if before.home == after.home and not is_there:
        return {file: _in_file(file, texts[file], lambda text: replace_entry(text, before, after))}
    edits = {} if is_there else {name: _with_entry(name, text, catalog, after)}
    source = edits.get(file, texts[file])
    edits[file] = _in_file(file, source, lambda text: remove_entry(text, before, exactly=True))
    return edits


def _with_entry(name: str, text: str, catalog: Catalog, entry: Entry) -> str:
    ranks = section_ranks(catalog.info.sections)
    return _in_file(name, text, lambda text: insert_entry(text, entry, ranks))


def _home_file(texts: Mapping[str, str], catalog: Catalog, entry: Entry) -> tuple[str, str]:
    """The name and text of the file that an entry belongs in; a header if there is none yet."""
    for name in (f"papers/{entry.top}.yaml", f"papers/{entry.top}.yml"):
        if name in texts:
            return name, texts[name]
    return f"papers/{entry.top}.yaml", papers_header(catalog.places[entry.top].section)


def _in_each(texts: Mapping[str, str], act: Callable[[str], _T]) -> dict[str, _T]:
    return {name: _in_file(name, text, act) for name, text in texts.items()}


def _in_file(name: str, text: str, act: Callable[[str], _T]) -> _T:
    """Apply a function to a text; put the file's name before the message of a CatalogError."""
    try:
        return act(text)
    except CatalogError as error:
        raise CatalogError(f"{name}: {error}") from error


def _with_additions(text: str, old: ListInfo, new: ListInfo) -> str:
    """Add new sections and names to the text of `list.yaml`.

    Raises CatalogError if they cannot be added without changing anything else.
    """
    node = compose(text)
    if not isinstance(node, yaml.MappingNode):
        raise CatalogError("list.yaml holds no keys.")
    values = {key.value: value for key, value in node.value}
    newline = newline_of(text)
    edits = _section_edits(values["sections"], old.sections, new.sections)
    for kind in ("venues", "orgs"):
        before, after = getattr(old, kind), getattr(new, kind)
        added = {name: list(others) for name, others in after.items() if name not in before}
        if added:
            edits.append(_name_edit(values.get(kind), kind, added, before))
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    for first, last, column, new_text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        lines[first:last] = [f"{line}{newline}" for line in indented(new_text, column)]
    text = "".join(lines)
    result = parse_info(text, "list.yaml")
    if (result.sections, result.venues, result.orgs) != (new.sections, new.venues, new.orgs):
        raise CatalogError(
            "The new sections and names cannot be placed in list.yaml. Write its sections, venues "
            "and orgs each on lines of their own."
        )
    return text


def _section_edits(
    node: yaml.Node, old: tuple[Section, ...], new: tuple[Section, ...]
) -> list[_Edit]:
    """Add new sections after their siblings; rewrite a parent that is written on one line."""
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise CatalogError("The sections of list.yaml are on one line; write each on its own.")
    column, edits = node.start_mark.column, []
    for item, before, after in zip(node.value, old, new, strict=False):
        if before == after:
            continue
        children = next((value for key, value in item.value if key.value == "sections"), None)
        if children is not None and not children.flow_style and not item.flow_style:
            edits += _section_edits(children, before.sections, after.sections)
        else:
            text = dump(section_values((after,)))
            edits.append((item.start_mark.line, end_line(item), column, text))
    if added := new[len(old) :]:
        edits.append((end_line(node), end_line(node), column, dump(section_values(added))))
    return edits


def _name_edit(
    node: yaml.Node | None, kind: str, added: dict[str, Any], before: Mapping[str, Any]
) -> _Edit:
    """Add new names below the others; rewrite names that are written on one line."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return end_line(node), end_line(node), node.start_mark.column, dump(added)
    names = {kind: {**{name: list(others) for name, others in before.items()}, **added}}
    if node is None:
        return _END_OF_FILE, _END_OF_FILE, 0, dump(names)
    return node.start_mark.line, end_line(node), 0, dump(names)
