"""YAML text of entries and whole catalogs: one key per line, short collections on one line."""

import datetime as dt
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from bot.catalog.atomic_write import write_file
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.yaml.schema import info_type, schemas, sections_type

_WRITTEN_KEYS = {"venues", "orgs", "categories", "budget"}
SCHEMA_COMMENT = "# yaml-language-server: $schema={schema}\n"


def write_catalog(folder: Path, catalog: Catalog) -> None:
    """Write a catalog's files and schemas; delete papers files of sections that are gone."""
    for name, schema in schemas().items():
        write_file(folder / "schema" / name, schema)
    papers = folder / "papers"
    for section in catalog.info.sections:
        entries = [entry for entry in catalog.entries if entry.top == section.id]
        text = "".join(entry_text(entry) for entry in entries) or "[]\n"
        write_file(papers / f"{section.id}.yaml", papers_header(section) + text)
    header = SCHEMA_COMMENT.format(schema="schema/list.json")
    write_file(folder / "list.yaml", header + dump(_info_values(catalog.info)))
    for path in papers.glob("*.y*ml"):
        if path.name not in {f"{section.id}.yaml" for section in catalog.info.sections}:
            path.unlink()


def papers_header(section: Section) -> str:
    """The comment at the top of a papers file: its schema, for editors, and its content."""
    schema = SCHEMA_COMMENT.format(schema="../schema/papers.json")
    return f"{schema}# {section.title}: its papers, in the list's order.\n\n"


def entry_text(entry: Entry) -> str:
    """The YAML lines of an entry, its keys in the order of the data format."""
    return dump([entry_values(entry)])


def key_text(key: str, value: object, *, in_braces: bool) -> str:
    """The YAML of one key of an entry, on a line of its own or for an entry in braces."""
    if in_braces:
        return dump({key: value}, flow=True).strip()[1:-1]
    return dump({key: value}, flow=None if isinstance(value, list) else False).strip()


def entry_values(entry: Entry) -> dict[str, Any]:
    """The values of an entry as YAML types, in the order of the data format."""
    return {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in fields(entry)
        if (value := getattr(entry, field.name)) not in (None, ())
    }


def section_values(sections: tuple[Section, ...]) -> list[dict[str, Any]]:
    """Sections with their subsections as YAML types."""
    values: list[dict[str, Any]] = sections_type().dump_python(
        sections, mode="json", exclude_defaults=True
    )
    return values


def _info_values(info: ListInfo) -> dict[str, Any]:
    """The values of `list.yaml` as YAML types; defaults only of keys that people often edit."""
    stated = info_type().dump_python(info, mode="json", exclude_defaults=True)
    return {
        key: stated.get(key, value)
        for key, value in info_type().dump_python(info, mode="json").items()
        if key in stated or key in _WRITTEN_KEYS
    }


class _Dumper(yaml.SafeDumper):
    """Block style with short collections on one line, double quotes where quotes are needed."""

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


def dump(value: object, *, flow: bool | None = None) -> str:
    """A value as YAML; `flow` is PyYAML's `default_flow_style`, None: short collections inline."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=flow,
    )
    return text
