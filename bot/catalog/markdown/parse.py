"""Awesome-list Markdown, read: headings become sections, bullets and table rows become entries.

    text ──parser──► syntax tree ──► headings, groups ──► sections
                                └──► bullets, rows ────► line.read_line ──► drafts, or why not

Whatever is no entry is reported with its line; nothing is dropped in silence.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.draft import BADGE, EMPTY_BULLET, FURTHER_LINK, Draft, Unreadable
from bot.catalog.markdown.inline import Inline, Piece, markdown_parser, plain
from bot.catalog.markdown.line import read_line
from bot.catalog.markdown.link_text import is_word_of_link
from bot.catalog.markdown.table import is_row, read_columns, read_row
from bot.catalog.markdown.tree import inline_of, line_of, source_of, without_anchors
from bot.catalog.names import KnownNames

DEEPEST = 5  # h1 is the list's title, h2 to h6 are sections
FALLBACK_SECTION = "Papers"

_VAGUE_SUMMARY = re.compile(
    r"(?:click|tap|expand|show|see|unfold|toggle|details|more|table of contents|contents|toc)\b.*",
    re.IGNORECASE,
)
_ID = re.compile(r"id: (?P<id>[a-z0-9-]+)")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that is no entry, and why."""

    line: int
    reason: str
    text: str = ""

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"line {self.line}: {self.reason}{f': {self.text}' if self.text else ''}"


@dataclass(slots=True)
class Heading:
    """A section as it is being read."""

    title: str
    line: int
    id: str | None = None
    drafts: list[tuple[int, Draft]] = field(default_factory=list)
    children: list["Heading"] = field(default_factory=list)

    def child(self, title: str, line: int, section: str | None = None) -> "Heading":
        """The section below with this title, made if there is none."""
        for heading in self.children:
            if heading.title == title:
                return heading
        heading = Heading(title, line, section)
        self.children.append(heading)
        return heading

    @property
    def is_empty(self) -> bool:
        """Whether no entry stands in it or below it."""
        return not self.drafts and all(child.is_empty for child in self.children)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a Markdown list holds."""

    title: str | None
    introduction: str
    sections: tuple[Heading, ...]
    skipped: tuple[Skipped, ...]
    bullets: int


def read_markdown(text: str, names: KnownNames) -> Reading:
    """Read a list. Lines count from 1; `names` make venues and organisations canonical."""
    return _Reader(names).read(parse(text))


def parse(text: str) -> SyntaxTreeNode:
    """The syntax tree of a list, its lines those of the text; front matter is no part of it."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    if match := _FRONT_MATTER.match(text):
        text = "\n" * match[0].count("\n") + text[match.end() :]
    return SyntaxTreeNode(markdown_parser().parse(text))


def read_headings(tree: SyntaxTreeNode, names: KnownNames) -> Heading:
    """Every heading of a list, those with no entries too, below one that stands for the list."""
    return _Reader(names).headings(tree)


