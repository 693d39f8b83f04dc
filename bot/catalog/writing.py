"""A catalog as YAML text: whole files for an import, one spliced entry for everything later.

Files that people edit are never dumped anew: an insertion changes the lines of the one entry and
no other byte, and is read back before anybody sees it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from bot.catalog.files import CatalogError, Problem, entries_in, write_file
from bot.catalog.model import Catalog, Entry, ListInfo, Review, Section
from bot.catalog.schema import schemas

_HEAD = "# yaml-language-server: $schema={schema}\n"


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Write a whole catalog, with the schemas that editors read. Old papers files go."""
    for name, schema in schemas().items():
        write_file(folder / "schema" / name, schema)
    papers = folder / "papers"
    for section in catalog.info.sections:
        entries = [entry for entry in catalog.entries if entry.home.split("/")[0] == section.id]
        text = _HEAD.format(schema="../schema/papers.json")
        text += f"# {section.title}: its papers, in the list's order.\n\n"
        text += "".join(entry_text(entry) for entry in entries) or "[]\n"
        write_file(papers / f"{section.id}.yaml", text)
    write_file(
        folder / "list.yaml", _HEAD.format(schema="schema/list.json") + _dump(_info(catalog.info))
    )
    for path in papers.glob("*.y*ml"):
        if path.name not in {f"{section.id}.yaml" for section in catalog.info.sections}:
            path.unlink()


def entry_text(entry: Entry) -> str:
    """The lines of one entry, in the data format's order of keys."""
    return _dump([_entry(entry)])


def insert_entry(text: str, entry: Entry, order: Mapping[str, int]) -> str:
    """The text of a papers file with one entry more, after the last of its section.

    `order` ranks the section paths. Raises CatalogError when the file cannot take an entry.
    """
    nodes = list(entries_in(text))
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines(keepends=True)
    before = [node for node in nodes if _stands_before(node, order[entry.home], order)]
    if not nodes:
        kept = [line for line in lines if line.strip() not in {"[]", "~", "null"}]
        if kept and not kept[-1].endswith(("\n", "\r")):
            kept.append(newline)
        return _checked("".join(kept) + _indented(entry, 0, newline), nodes, entry)
    last = before[-1] if before else None
    at = _end(last) if isinstance(last, yaml.Node) else _first_line(nodes)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    new = _indented(entry, _indent(nodes, lines), newline)
    return _checked("".join([*lines[:at], new, *lines[at:]]), nodes, entry)


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
        lines[first:last] = _shifted(piece, column, newline)
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
            text = _dump([_section(after)])
            edits.append((item.start_mark.line, _end(item), column, text))
    if added := new[len(old) :]:
        edits.append((_end(node), _end(node), column, _dump([_section(one) for one in added])))
    return edits


def _name_edit(
    node: yaml.Node | None, kind: str, added: dict[str, Any], before: Mapping[str, Any]
) -> _Edit:
    """New names below the others; names written in one line are written anew."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style:
        return _end(node), _end(node), node.start_mark.column, _dump(added)
    everything = {kind: {**{name: list(others) for name, others in before.items()}, **added}}
    if node is None:
        return _END_OF_FILE, _END_OF_FILE, 0, _dump(everything)
    return node.start_mark.line, _end(node), 0, _dump(everything)


def _shifted(text: str, column: int, newline: str) -> list[str]:
    return [f"{' ' * column}{line}{newline}" for line in text.splitlines()]


def _stands_before(node: yaml.MappingNode | Problem, rank: int, order: Mapping[str, int]) -> bool:
    if isinstance(node, Problem):
        return False
    for key, value in node.value:
        if key.value == "sections" and isinstance(value, yaml.SequenceNode) and value.value:
            return order.get(str(value.value[0].value), rank) <= rank
    return False


def _end(node: yaml.Node) -> int:
    """The number of lines up to the end of a node's last value."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    at: int = node.end_mark.line + (
        1 if node.end_mark.column or node.start_mark.line == node.end_mark.line else 0
    )
    return at


def _first_line(nodes: list[yaml.MappingNode | Problem]) -> int:
    first = nodes[0]
    return first.line - 1 if isinstance(first, Problem) else int(first.start_mark.line)


def _indent(nodes: list[yaml.MappingNode | Problem], lines: list[str]) -> int:
    """The column of the dashes."""
    line = lines[_first_line(nodes)]
    if not line.lstrip().startswith("-"):
        raise CatalogError(
            "The entries stand in one line; write each as `- title: …` on lines of its own."
        )
    return len(line) - len(line.lstrip())


def _indented(entry: Entry, indent: int, newline: str) -> str:
    return "".join(_shifted(entry_text(entry), indent, newline))


def _checked(text: str, before: list[yaml.MappingNode | Problem], entry: Entry) -> str:
    """The text, proven to hold what it held and the new entry."""
    after = [node for node in entries_in(text) if isinstance(node, yaml.MappingNode)]
    titles = [_title(node) for node in after]
    old = [_title(node) for node in before if isinstance(node, yaml.MappingNode)]
    at = next(
        (
            at
            for at, title in enumerate(titles)
            if title == entry.title and titles[:at] + titles[at + 1 :] == old
        ),
        None,
    )
    if at is None:
        raise CatalogError(
            "The entry cannot be placed in this file: `papers check` tells what is wrong in it."
        )
    return text


def _title(node: yaml.MappingNode) -> str | None:
    return next((str(value.value) for key, value in node.value if key.value == "title"), None)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        name.name: _plain(value)
        for name in fields(entry)
        if (value := getattr(entry, name.name)) not in (None, ())
    }


def _info(info: ListInfo) -> dict[str, Any]:
    review = {
        key: _plain(value)
        for key, value in asdict(info.review).items()
        if value != getattr(Review(), key)
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


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


class _Dumper(yaml.SafeDumper):
    """Block style with short collections in one line, double quotes where quotes are needed."""

    def choose_scalar_style(self) -> str:
        style: str = super().choose_scalar_style()
        return '"' if style == "'" else style

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML calls it
        return super().increase_indent(flow, indentless=False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    )


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(dt.date, yaml.SafeDumper.represent_date)


def _dump(value: object) -> str:
    return yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=None,
    )
