"""Insertion, removal and correction of one entry in the text of a papers file.

The marks of the YAML parser locate the lines of the entry. Only those are replaced, and the result
is parsed again and compared before it is returned. Comments, order, line ends and the style of
other entries stay; inserting an entry and removing it again restores every byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import yaml

from bot.catalog.model import Entry
from bot.catalog.text_lines import newline_of, replace_lines
from bot.catalog.yaml.document import NULL, compose, yaml_message
from bot.catalog.yaml.read import CatalogError, entry_of
from bot.catalog.yaml.write import entry_text, entry_values, key_text

_KEYS = [field.name for field in fields(Entry)]


def insert_entry(text: str, entry: Entry, ranks: Mapping[str, int]) -> str:
    """Insert an entry into a papers file after the last entry of its section.

    `ranks` are those of the section paths. Raises CatalogError if the file cannot take an entry.
    """
    node = _entries(text)
    if node is None or not node.value:
        return _verified(text, _with_first_entry(text, entry), None, entry)
    lines = _block_lines(text, node)
    rank = ranks[entry.home]
    before = [item for item in node.value if _rank(item, rank, ranks) <= rank]
    at = _end(before[-1], lines) if before else _first_line(node, 0, lines)
    new = indented(entry_text(entry), node.start_mark.column)
    return _verified(text, replace_lines(lines, at, at, new, newline_of(text)), None, entry)


def remove_entry(text: str, entry: Entry, *, exactly: bool = False) -> str:
    """Remove an entry from a papers file; return the same text if it is not there.

    An entry with `by` is found by that, whatever a person has edited; without `by`, or if
    `exactly`, the entries must be equal. An empty list is written as `[]`. Raises CatalogError if
    the entry cannot be removed without changing other bytes.
    """
    by = None if exactly else entry.by
    while True:
        node = _entries(text)
        items = node.value if node else ()
        matches = [at for at, item in enumerate(items) if _matches(item, entry, by)]
        if node is None or not matches:
            return text
        text = _verified(text, _without(text, node, matches[-1]), matches[-1], None)


def replace_entry(text: str, old: Entry, new: Entry) -> str:
    """Correct an entry in its place in a papers file; return the same text if none equals `old`.

    Only the keys that differ are rewritten; the others keep their style and comments. Raises
    CatalogError if that is not possible.
    """
    at = find_entry(text, old)
    if at is None or old == new:
        return text
    try:
        return _verified(text, _with_keys(text, at, old, new), at, new)
    except CatalogError:  # keys in an order or style that cannot be edited one by one
        return _verified(text, _rewritten(text, at, new), at, new)


def find_entry(text: str, entry: Entry) -> int | None:
    """The index of the last entry of a papers file that equals the given one, from 0."""
    matches = [at for at, item in enumerate(_items(text)) if entry_of(item) == entry]
    return max(matches, default=None)


def suggestions_in(text: str) -> frozenset[str]:
    """The `by` of every entry of a papers file, including entries with mistakes."""
    return frozenset(by for item in _items(text) if (by := _by(item)))


def end_line(node: yaml.Node) -> int:
    """The number of lines up to the end of a node's last value."""
    mark = _last_value(node).end_mark
    is_on_line = mark.column or _last_value(node).start_mark.line == mark.line
    return int(mark.line) + (1 if is_on_line else 0)


def indented(text: str, column: int) -> list[str]:
    """The lines of a text, indented to a column, without line ends."""
    return [f"{' ' * column}{line}" for line in text.splitlines()]


def _last_value(node: yaml.Node) -> yaml.Node:
    """The value that ends a node; the end mark of a block itself lies after what follows it."""
    while isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _entries(text: str) -> yaml.SequenceNode | None:
    """The list of entries; None in an empty file. Raises CatalogError for other content."""
    try:
        node = compose(text)
    except yaml.YAMLError as error:
        raise CatalogError(
            f"The file is not valid YAML: {yaml_message(error)} Correct it first."
        ) from error
    if isinstance(node, yaml.SequenceNode):
        return node
    if node is None or node.tag == NULL:
        return None
    raise CatalogError("The file is not a list of entries. Begin every entry with `- title: …`.")


def _items(text: str) -> list[yaml.Node]:
    node = _entries(text)
    return list(node.value) if node else []


def _block_lines(text: str, node: yaml.SequenceNode) -> list[str]:
    if node.flow_style:
        raise CatalogError(
            "The entries are on one line; write each as `- title: …` on lines of its own."
        )
    return text.splitlines(keepends=True)


def _with_first_entry(text: str, entry: Entry) -> str:
    """Replace the `[]` or null of an empty list by its first entry, or append it.

    Comments stay, also one behind the `[]`.
    """
    node, newline = compose(text), newline_of(text)
    first, last = (
        (_offset(text, node.start_mark), _offset(text, node.end_mark)) if node else (0, 0)
    )
    if node is None or first == last:
        separator = newline if text and not text.endswith(("\n", "\r")) else ""
        return f"{text}{separator}{newline.join(indented(entry_text(entry), 0))}{newline}"
    new = newline.join(indented(entry_text(entry), node.start_mark.column)).strip()
    return f"{text[:first]}{new}{text[last:]}"


def _without(text: str, node: yaml.SequenceNode, at: int) -> str:
    lines = _block_lines(text, node)
    first, last = _first_line(node, at, lines), _end(node.value[at], lines)
    if len(node.value) > 1:
        return replace_lines(lines, first, last, [], newline_of(text))
    start = sum(map(len, lines[:first])) + node.start_mark.column
    end = _value_end(text, start, node)
    return f"{text[:start]}[]{text[end:]}"


