"""Positions of sections in the text of a Markdown list: their headings, groups and bullets.

A section may keep its entries in groups by year: under headings, under bold lines, in `<details>`
or below bullets. `parse.py` gives the meaning of each line, the syntax tree its first and last.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.inline import inline_of, plain
from bot.catalog.markdown.line import Draft
from bot.catalog.markdown.parse import LISTS, Heading, parse, read_headings
from bot.catalog.model import Place, compact
from bot.catalog.names import KnownNames
from bot.catalog.text_lines import newline_of, replace_lines

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_MAX_GROUP_WORDS = 3  # `2024`, `Papers of 2024`; a longer title is that of a subject


@dataclass(frozen=True, slots=True)
class Bullet:
    """An item of a list or a row of a table, with the entry that it states."""

    node: SyntaxTreeNode
    draft: Draft

    @property
    def block(self) -> SyntaxTreeNode:
        """The list or table that contains it."""
        node = self.node
        while node.parent is not None and node.type not in {*LISTS, "table"}:
            node = node.parent
        return node


@dataclass(frozen=True, slots=True)
class Group:
    """A list or table of a section, with the year that its title states."""

    block: SyntaxTreeNode
    bullets: tuple[Bullet, ...]
    year: int | None

    @property
    def is_table(self) -> bool:
        """Whether the entries are rows of a table."""
        return self.block.type == "table"

    @property
    def items(self) -> Sequence[SyntaxTreeNode]:
        """The items or rows, in order."""
        if not self.is_table:
            return self.block.children
        return [row for part in self.block.children for row in part.children]

    @property
    def newest(self) -> int:
        """Its year; without one, the latest year of its entries, or 0."""
        years = (bullet.draft.details.year for bullet in self.bullets)
        return self.year or max((year for year in years if year), default=0)


class Outline:
    """The text of a list with the positions of its sections.

    Lines count from 0; the end of a block is the line after its last one.
    """

    def __init__(self, text: str, names: KnownNames, places: Iterable[Place] = ()) -> None:
        """Parse a text. Headings of the `places` are sections, never groups of other sections."""
        self.lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
        self._newline = newline_of(text)
        tree = parse(text)
        self._root = read_headings(tree, names)
        self.top = tree.children
        """The top-level blocks, in order."""
        self._bullets: dict[int, SyntaxTreeNode] = {}
        self._headings: dict[int, SyntaxTreeNode] = {}
        for node in tree.walk():
            if node.type in {"list_item", "tr"}:
                self._bullets[self.start(node) + 1] = node
            elif node.type == "heading":
                self._headings[self.start(node) + 1] = node
        headings = (self.heading(place) for place in places)
        self._sections = {id(heading) for heading in headings if heading}

    def heading(self, place: Place) -> Heading | None:
        """The heading of a section: the one below its parents' headings, or the only match."""
        headings = [self._root]
        for section, title in zip(place.path.split("/"), place.titles, strict=True):
            children = (child for heading in headings for child in heading.children)
            headings = [child for child in children if _has_title(child, section, title)]
        if headings:
            return headings[0]
        matches = [
            heading for heading, above in _walk(self._root) if _follows(heading, above, place)
        ]
        return matches[0] if len(matches) == 1 else None

    def heading_node(self, heading: Heading) -> SyntaxTreeNode | None:
        """The node of a heading; None unless it is a Markdown heading at the top level."""
        node = self._headings.get(heading.line)
        return node if node in self.top else None

    def drafts(self) -> list[tuple[tuple[str, ...], Draft]]:
        """All entries of the text, in its order, with the titles above each."""
        drafts = [
            (line, (*above, heading.title), draft)
            for heading, above in _walk(self._root)
            for line, draft in heading.drafts
        ]
        return [(titles, draft) for _, titles, draft in sorted(drafts, key=lambda row: row[0])]

    def all_bullets(self) -> list[Bullet]:
        """All entries of the list, in the order of its headings."""
        return [
            bullet for heading, _ in _walk(self._root) for bullet in self._own_bullets(heading)
        ]

    def bullets(self, heading: Heading) -> list[Bullet]:
        """The entries of a section, those in its groups included, in the order of the text."""
        bullets = [bullet for group in self.groups(heading) for bullet in group.bullets]
        return sorted(bullets, key=lambda bullet: self.start(bullet.node))

    def groups(self, heading: Heading) -> list[Group]:
        """The lists and tables of a section, in the order of the text, without nested ones."""
        groups = sorted(self._groups(heading, None), key=lambda group: self.start(group.block))
        blocks = [group.block for group in groups]
        return [
            group
            for group in groups
            if not any(_is_within(group.block, block) for block in blocks)
        ]

    def newest_group(self, heading: Heading) -> Group | None:
        """The group for a new entry; None if the section has no groups.

        It is the group of the latest year. Of several, or if no group states a year, it is the
        last one; the first one in a list that is sorted from new to old.
        """
        groups = self.groups(heading)
        if not any(group.year for group in groups):
            return groups[-1] if groups else None
        latest = max(group.newest for group in groups)
        candidates = [group for group in groups if group.newest == latest]
        is_descending = groups[0].newest > groups[-1].newest
        return candidates[0 if is_descending else -1]

    def own_end(self, heading: Heading) -> int:
        """The end of a heading without entries and of the text below it."""
        node = self._headings.get(heading.line)
        if node is None:
            return heading.line
        end = (node.map or (0, heading.line))[1]
        for sibling in node.siblings[node.siblings.index(node) + 1 :]:
            if sibling.type != "paragraph":
                break
            end = max(end, self.end(sibling))
        return end

    def is_blank(self, line: int) -> bool:
        """Whether a line is blank, or beyond the ends of the text."""
        return not (0 <= line < len(self.lines) and self.lines[line].strip())

    def start(self, node: SyntaxTreeNode) -> int:
        """The first line of a node."""
        return node.map[0] if node.map else 0

    def end(self, node: SyntaxTreeNode) -> int:
        """The end of a node, without trailing blank lines."""
        first, last = node.map or (0, 0)
        while last > first + 1 and not self.lines[last - 1].strip(" \t\r\n>"):
            last -= 1
        return min(last, len(self.lines))

    def with_lines(self, first: int, last: int, new: Sequence[str]) -> str:
        """The text with the lines from `first` up to but not including `last` replaced."""
        return replace_lines(self.lines, first, last, new, self._newline)

    def _own_bullets(self, heading: Heading) -> Iterator[Bullet]:
        for line, draft in heading.drafts:
            if line in self._bullets:
                yield Bullet(self._bullets[line], draft)

    def _groups(self, heading: Heading, year: int | None) -> Iterator[Group]:
        by_block: dict[SyntaxTreeNode, list[Bullet]] = {}
        for bullet in self._own_bullets(heading):
            by_block.setdefault(bullet.block, []).append(bullet)
        for block, bullets in by_block.items():
            yield Group(block, tuple(bullets), _year_above(block) or year)
        for child in heading.children:
            child_year = _year_in(child.title) or year
            if child_year and id(child) not in self._sections:
                yield from self._groups(child, child_year)


