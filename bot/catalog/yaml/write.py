"""Whole catalogs as YAML files, for an import; a merge splices what is new into what is there."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from bot.catalog.atomic_write import write_file
from bot.catalog.model import Catalog, Entry, ListInfo, ReviewPolicy, Section
from bot.catalog.yaml.dump import dump, entry_text, plain_value, shifted
from bot.catalog.yaml.read import CatalogError
from bot.catalog.yaml.schema import schemas
from bot.catalog.yaml.splice import end_line, insert_entry

_HEAD = "# yaml-language-server: $schema={schema}\n"


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Write a whole catalog, with the schemas that editors read. Old papers files go."""
    for name, schema in schemas().items():
        write_file(folder / "schema" / name, schema)
    papers = folder / "papers"
    for section in catalog.info.sections:
        entries = [entry for entry in catalog.entries if entry.home.split("/")[0] == section.id]
        text = "".join(entry_text(entry) for entry in entries) or "[]\n"
        write_file(papers / f"{section.id}.yaml", head_of_papers(section) + text)
    write_file(
        folder / "list.yaml", _HEAD.format(schema="schema/list.json") + dump(_info(catalog.info))
    )
    for path in papers.glob("*.y*ml"):
        if path.name not in {f"{section.id}.yaml" for section in catalog.info.sections}:
            path.unlink()


def head_of_papers(section: Section) -> str:
    """How the file of a top section's papers begins: its schema, for editors, and what it is."""
    schema = _HEAD.format(schema="../schema/papers.json")
    return f"{schema}# {section.title}: its papers, in the list's order.\n\n"


def merge_catalog(folder: Path, old: Catalog, merged: Catalog, added: tuple[Entry, ...]) -> None:
    """Write what a merge brings: new entries are spliced in, new sections and names written."""
    order = {path: at for at, path in enumerate(merged.places)}
    texts: dict[Path, str] = {}
    for entry in added:
        path = folder / "papers" / f"{entry.home.split('/')[0]}.yaml"
        if path not in texts:
            texts[path] = _read(path) if path.exists() else ""
        texts[path] = insert_entry(texts[path], entry, order)
    if merged.info != old.info:
        path = folder / "list.yaml"
        write_file(path, _with_additions(_read(path), old.info, merged.info))
    for path, text in texts.items():
        write_file(path, text)


def _read(path: Path) -> str:
    """A file's text with its own line ends."""
    return path.read_bytes().decode("utf-8")


def _with_additions(text: str, old: ListInfo, new: ListInfo) -> str:
    """`list.yaml` with what the lists of names and the tree of sections have more.

    Raises CatalogError when that cannot be put in without touching anything else.
    """
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise CatalogError("list.yaml holds no keys.")
    values = {key.value: value for key, value in node.value}
    newline = "\r\n" if "\r\n" in text else "\n"
    edits = _section_edits(values["sections"], old.sections, new.sections)
    for kind in ("venues", "orgs"):
        before, after = getattr(old, kind), getattr(new, kind)
        added = {name: list(others) for name, others in after.items() if name not in before}
        if added:
            edits.append(_name_edit(values.get(kind), kind, added, before))
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    for first, last, column, piece in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        lines[first:last] = shifted(piece, column, newline)
    text = "".join(lines)
    read = TypeAdapter(ListInfo).validate_python(yaml.safe_load(text))
    if (read.sections, read.venues, read.orgs) != (new.sections, new.venues, new.orgs):
        raise CatalogError(
            "The new sections and names cannot be placed in list.yaml. Write its sections, venues "
            "and orgs each on lines of their own."
        )
    return text


_END_OF_FILE = 10**9
_Edit = tuple[int, int, int, str]  # the lines from, to; the column; what stands there then


def _section_edits(
    node: yaml.Node, old: tuple[Section, ...], new: tuple[Section, ...]
) -> list[_Edit]:
    """New sections after their siblings; a section written in one line is written anew."""
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        raise CatalogError("The sections of list.yaml stand in one line; write each on its own.")
    column, edits = node.start_mark.column, []
    for item, before, after in zip(node.value, old, new, strict=False):
        if before == after:
            continue
        below = next((value for key, value in item.value if key.value == "sections"), None)
        if below is not None and not below.flow_style and not item.flow_style:
            edits += _section_edits(below, before.sections, after.sections)
        else:
            text = dump([_section(after)])
            edits.append((item.start_mark.line, end_line(item), column, text))
    if added := new[len(old) :]:
        edits.append(
            (end_line(node), end_line(node), column, dump([_section(one) for one in added]))
        )
    return edits


def _name_edit(
    node: yaml.Node | None, kind: str, added: dict[str, Any], before: Mapping[str, Any]
) -> _Edit:
    """New names below the others; names written in one line are written anew."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return end_line(node), end_line(node), node.start_mark.column, dump(added)
    everything = {kind: {**{name: list(others) for name, others in before.items()}, **added}}
    if node is None:
        return _END_OF_FILE, _END_OF_FILE, 0, dump(everything)
    return node.start_mark.line, end_line(node), 0, dump(everything)


def _info(info: ListInfo) -> dict[str, Any]:
    review = {
        key: plain_value(value)
        for key, value in asdict(info.review).items()
        if value != getattr(ReviewPolicy(), key)
    }
    publish = {"markdown": info.publish.markdown} if info.publish.markdown else None
    found = {
        "title": info.title,
        "introduction": info.introduction or None,
        "sections": [_section(section) for section in info.sections],
        "venues": {name: list(others) for name, others in info.venues.items()},
        "orgs": {name: list(others) for name, others in info.orgs.items()},
        "synonyms": [list(group) for group in info.synonyms] or None,
        "categories": list(info.categories),
        "budget": info.budget,
        "review": review or None,
        "publish": publish,
    }
    return {key: value for key, value in found.items() if value is not None}


def _section(section: Section) -> dict[str, Any]:
    found: dict[str, Any] = {"id": section.id, "title": section.title}
    if section.aliases:
        found["aliases"] = list(section.aliases)
    if section.sections:
        found["sections"] = [_section(below) for below in section.sections]
    return found
