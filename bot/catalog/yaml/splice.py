"""One entry in the text of a papers file: put in, taken out, corrected, and no other byte touched.

The marks of the YAML parser tell the lines of an entry; those alone are replaced, and the result
is parsed again before anybody sees it. Comments, order, line ends and the style of other entries
stay, so that a person who reads the diff sees the one entry. What is put in and taken out again
leaves the bytes that were there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import yaml

from bot.catalog.model import Entry
from bot.catalog.yaml.dump import entry_text, entry_values, key_text, shifted
from bot.catalog.yaml.read import CatalogError, compose, entry_of, yaml_sentence

_KEYS = [field.name for field in fields(Entry)]


def insert_entry(text: str, entry: Entry, order: Mapping[str, int]) -> str:
    """The text of a papers file with one entry more, after the last of its section.

    `order` ranks the section paths. Raises CatalogError when the file cannot take an entry.
    """
    node = _entries(text)
    if node is None or not node.value:
        return _checked(text, _into_empty(text, entry), None, entry)
    lines = _block_lines(text, node)
    rank = order[entry.home]
    before = [item for item in node.value if _rank(item, rank, order) <= rank]
    at = _end(before[-1], lines) if before else _first(node, 0, lines)
    newline = _newline(text)
    new = shifted(entry_text(entry), node.start_mark.column, newline)
    if at == len(lines) and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
        new[-1] = new[-1].removesuffix(newline)
    return _checked(text, "".join([*lines[:at], *new, *lines[at:]]), None, entry)


def remove_entry(text: str, entry: Entry, *, exactly: bool = False) -> str:
    """The text of a papers file without an entry; the same text where it does not stand in it.

    An entry with `by` is the one with that `by`, whatever a person has made of the rest; one
    without has to be equal, as every one has to where it is meant `exactly`. A list that becomes
    empty is `[]`. Raises CatalogError when it cannot be taken out with no other byte touched.
    """
    by = None if exactly else entry.by
    while True:
        node = _entries(text)
        items = node.value if node else ()
        found = [at for at, item in enumerate(items) if _is(item, entry, by)]
        if node is None or not found:
            return text
        text = _checked(text, _without(text, node, found[-1]), found[-1], None)


def replace_entry(text: str, old: Entry, new: Entry) -> str:
    """The text of a papers file with an entry corrected where it stands.

    Only the keys that differ are written anew; other keys keep their style and their comments. The
    same text where no entry equals `old`. Raises CatalogError when that cannot be done.
    """
    at = find_entry(text, old)
    if at is None or old == new:
        return text
    try:
        return _checked(text, _with_keys(text, at, old, new), at, new)
    except CatalogError:  # keys in an order or style that cannot be edited one by one
        return _checked(text, _with_lines(text, at, new), at, new)


def find_entry(text: str, entry: Entry) -> int | None:
    """At which place of a papers file an entry equal to this one stands last, from 0."""
    node = _entries(text)
    items = node.value if node else ()
    return max((at for at, item in enumerate(items) if entry_of(item) == entry), default=None)


def suggestions_in(text: str) -> frozenset[str]:
    """Every `by` of a papers file, also of entries that have mistakes."""
    node = _entries(text)
    return frozenset(by for item in (node.value if node else ()) if (by := _by(item)))


def end_line(node: yaml.Node) -> int:
    """The number of lines up to the end of a node's last value."""
    mark = _last(node).end_mark
    begun = _last(node).start_mark.line == mark.line
    at: int = mark.line + (1 if mark.column or begun else 0)
    return at