def _walk(
    heading: Heading, above: tuple[str, ...] = ()
) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    for child in heading.children:
        yield child, above
        yield from _walk(child, (*above, child.title))


def _has_title(heading: Heading, section: str, title: str) -> bool:
    """Whether a heading has a title, without regard to punctuation, and no other section's id."""
    if heading.id not in {None, section}:
        return False
    return heading.title == title or (compact(title) or title) == compact(heading.title)


def _follows(heading: Heading, above: tuple[str, ...], place: Place) -> bool:
    """Whether a heading is that of a section, with other headings above or between its parents."""
    rest = iter(compact(title) for title in above)
    *parents, title = place.titles
    return _has_title(heading, place.section.id, title) and all(
        compact(parent) in rest for parent in parents
    )


def _is_within(node: SyntaxTreeNode, other: SyntaxTreeNode) -> bool:
    above = node.parent
    while above is not None and above is not other:
        above = above.parent
    return above is other


def _year_above(block: SyntaxTreeNode) -> int | None:
    """The year in the paragraph right before a list, such as a bold line."""
    siblings = block.siblings
    at = siblings.index(block)
    if not at or siblings[at - 1].type != "paragraph":
        return None
    return _year_in(plain(inline_of(siblings[at - 1]).text))


def _year_in(title: str) -> int | None:
    years = [int(year) for year in _YEAR.findall(title)]
    return max(years) if years and len(title.split()) <= _MAX_GROUP_WORDS else None