def _rewritten(text: str, at: int, new: Entry) -> str:
    """Rewrite all lines of an entry."""
    node = _entries(text)
    if node is None:
        return text
    lines = _block_lines(text, node)
    first, last = _first_line(node, at, lines), _end(node.value[at], lines)
    written = indented(entry_text(new), node.start_mark.column)
    return replace_lines(lines, first, last, written, newline_of(text))


def _with_keys(text: str, at: int, old: Entry, new: Entry) -> str:
    """Rewrite the keys of an entry that differ."""
    before, after = entry_values(old), entry_values(new)
    for key in _KEYS:
        if before.get(key) != after.get(key):
            item = _items(text)[at]
            if not isinstance(item, yaml.MappingNode):
                raise CatalogError("The entry has no keys.")
            if key not in after and item.value[0][0].value == key:
                raise CatalogError("The first key of an entry cannot be removed.")
            text = _with_key(text, item, key, after.get(key))
    return text


def _with_key(text: str, item: yaml.MappingNode, key: str, value: Any) -> str:
    """Set one key of an entry, or remove it if the value is None."""
    pairs = {str(name.value): (name, held) for name, held in item.value}
    if key not in pairs:
        return _with_new_key(text, item, pairs, key, value)
    name, held = pairs[key]
    start = _offset(text, name.start_mark)
    if value is not None:
        end = _value_end(text, start, held)
        return f"{text[:start]}{key_text(key, value, in_braces=item.flow_style)}{text[end:]}"
    if item.flow_style:
        previous = item.value[[*pairs].index(key) - 1][1]
        return f"{text[: _offset(text, previous.end_mark)]}{text[_offset(text, held.end_mark) :]}"
    lines = text.splitlines(keepends=True)
    return replace_lines(lines, name.start_mark.line, _end(held, lines), [], newline_of(text))


def _with_new_key(
    text: str,
    item: yaml.MappingNode,
    pairs: Mapping[str, tuple[yaml.Node, yaml.Node]],
    key: str,
    value: Any,
) -> str:
    """Add a key to an entry, after those that precede it in the data format."""
    before = [pairs[name] for name in _KEYS[: _KEYS.index(key)] if name in pairs]
    if not before:
        raise CatalogError("The first key of an entry cannot be added.")
    name, held = before[-1]
    new = key_text(key, value, in_braces=item.flow_style)
    if item.flow_style:
        end = _offset(text, held.end_mark)
        return f"{text[:end]}, {new}{text[end:]}"
    lines = text.splitlines(keepends=True)
    at, column = _end(held, lines), name.start_mark.column
    return replace_lines(lines, at, at, [f"{' ' * column}{new}"], newline_of(text))


def _rank(item: yaml.Node, rank: int, ranks: Mapping[str, int]) -> float:
    """The rank of an entry's home section: `rank` for an unknown section, infinite for none."""
    for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
        if key.value == "sections" and isinstance(value, yaml.SequenceNode) and value.value:
            return ranks.get(str(value.value[0].value), rank)
    return float("inf")


def _matches(item: yaml.Node, entry: Entry, by: str | None) -> bool:
    return _by(item) == by if by is not None else entry_of(item) == entry


def _by(item: yaml.Node) -> str | None:
    pairs = item.value if isinstance(item, yaml.MappingNode) else ()
    return next((str(value.value) for key, value in pairs if key.value == "by"), None)


def _first_line(node: yaml.SequenceNode, at: int, lines: Sequence[str]) -> int:
    """The line of an entry's dash, from 0; its first key may be on a later line."""
    line: int = node.value[at].start_mark.line
    column = node.start_mark.column
    while line and lines[line][: column + 1].strip() != "-":
        line -= 1
    return line


def _end(node: yaml.Node, lines: Sequence[str]) -> int:
    """As `end_line`, without the trailing blank lines of a multi-line text."""
    at = min(end_line(node), len(lines))
    while at > node.start_mark.line + 1 and not lines[at - 1].strip():
        at -= 1
    return at


def _value_end(text: str, start: int, node: yaml.Node) -> int:
    """The offset where the last value of a node ends, without the white space after it."""
    return start + len(text[start : _offset(text, _last_value(node).end_mark)].rstrip())


def _offset(text: str, mark: Any) -> int:
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: mark.line])) + int(mark.column)


def _verified(before: str, after: str, at: int | None, entry: Entry | None) -> str:
    """Return the new text; raise CatalogError unless it differs in the one entry only.

    `at` is the index of the entry that was removed or corrected; None after an insertion.
    """
    if not _differs_as_expected(before, after, at, entry):
        raise CatalogError(
            "The entry cannot be placed in this file. Run `papers check` to see its mistakes."
        )
    return after


def _differs_as_expected(before: str, after: str, at: int | None, entry: Entry | None) -> bool:
    try:
        old, items = [_content(item) for item in _items(before)], _items(after)
    except CatalogError:
        return False
    new = [_content(item) for item in items]
    if at is None:
        places = [place for place, item in enumerate(items) if entry_of(item) == entry]
        return any([*new[:place], *new[place + 1 :]] == old for place in places)
    if entry is None:
        return new == [*old[:at], *old[at + 1 :]]
    is_corrected = at < len(items) and entry_of(items[at]) == entry
    return is_corrected and new == [*old[:at], new[at], *old[at + 1 :]]


def _content(node: yaml.Node) -> object:
    """The tags and values of a node, without its position."""
    if isinstance(node, yaml.ScalarNode):
        return node.tag, node.value
    return node.tag, tuple(
        tuple(map(_content, part)) if isinstance(part, tuple) else _content(part)
        for part in node.value
    )