def _last(node: yaml.Node) -> yaml.Node:
    """The value that a node ends with; the mark of a block itself lies behind what follows it."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _entries(text: str) -> yaml.SequenceNode | None:
    """The list of entries, if there is one. Raises CatalogError for anything else."""
    try:
        node = compose(text)
    except yaml.YAMLError as error:
        raise CatalogError(
            f"The file is not valid YAML: {yaml_sentence(error)} Mend it first."
        ) from error
    if isinstance(node, yaml.SequenceNode):
        return node
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    raise CatalogError("The file is no list of entries. Begin every entry with `- title: …`.")


def _block_lines(text: str, node: yaml.SequenceNode) -> list[str]:
    if node.flow_style:
        raise CatalogError(
            "The entries stand in one line; write each as `- title: …` on lines of its own."
        )
    return text.splitlines(keepends=True)


def _into_empty(text: str, entry: Entry) -> str:
    """A file with its first entry: in place of the `[]` or null that stands there, or at its end.

    Comments around stay, one behind the `[]` too.
    """
    node, newline = compose(text), _newline(text)
    first, last = (
        (_offset(text, node.start_mark), _offset(text, node.end_mark)) if node else (0, 0)
    )
    if node is None or first == last:
        broken = bool(text) and not text.endswith(("\n", "\r"))
        new = "".join(shifted(entry_text(entry), 0, newline))
        return f"{text}{newline if broken else ''}{new}"
    new = "".join(shifted(entry_text(entry), node.start_mark.column, newline)).strip()
    return f"{text[:first]}{new}{text[last:]}"


def _without(text: str, node: yaml.SequenceNode, at: int) -> str:
    lines = _block_lines(text, node)
    first, last = _first(node, at, lines), _end(node.value[at], lines)
    if len(node.value) == 1:
        start = sum(map(len, lines[:first])) + node.start_mark.column
        end = _offset(text, _last(node).end_mark)
        end -= len(text[start:end]) - len(text[start:end].rstrip())
        return f"{text[:start]}[]{text[end:]}"
    ends_bare = last == len(lines) and not lines[-1].endswith(("\n", "\r"))
    kept = [*lines[:first], *lines[last:]]
    if ends_bare:
        kept[-1] = kept[-1].rstrip("\r\n")
    return "".join(kept)


def _with_lines(text: str, at: int, new: Entry) -> str:
    """The text with all lines of an entry written anew."""
    node = _entries(text)
    if node is None:
        return text
    lines, newline = _block_lines(text, node), _newline(text)
    first, last = _first(node, at, lines), _end(node.value[at], lines)
    written = shifted(entry_text(new), node.start_mark.column, newline)
    if not lines[last - 1].endswith(("\n", "\r")):
        written[-1] = written[-1].removesuffix(newline)
    return "".join([*lines[:first], *written, *lines[last:]])


def _with_keys(text: str, at: int, old: Entry, new: Entry) -> str:
    """The text with those keys of an entry written anew that differ."""
    was, will = entry_values(old), entry_values(new)
    for key in _KEYS:
        if was.get(key) != will.get(key):
            node = _entries(text)
            item = node.value[at] if node else None
            if item is None or (key not in will and item.value[0][0].value == key):
                raise CatalogError("The first key of an entry cannot be taken out.")
            text = _with_key(text, item, key, will.get(key))
    return text


def _with_key(text: str, item: yaml.MappingNode, key: str, value: Any) -> str:
    """The text with one key of an entry set, or gone where its value is None."""
    pairs = {str(name.value): (name, held) for name, held in item.value}
    if key not in pairs:
        return _with_new_key(text, item, [pairs[name] for name in _before(key, pairs)], key, value)
    name, held = pairs[key]
    start, end = _offset(text, name.start_mark), _offset(text, _last(held).end_mark)
    if value is not None:
        end -= len(text[start:end]) - len(text[start:end].rstrip())
        return f"{text[:start]}{key_text(key, value, in_braces=item.flow_style)}{text[end:]}"
    if item.flow_style:
        at = [str(name.value) for name, _ in item.value].index(key)
        return f"{text[: _offset(text, item.value[at - 1][1].end_mark)]}{text[end:]}"
    lines = text.splitlines(keepends=True)
    last = _end(held, lines)
    if last == len(lines) and not lines[-1].endswith(("\n", "\r")):
        lines[name.start_mark.line - 1] = lines[name.start_mark.line - 1].rstrip("\r\n")
    return "".join([*lines[: name.start_mark.line], *lines[last:]])


def _with_new_key(
    text: str,
    item: yaml.MappingNode,
    before: Sequence[tuple[yaml.Node, yaml.Node]],
    key: str,
    value: Any,
) -> str:
    """The text with one key more: behind those that stand before it in the format's order."""
    if not before:
        raise CatalogError("The first key of an entry cannot be put in.")
    name, held = before[-1]
    if item.flow_style:
        end = _offset(text, held.end_mark)
        return f"{text[:end]}, {key_text(key, value, in_braces=item.flow_style)}{text[end:]}"
    lines, newline = text.splitlines(keepends=True), _newline(text)
    at = _end(held, lines)
    line = (
        f"{' ' * name.start_mark.column}{key_text(key, value, in_braces=item.flow_style)}{newline}"
    )
    if not lines[at - 1].endswith(("\n", "\r")):
        lines[at - 1] += newline
        line = line.removesuffix(newline)
    return "".join([*lines[:at], line, *lines[at:]])


