"""The first entry of a section that a Markdown list has no heading for brings the heading along.

    list's order ──► behind the section before it, else before the next one, else in its parent
    siblings ──────► the level of the heading

What is put in can be told from what was there: a blank line stands between a new heading and its
entry, and none behind an older heading with nothing below. So taking the entry out takes exactly
these headings with it, and a heading that stood there empty stays.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.export import unusual_ids
from bot.catalog.markdown.line_text import write_heading
from bot.catalog.markdown.outline import Outline
from bot.catalog.markdown.parse import Heading
from bot.catalog.model import ListInfo, Place, walk

_DEEPEST = 6  # of Markdown's headings
_ENDS = re.compile(r"\s*</(?!a\b)")  # what closes `<details>`; an anchor belongs to what follows
_ANCHOR = re.compile(r"\s*(?:<a\b[^>]*>\s*(?:</a>)?\s*)+")
_CONTENT = {"heading", "bullet_list", "ordered_list", "table", "blockquote"}


@dataclass(frozen=True, slots=True)
class HeadingAddition:
    """Lines to put in before a line, counted from 0."""

    at: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings that a list's sections are to have."""

    places: Mapping[str, Place]
    ids: Mapping[str, str]
    """Those that an import would not make from the title, by path."""

    @classmethod
    def of(cls, info: ListInfo) -> "Headings":
        """The headings of a list."""
        places = {place.path: place for place in walk(info.sections)}
        return cls(places, dict(unusual_ids(info.sections)))

    def addition(
        self, outline: Outline, path: str, entry: Sequence[str]
    ) -> HeadingAddition | None:
        """The missing headings down to a section, and an entry's lines below them.

        None where their place cannot be told: beside sections that stand under no headings.
        """
        chain = list(self._chain(path))
        missing = [place for place in chain if outline.heading(place) is None]
        if not missing:
            return None
        above = chain[chain.index(missing[0]) - 1] if missing[0] is not chain[0] else None
        spot = self._spot(outline, missing[0], above)
        if spot is None or spot.level + len(missing) - 1 > _DEEPEST:
            return None
        lines: list[str] = [] if spot.is_close else [""]
        for depth, place in enumerate(missing):
            title = place.section.title
            section = self.ids.get(place.path)
            lines += [write_heading(title, spot.level + depth, section=section), ""]
        return HeadingAddition(spot.at, [*lines, *entry] if spot.at else [*lines[1:], *entry, ""])

    def removals(self, outline: Outline, path: str, last: int) -> Iterator[tuple[int, int]]:
        """The lines that may have come with an entry that ends there, the most first."""
        for place in self._chain(path):
            heading = outline.heading(place)
            if heading is None or outline.heading_node(heading) is None:
                continue
            begin = heading.line - 1
            if begin and not outline.lines[begin - 1].strip():
                yield begin - 1, last
            elif not begin:
                yield begin, last + 1
            yield begin, last

    def _chain(self, path: str) -> Iterator[Place]:
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            yield self.places["/".join(parts[:depth])]

    def _spot(self, outline: Outline, place: Place, above: Place | None) -> "_Spot | None":
        siblings = [one for one in self.places.values() if _above(one) == _above(place)]
        at = siblings.index(place)
        before, after = siblings[:at], siblings[at + 1 :]
        for one in (*reversed(before), *after):
            heading = outline.heading(one)
            if heading is None:
                continue
            node = outline.heading_node(heading)
            if node is None:
                return None
            end = _region_end(outline, node) if one in before else _end_before(outline, node)
            return _Spot(end, _level(node), is_close=_is_bare(outline, above, end))
        if above is None:
            return _Spot(_end(outline, outline.top), 2)
        parent = outline.heading(above)
        node = outline.heading_node(parent) if parent else None
        if node is None:
            return None
        end = _region_end(outline, node)
        return _Spot(end, _level(node) + 1, is_close=_is_bare(outline, above, end))


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a heading goes, behind which line, and of which level it is."""

    at: int
    level: int
    is_close: bool = False
    """Whether it follows an older heading without a blank line."""


def _above(place: Place) -> str:
    return place.path.rpartition("/")[0]


def _level(node: SyntaxTreeNode) -> int:
    return int(node.tag[1:])


def _is_bare(outline: Outline, above: Place | None, end: int) -> bool:
    """Whether what ends there is the heading of the section above, with nothing below it."""
    heading: Heading | None = outline.heading(above) if above else None
    if heading is None or not heading.is_empty:
        return False
    node = outline.heading_node(heading)
    return node is not None and outline.end(node) == end


def _region_end(outline: Outline, node: SyntaxTreeNode) -> int:
    """The line behind everything that stands below a heading."""
    siblings = outline.top
    at = siblings.index(node)
    later = siblings[at + 1 :]
    own = next(
        (
            count
            for count, one in enumerate(later)
            if one.type == "heading" and _level(one) <= _level(node)
        ),
        len(later),
    )
    return _end(outline, siblings[: at + 1 + own], is_last=own == len(later))


def _end_before(outline: Outline, node: SyntaxTreeNode) -> int:
    """The line behind what stands before a heading."""
    return _end(outline, outline.top[: outline.top.index(node)], is_last=False)


def _end(outline: Outline, nodes: Sequence[SyntaxTreeNode], *, is_last: bool = True) -> int:
    """The line behind blocks, a rule or an anchor before what follows not counted.

    In the last section also what follows a rule is no part of it.
    """
    content = max((at for at, one in enumerate(nodes) if _is_content(one)), default=-1)
    rest = list(nodes[content + 1 :])
    if is_last:
        rule = next((at for at, one in enumerate(rest) if one.type == "hr"), len(rest))
        rest = rest[:rule]
    while rest and _leads_on(rest[-1]):
        rest.pop()
    last = [*nodes[: content + 1], *rest][-1:]
    return outline.end(last[0]) if last else 0


def _is_content(node: SyntaxTreeNode) -> bool:
    return node.type in _CONTENT or (
        node.type in {"html_line", "html_block"} and bool(_ENDS.match(node.content))
    )


def _leads_on(node: SyntaxTreeNode) -> bool:
    """Whether a block belongs to the heading that follows it: a rule, an anchor."""
    if node.type == "hr":
        return True
    text = node.content if node.type.startswith("html") else ""
    if node.type == "paragraph" and node.children:
        text = node.children[0].content
    return bool(_ANCHOR.fullmatch(text))
