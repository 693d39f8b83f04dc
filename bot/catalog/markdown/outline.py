"""Where the sections of a Markdown list stand in its text: their headings, groups and bullets.

A section may keep its entries in groups by year: under headings, under bold lines, in `<details>`
or below bullets. The reading of `parse.py` says what each line means; the tree says where it
begins and ends.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.draft import Draft
from bot.catalog.markdown.inline import plain
from bot.catalog.markdown.parse import Heading, parse, read_headings
from bot.catalog.markdown.tree import inline_of
from bot.catalog.model import Place, compact
from bot.catalog.names import KnownNames

_LISTS = {"bullet_list", "ordered_list"}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_GROUP_WORDS = 3  # `2024`, `Papers of 2024`: a longer title is a subject and no group


@dataclass(frozen=True, slots=True)
class Bullet:
    """What an entry is read from: an item of a list or a row of a table."""

    node: SyntaxTreeNode
    draft: Draft

    @property
    def block(self) -> SyntaxTreeNode:
        """The list or table that it stands in."""
        node = self.node
        while node.parent is not None and node.type not in {*_LISTS, "table"}:
            node = node.parent
        return node


@dataclass(frozen=True, slots=True)
class Group:
    """A list or table of a section, with the year that it is said to be of."""

    block: SyntaxTreeNode
    bullets: tuple[Bullet, ...]
    year: int | None

    @property
    def items(self) -> Sequence[SyntaxTreeNode]:
        """Its items or rows, in order."""
        if self.block.type in _LISTS:
            return self.block.children
        return [row for part in self.block.children for row in part.children]

    @property
    def newest(self) -> int:
        """Its year; where it has none, that of its newest entry."""
        years = (bullet.draft.details.year for bullet in self.bullets)
        return self.year or max((year for year in years if year), default=0)


class Outline:
    """A list's text with its sections found again."""

    def __init__(self, text: str, names: KnownNames, places: Iterable[Place] = ()) -> None:
        """A heading of one of the list's own sections is no group of the section above it."""
        self.lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
        self.newline = "\r\n" if "\r\n" in text else "\n"
        tree = parse(text)
        self._root = read_headings(tree, names)
        self.top = tree.children
        """The blocks that stand in no other, in order."""
        self._bullets: dict[int, SyntaxTreeNode] = {}
        self._headings: dict[int, SyntaxTreeNode] = {}
        for node in tree.walk():
            if node.type in {"list_item", "tr"}:
                self._bullets[_start(node) + 1] = node
            elif node.type == "heading":
                self._headings[_start(node) + 1] = node
        self._sections = {id(found) for place in places if (found := self.heading(place))}

    def heading(self, place: Place) -> Heading | None:
        """The heading of a section: under those of the sections above it, or the only such one."""
        found = [self._root]
        for section, title in zip(place.path.split("/"), place.titles, strict=True):
            found = [
                child for one in found for child in one.children if _same(child, section, title)
            ]
        if found:
            return found[0]
        by_title = [one for one, above in _walk(self._root) if _follows(one, above, place)]
        return by_title[0] if len(by_title) == 1 else None

    def heading_node(self, heading: Heading) -> SyntaxTreeNode | None:
        """Where a heading stands in the tree; None if it is none of Markdown's, or in a block."""
        node = self._headings.get(heading.line)
        return node if node in self.top else None

    def told(self) -> list[tuple[tuple[str, ...], Draft]]:
        """Everything that the text lists, in order, with the titles above it."""
        found = [
            (line, (*above, heading.title), draft)
            for heading, above in _walk(self._root)
            for line, draft in heading.drafts
        ]
        return [(titles, draft) for _, titles, draft in sorted(found, key=lambda one: one[0])]

    def all_bullets(self) -> list[Bullet]:
        """Every entry of the list, in the order of its headings."""
        return [
            Bullet(self._bullets[line], draft)
            for heading, _ in _walk(self._root)
            for line, draft in heading.drafts
            if line in self._bullets
        ]

    def bullets(self, heading: Heading) -> list[Bullet]:
        """The entries of a section, those in its groups too, in the text's order."""
        found = [bullet for group in self.groups(heading) for bullet in group.bullets]
        return sorted(found, key=lambda bullet: _start(bullet.node))

    def groups(self, heading: Heading) -> list[Group]:
        """The lists and tables of a section, in the text's order."""
        groups = sorted(self._groups(heading, None), key=lambda group: _start(group.block))
        blocks = [group.block for group in groups]
        return [group for group in groups if not any(_within(group.block, one) for one in blocks)]

    def newest(self, heading: Heading) -> Group | None:
        """The group that a new entry belongs to; None where the section has none.

        The group of the latest year. Where several are (or none says a year) it is the last one,
        in a list that goes from new to old the first one.
        """
        groups = self.groups(heading)
        if not any(group.year for group in groups):
            return groups[-1] if groups else None
        latest = [group for group in groups if group.newest == max(one.newest for one in groups)]
        is_descending = groups[0].newest > groups[-1].newest
        return latest[0 if is_descending else -1]

    def own_end(self, heading: Heading) -> int:
        """The line behind a heading with no entries, and behind the text below it, from 0."""
        node = self._headings.get(heading.line)
        if node is None:
            return heading.line
        at = end = (node.map or (0, heading.line))[1]
        for sibling in node.siblings[node.siblings.index(node) + 1 :]:
            if sibling.type != "paragraph":
                break
            at = self.end(sibling)
        return max(at, end)

    def is_blank(self, line: int) -> bool:
        """Whether nothing stands on a line, counted from 0; so it is beyond the ends."""
        return not (0 <= line < len(self.lines) and self.lines[line].strip())

    def start(self, node: SyntaxTreeNode) -> int:
        """The line on which a node begins, from 0."""
        return _start(node)

    def end(self, node: SyntaxTreeNode) -> int:
        """The line behind a node's last line with something on it, from 0."""
        first, last = node.map or (0, 0)
        while last > first + 1 and not self.lines[last - 1].strip(" \t\r\n>"):
            last -= 1
        return min(last, len(self.lines))

    def _groups(self, heading: Heading, year: int | None) -> Iterator[Group]:
        found: dict[SyntaxTreeNode, list[Bullet]] = {}
        for line, draft in heading.drafts:
            if line in self._bullets:
                bullet = Bullet(self._bullets[line], draft)
                found.setdefault(bullet.block, []).append(bullet)
        for block, bullets in found.items():
            yield Group(block, tuple(bullets), _year_above(block) or year)
        for child in heading.children:
            named = _year_in(child.title)
            if (year or named) and id(child) not in self._sections:
                yield from self._groups(child, named or year)