def _title_of_list(root: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The first heading, if it stands over the whole list rather than over entries of its own."""
    headings = [node for node in root.children if node.type == "heading"]
    if not headings:
        return None
    first, *others = headings
    at = root.children.index(first)
    if _hold_lists(root.children[:at]):
        return None
    if not [node for node in others if node.tag <= first.tag]:
        return first
    holds = _hold_lists(root.children[at + 1 : root.children.index(others[0])])
    return None if holds or (others[0].tag > first.tag and first.tag != "h1") else first


def _hold_lists(nodes: Iterable[SyntaxTreeNode]) -> bool:
    return any(node.type in {"bullet_list", "ordered_list", "table"} for node in nodes)


class _Reader:
    """One walk over a document."""

    def __init__(self, names: KnownNames) -> None:
        self._names = names
        self._root = Heading("", 0)
        self._open: list[tuple[float, Heading]] = [(0, self._root)]
        self._skipped: list[Skipped] = []
        self._introduction: list[str] = []
        self._in_summary: list[str] | None = None
        self._bullets = 0
        self._began = False

    def headings(self, root: SyntaxTreeNode) -> Heading:
        title = _title_of_list(root)
        for node in root.children:
            if node is not title:
                self._read(node)
        if self._root.drafts:
            self._root.children.insert(0, Heading(FALLBACK_SECTION, 1, drafts=self._root.drafts))
        return self._root

    def read(self, root: SyntaxTreeNode) -> Reading:
        title = _title_of_list(root)
        self.headings(root)
        return Reading(
            title=plain(without_anchors(inline_of(title)).text) or None if title else None,
            introduction="\n\n".join(self._introduction),
            sections=tuple(self._kept(self._root)),
            skipped=tuple(sorted(self._skipped, key=lambda skipped: skipped.line)),
            bullets=self._bullets,
        )

    def _kept(self, heading: Heading) -> Iterator[Heading]:
        for child in heading.children:
            if child.is_empty:
                self._skip(child.line, "a heading with no entries", child.title)
                continue
            child.children = list(self._kept(child))
            yield child

    def _read(self, node: SyntaxTreeNode) -> None:  # noqa: C901  # one case a kind of block
        match node.type:
            case "heading":
                self._read_heading(node)
            case "bullet_list" | "ordered_list":
                for item in node.children:
                    self._read_item(item)
            case "table":
                self._read_table(node)
            case "blockquote":
                self._read_all(node.children)
            case "paragraph":
                self._read_paragraph(node)
            case "html_line":
                self._read_html(node)
            case "html_block":
                self._skip(line_of(node), "an HTML comment", node.content)
            case "fence":
                self._skip(line_of(node), "a code block", node.content)
            case _:  # a rule between parts
                pass

    def _read_all(self, nodes: Iterable[SyntaxTreeNode]) -> None:
        for node in nodes:
            self._read(node)

    def _read_heading(self, node: SyntaxTreeNode) -> None:
        self._began = True
        inline = without_anchors(inline_of(node))
        ids = (match["id"] for text in inline.comments if (match := _ID.fullmatch(text)))
        self._enter(int(node.tag[1:]), plain(inline.text), line_of(node), next(ids, None))

    def _enter(self, level: float, title: str, line: int, section: str | None = None) -> None:
        while self._open[-1][0] >= level:
            self._open.pop()
        if len(self._open) > DEEPEST:
            self._skip(
                line, "a heading too deep for a section; its entries stay in the one above", title
            )
            return
        if not title:
            self._skip(line, "a heading with no text")
            return
        self._open.append((level, self._open[-1][1].child(title, line, section)))

    def _read_paragraph(self, node: SyntaxTreeNode) -> None:
        inline = inline_of(node)
        if self._in_summary is not None:
            self._in_summary.append(inline.text)
        elif not inline.text:
            self._skip(line_of(node), BADGE.reason, "")
        elif not self._began:
            self._introduction.append(source_of(node))
        else:
            self._skip(line_of(node), "text that is no entry", plain(inline.text))

    def _read_html(self, node: SyntaxTreeNode) -> None:
        """`<details>` opens a group, its `<summary>` names it unless it only says to click."""
        source = node.content
        if "<summary" in source.lower():
            self._in_summary = []
        if self._in_summary is not None:
            text = re.sub(r"<[^>]*>", "", source).strip()
            self._in_summary.append(text)
            if "</summary" in source.lower():
                title, self._in_summary = " ".join(" ".join(self._in_summary).split()), None
                if (
                    title
                    and not _VAGUE_SUMMARY.fullmatch(title)
                    and title != self._open[-1][1].title
                ):
                    self._began = True
                    self._enter(self._open[-1][0] + 0.5, title, line_of(node))
        elif "</details" in source.lower():
            if self._open[-1][0] % 1:
                self._open.pop()
        elif text := re.sub(r"<[^>]*>", "", source).strip():
            self._skip(line_of(node), "text that is no entry", text)

    def _read_item(self, item: SyntaxTreeNode) -> None:
        self._bullets += 1
        paragraphs = [child for child in item.children if child.type == "paragraph"]
        nested = [child for child in item.children if child.type != "paragraph"]
        if not paragraphs:
            self._read_all(nested)
            if not nested:
                self._skip(line_of(item), EMPTY_BULLET.reason)
            return
        draft = self._read_bullet(inline_of(paragraphs[0]), nested)
        if isinstance(draft, Draft) and self._is_attachment(item, draft):
            draft = FURTHER_LINK
        opened = self._open_group(draft, paragraphs[0], nested)
        if not opened:
            self._take(draft, line_of(paragraphs[0]), plain(inline_of(paragraphs[0]).text))
        for paragraph in paragraphs[1:]:
            self._skip(line_of(paragraph), "text under an entry", plain(inline_of(paragraph).text))
        self._read_all(nested)
        if opened:
            self._open.pop()

    def _read_bullet(self, inline: Inline, nested: Sequence[SyntaxTreeNode]) -> Draft | Unreadable:
        """A bullet; one with no link has that of a `[paper](…)` in a bullet below it."""
        draft = read_line(inline, self._names)
        if isinstance(draft, Draft) or inline.links:
            return draft
        lists = (child for child in nested if child.type in {"bullet_list", "ordered_list"})
        items = (item for child in lists for item in child.children if item.children)
        links = [link for item in items for link in inline_of(item.children[0]).links]
        if not links or not all(is_word_of_link(link.text) for link in links):
            return draft
        draft = read_line(Inline((*inline.pieces, Piece(" "), *links)), self._names)
        return replace(draft, dropped=()) if isinstance(draft, Draft) else draft

    def _open_group(
        self, draft: Draft | Unreadable, label: SyntaxTreeNode, nested: Sequence[SyntaxTreeNode]
    ) -> bool:
        """A bullet without link over a list of its own is a section, as deep as sections go."""
        title = plain(inline_of(label).text).rstrip(": ")
        lists = any(child.type in {"bullet_list", "ordered_list"} for child in nested)
        if not isinstance(draft, Unreadable) or inline_of(label).links or not lists or not title:
            return False
        if len(self._open) > DEEPEST:
            return False
        self._began = True
        level, above = self._open[-1]
        self._open.append((level + 0.25, above.child(title, line_of(label))))
        return True

    def _is_attachment(self, item: SyntaxTreeNode, draft: Draft) -> bool:
        """`[code](…)` nested under an entry belongs to that entry."""
        parent = item.parent.parent if item.parent else None
        nested = parent is not None and parent.type == "list_item"
        return nested and bool(self._open[-1][1].drafts) and is_word_of_link(draft.title)

    def _read_table(self, table: SyntaxTreeNode) -> None:
        rows = [row for part in table.children for row in part.children]
        header, *body = rows
        cells = [inline_of(cell) for cell in header.children]
        columns = read_columns(cells)
        for row in rows if is_row(cells) else body:
            self._bullets += 1
            cells = [inline_of(cell) for cell in row.children]
            text = " | ".join(plain(cell.text) for cell in cells)
            for draft in read_row(columns, cells, self._names):
                self._take(draft, line_of(row), text)

    def _take(self, draft: Draft | Unreadable, line: int, text: str) -> None:
        if isinstance(draft, Unreadable):
            self._skip(line, draft.reason, text)
            return
        self._began = True
        self._open[-1][1].drafts.append((line, draft))
        for address in draft.dropped:
            self._skip(line, "a further link of an entry", plain(address))

    def _skip(self, line: int, reason: str, text: str = "") -> None:
        self._skipped.append(Skipped(line, reason, " ".join(text.split())[:120]))


def count_reasons(skipped: Iterable[Skipped]) -> list[tuple[str, int]]:
    """How many lines were skipped for each reason, the most frequent first."""
    return Counter(line.reason for line in skipped).most_common()
