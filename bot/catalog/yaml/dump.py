"""Values as YAML text in the style of the data files: a key a line, short collections in one."""

import datetime as dt
from dataclasses import fields
from typing import Any

import yaml

from bot.catalog.model import Entry


def entry_text(entry: Entry) -> str:
    """The lines of one entry, in the data format's order of keys."""
    return dump([entry_values(entry)])


def key_text(key: str, value: object, *, in_braces: bool) -> str:
    """One key with its value as `entry_text` has it, or as it may stand within braces."""
    if in_braces:
        return dump({key: value}, flow=True).strip()[1:-1]
    return dump({key: value}, flow=None if isinstance(value, list) else False).strip()


def entry_values(entry: Entry) -> dict[str, Any]:
    """What an entry holds, as plain values in the data format's order of keys."""
    return {
        name.name: plain_value(value)
        for name in fields(entry)
        if (value := getattr(entry, name.name)) not in (None, ())
    }


def plain_value(value: object) -> object:
    """A value as YAML's own types: a list for a tuple."""
    return list(value) if isinstance(value, tuple) else value


def shifted(text: str, column: int, newline: str) -> list[str]:
    """The lines of a text, moved to a column, with a file's own line ends."""
    return [f"{' ' * column}{line}{newline}" for line in text.splitlines()]


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


def dump(value: object, *, flow: bool | None = None) -> str:
    """A value as YAML. `flow` is PyYAML's: everything in brackets, nothing, or the short."""
    text: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10_000,
        default_flow_style=flow,
    )
    return text
