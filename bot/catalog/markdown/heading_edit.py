"""Headings that are added with the first entry of a section, and removed with the last.

A heading is placed after the section before it in the list, else before the next one, else in its
parent. Its level is that of its siblings.

Added headings can be told from others: there is a blank line between a new heading and its entry,
and none after an older heading with nothing below it. So removing the entry removes exactly the
headings that came with it, and a heading that was empty before stays.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.export import heading_line, unusual_ids
from bot.catalog.markdown.outline import Outline
from bot.catalog.model import ListInfo, Place, walk

_MAX_LEVEL = 6
_CLOSING_TAG = re.compile(
    r"\s*</(?!a\b)"
)  # such as `</details>`; an anchor belongs to what follows
_ANCHOR = re.compile(r"\s*+(?:<a\b[^>]*+>\s*+(?:</a>\s*+)?)++")
_CONTENT = {"heading", "bullet_list", "ordered_list", "table", "blockquote"}


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings for the sections of a list, by path."""

    places: Mapping[str, Place]
    ids: Mapping[str, str]
    """The ids that an import would not derive from the title, by path."""

    @classmethod
    def of(cls, info: ListInfo) -> "Headings":
        """The headings for the sections of a list."""
        places = {place.path: place for place in walk(info.sections)}
        return cls(places, dict(unusual_ids(info.sections)))

    def with_heading(self, outline: Outline, path: str, entry: Sequence[str]) -> str | None:
        """The text with the missing headings down to a section, and an entry's lines below them.

        None if no heading is missing, or if its place is not clear: beside sections without
        Markdown headings.
        """
        chain = list(self._chain(path))
        missing = [place for place in chain if outline.heading(place) is None]
        if not missing:
            return None
        above = chain[chain.index(missing[0]) - 1] if missing[0] is not chain[0] else None
        spot = self._spot(outline, missing[0], above)
        if spot is None or spot.level + len(missing) - 1 > _MAX_LEVEL:
            return None
        lines: list[str] = [] if spot.is_close else [""]
        for depth, place in enumerate(missing):
            section = self.ids.get(place.path)
            lines += [heading_line(place.section.title, spot.level + depth, section=section), ""]
        lines = [*lines, *entry] if spot.at else [*lines[1:], *entry, ""]
        return outline.with_lines(spot.at, spot.at, lines)

    def removals(self, outline: Outline, path: str, last: int) -> Iterator[tuple[int, int]]:
        """The line ranges that may have been added with an entry ending there, longest first."""
        for place in self._chain(path):
            heading = outline.heading(place)
            if heading is None or outline.heading_node(heading) is None:
                continue
            begin = heading.line - 1
            if begin and outline.is_blank(begin - 1):
                yield begin - 1, last
            elif not begin:
                yield begin, last + 1
            yield begin, last

    def _chain(self, path: str) -> Iterator[Place]:
        """The sections from the top one down to a path."""
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            yield self.places["/".join(parts[:depth])]

    def _spot(self, outline: Outline, place: Place, above: Place | None) -> "_Spot | None":
        siblings = [
            sibling for sibling in self.places.values() if _parent(sibling) == _parent(place)
        ]
        at = siblings.index(place)
        before, after = siblings[:at], siblings[at + 1 :]
        for sibling in (*reversed(before), *after):
            heading = outline.heading(sibling)
            if heading is None:
                continue
            node = outline.heading_node(heading)
            if node is None:
                return None
            end = _section_end(outline, node) if sibling in before else _end_before(outline, node)
            return _Spot(end, _level(node), is_close=_ends_bare(outline, above, end))
        if above is None:
            return _Spot(_end(outline, outline.top), 2)
        parent = outline.heading(above)
        node = outline.heading_node(parent) if parent else None
        if node is None:
            return None
        end = _section_end(outline, node)
        return _Spot(end, _level(node) + 1, is_close=_ends_bare(outline, above, end))


@dataclass(frozen=True, slots=True)
class _Spot:
    """The line before which a heading is inserted, and its level."""

    at: int
    level: int
    is_close: bool = False
    """Whether it follows an older heading without a blank line."""


def _parent(place: Place) -> str:
    return place.path.rpartition("/")[0]


def _level(node: SyntaxTreeNode) -> int:
    return int(node.tag[1:])


def _ends_bare(outline: Outline, above: Place | None, end: int) -> bool:
    """Tell whether the block that ends at a line is the parent's heading, without content."""
    heading = outline.heading(above) if above else None
    if heading is None or not heading.is_empty:
        return False
    node = outline.heading_node(heading)
    return node is not None and outline.end(node) == end


def _section_end(outline: Outline, node: SyntaxTreeNode) -> int:
    """The end of everything below a heading."""
    blocks = outline.top
    begin = blocks.index(node) + 1
    for at, block in enumerate(blocks[begin:], begin):
        if block.type == "heading" and _level(block) <= _level(node):
            return _end(outline, blocks[:at], is_last=False)
    return _end(outline, blocks)


def _end_before(outline: Outline, node: SyntaxTreeNode) -> int:
    """The end of everything before a heading."""
    return _end(outline, outline.top[: outline.top.index(node)], is_last=False)


def _end(outline: Outline, nodes: Sequence[SyntaxTreeNode], *, is_last: bool = True) -> int:
    """The end of blocks, without a rule or an anchor that belongs to what follows.

    In the last section, everything after a rule does not belong to the section.
    """
    content = max((at for at, node in enumerate(nodes) if _is_content(node)), default=-1)
    rest = list(nodes[content + 1 :])
    if is_last:
        rule = next((at for at, node in enumerate(rest) if node.type == "hr"), len(rest))
        rest = rest[:rule]
    while rest and _belongs_to_next(rest[-1]):
        rest.pop()
    last = [*nodes[: content + 1], *rest][-1:]
    return outline.end(last[0]) if last else 0


def _is_content(node: SyntaxTreeNode) -> bool:
    return node.type in _CONTENT or (
        node.type in {"html_line", "html_block"} and bool(_CLOSING_TAG.match(node.content))
    )


def _belongs_to_next(node: SyntaxTreeNode) -> bool:
    """Tell whether a block belongs to the heading after it: a rule or an anchor."""
    if node.type == "hr":
        return True
    text = node.content if node.type.startswith("html") else ""
    if node.type == "paragraph" and node.children:
        text = node.children[0].content
    return bool(_ANCHOR.fullmatch(text))