def _walk(
    heading: Heading, above: tuple[str, ...] = ()
) -> Iterator[tuple[Heading, tuple[str, ...]]]:
    for child in heading.children:
        yield child, above
        yield from _walk(child, (*above, child.title))


def _same(heading: Heading, section: str, title: str) -> bool:
    """Whether a heading has a title, pictures and punctuation apart, and no other section's id."""
    if heading.id not in {None, section}:
        return False
    return heading.title == title or (compact(title) or title) == compact(heading.title)


def _follows(heading: Heading, above: tuple[str, ...], place: Place) -> bool:
    """Whether a heading is a section's, with headings of another kind above or between."""
    rest = iter(compact(title) for title in above)
    *parents, title = place.titles
    return _same(heading, place.section.id, title) and all(
        compact(parent) in rest for parent in parents
    )


def _start(node: SyntaxTreeNode) -> int:
    return node.map[0] if node.map else 0


def _within(node: SyntaxTreeNode, other: SyntaxTreeNode) -> bool:
    above = node.parent
    while above is not None and above is not other:
        above = above.parent
    return above is other


def _year_above(block: SyntaxTreeNode) -> int | None:
    """The year that a bold line right before a list says."""
    siblings = block.siblings
    at = siblings.index(block)
    label = siblings[at - 1] if at else None
    if label is None or label.type != "paragraph":
        return None
    return _year_in(plain(inline_of(label).text))


def _year_in(title: str) -> int | None:
    years = [int(year) for year in _YEAR.findall(title)]
    return max(years) if years and len(title.split()) <= _GROUP_WORDS else None