def _before(key: str, pairs: Mapping[str, Any]) -> list[str]:
    return [name for name in _KEYS[: _KEYS.index(key)] if name in pairs]


def _rank(item: yaml.Node, rank: int, order: Mapping[str, int]) -> float:
    """Where the home section of an entry stands; behind everything if it has none."""
    for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
        if key.value == "sections" and isinstance(value, yaml.SequenceNode) and value.value:
            return order.get(str(value.value[0].value), rank)
    return float("inf")


def _is(item: yaml.Node, entry: Entry, by: str | None) -> bool:
    return _by(item) == by if by is not None else entry_of(item) == entry


def _by(item: yaml.Node) -> str | None:
    pairs = item.value if isinstance(item, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in pairs if key.value == "by"), None)


def _first(node: yaml.SequenceNode, at: int, lines: Sequence[str]) -> int:
    """The line of an entry's dash, from 0; its first key may stand below it."""
    line: int = node.value[at].start_mark.line
    column = node.start_mark.column
    while line and lines[line][: column + 1].strip() != "-":
        line -= 1
    return line


def _end(node: yaml.Node, lines: Sequence[str]) -> int:
    """As `end_line`, without the blank lines that a text of several lines takes with it."""
    at = min(end_line(node), len(lines))
    while at > node.start_mark.line + 1 and not lines[at - 1].strip():
        at -= 1
    return at


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _offset(text: str, mark: Any) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: mark.line])) + int(mark.column)


def _checked(before: str, after: str, at: int | None, entry: Entry | None) -> str:
    """The new text, proven to hold what the old one held, save for one entry.

    `at` is where an entry stood that has gone or become another; without it one has come.
    """
    try:
        old, new = _entries(before), _entries(after)
    except CatalogError:
        raise _impossible() from None
    was = [_shape(item) for item in (old.value if old else ())]
    items = list(new.value) if new else []
    shapes = [_shape(item) for item in items]
    if at is None:
        places = [place for place, item in enumerate(items) if entry_of(item) == entry]
        proven = any([*shapes[:place], *shapes[place + 1 :]] == was for place in places)
    elif entry is None:
        proven = shapes == [*was[:at], *was[at + 1 :]]
    else:
        proven = at < len(items) and entry_of(items[at]) == entry
        proven = proven and shapes == [*was[:at], shapes[at], *was[at + 1 :]]
    if not proven:
        raise _impossible()
    return after


def _impossible() -> CatalogError:
    return CatalogError(
        "The entry cannot be placed in this file: `papers check` tells what is wrong in it."
    )


def _shape(node: yaml.Node) -> object:
    """What a node says, without where it stands."""
    if isinstance(node, yaml.ScalarNode):
        return node.tag, node.value
    return node.tag, tuple(
        tuple(map(_shape, part)) if isinstance(part, tuple) else _shape(part)
        for part in node.value
    )
