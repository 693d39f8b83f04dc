"""Parser for awesome-list Markdown: headings become sections, bullets and table rows entries.

    text ──parser──► syntax tree ──► headings, groups ──► sections
                                └──► bullets, rows ────► line.read_line ──► drafts, or why not

Lines that are not entries are reported with their line number and the reason.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.dialect import markdown_parser
from bot.catalog.markdown.inline import Inline, Piece, inline_of, is_link_word, plain
from bot.catalog.markdown.line import (
    BADGE,
    EMPTY_BULLET,
    FURTHER_LINK,
    Draft,
    Unreadable,
    read_line,
)
from bot.catalog.markdown.table import is_row, read_columns, read_row
from bot.catalog.names import KnownNames

LISTS = {"bullet_list", "ordered_list"}
MAX_DEPTH = 5  # h1 is the title of the list, h2 to h6 are sections
FALLBACK_SECTION = "Papers"

_VAGUE_SUMMARY = re.compile(
    r"(?:click|tap|expand|show|see|unfold|toggle|details|more|table of contents|contents|toc)\b.*",
    re.IGNORECASE,
)
_ID = re.compile(r"id: (?P<id>[a-z0-9-]+)")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n---[ \t]*\n", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
# Fractions of a heading level, for sections inside the one of the last heading.
_SUMMARY_STEP, _BULLET_STEP = 0.5, 0.25


@dataclass(frozen=True, slots=True)
class SkippedLine:
    """A line that is not an entry, and the reason."""

    line: int
    reason: str
    text: str = ""

    def __str__(self) -> str:
        """One line for a terminal."""
        return f"line {self.line}: {self.reason}{f': {self.text}' if self.text else ''}"


@dataclass(slots=True)
class Heading:
    """A section of the document: a heading, a `<details>` group or a bullet over a list."""

    title: str
    line: int
    id: str | None = None
    drafts: list[tuple[int, Draft]] = field(default_factory=list)
    children: list["Heading"] = field(default_factory=list)

    def child(self, title: str, line: int, section: str | None = None) -> "Heading":
        """The subsection with this title; it is created if there is none."""
        for heading in self.children:
            if heading.title == title:
                return heading
        heading = Heading(title, line, section)
        self.children.append(heading)
        return heading

    @property
    def is_empty(self) -> bool:
        """True if neither the section nor a subsection has an entry."""
        return not self.drafts and all(child.is_empty for child in self.children)


@dataclass(frozen=True, slots=True)
class ParsedList:
    """A parsed Markdown list; `bullets` counts bullets and table rows."""

    title: str | None
    introduction: str
    sections: tuple[Heading, ...]
    skipped: tuple[SkippedLine, ...]
    bullets: int


def read_markdown(text: str, names: KnownNames) -> ParsedList:
    """Parse a list. Lines count from 1; `names` make venues and organisations canonical."""
    return _ListReader(names).read(parse(text))


def parse(text: str) -> SyntaxTreeNode:
    """The syntax tree of a text, with the text's line numbers; front matter is left out."""
    text = text.lstrip("\ufeff").replace("\r\n", "\n")
    if match := _FRONT_MATTER.match(text):
        text = "\n" * match[0].count("\n") + text[match.end() :]
    return SyntaxTreeNode(markdown_parser().parse(text))


def read_headings(tree: SyntaxTreeNode, names: KnownNames) -> Heading:
    """The headings of a list, also empty ones, below a root that stands for the list."""
    return _ListReader(names).headings(tree)


def _list_title(root: SyntaxTreeNode) -> SyntaxTreeNode | None:
    """The first heading, if it is the title of the list rather than of a section."""
    headings = [node for node in root.children if node.type == "heading"]
    if not headings:
        return None
    first, *others = headings
    at = root.children.index(first)
    if _has_entries(root.children[:at]):
        return None
    if not [node for node in others if node.tag <= first.tag]:
        return first
    has_entries = _has_entries(root.children[at + 1 : root.children.index(others[0])])
    is_above = others[0].tag > first.tag and first.tag != "h1"
    return None if has_entries or is_above else first


def _has_entries(nodes: Iterable[SyntaxTreeNode]) -> bool:
    return any(node.type in {*LISTS, "table"} for node in nodes)


def _without_anchors(inline: Inline) -> Inline:
    """The text of a heading without links to the table of contents: `[⬆](#contents)`."""
    pieces = (
        piece
        for piece in inline.pieces
        if not (piece.href or "").startswith("#") or re.search(r"\w", piece.text)
    )
    return replace(inline, pieces=tuple(pieces))


def _line_of(node: SyntaxTreeNode) -> int:
    """The first line of a node, from 1; that of its parent if it has none."""
    while node.map is None and node.parent is not None:
        node = node.parent
    return (node.map[0] if node.map else 0) + 1


class _ListReader:
    """Walk over a document that collects sections, entries and skipped lines."""

    def __init__(self, names: KnownNames) -> None:
        self._names = names
        self._root = Heading("", 0)
        self._open: list[tuple[float, Heading]] = [(0, self._root)]
        self._skipped: list[SkippedLine] = []
        self._introduction: list[str] = []
        self._summary: list[str] | None = None
        self._bullets = 0
        self._began = False

    def headings(self, root: SyntaxTreeNode) -> Heading:
        title = _list_title(root)
        self._read_all(node for node in root.children if node is not title)
        if self._root.drafts:
            self._root.children.insert(0, Heading(FALLBACK_SECTION, 1, drafts=self._root.drafts))
        return self._root

    def read(self, root: SyntaxTreeNode) -> ParsedList:
        title = _list_title(root)
        self.headings(root)
        return ParsedList(
            title=plain(_without_anchors(inline_of(title)).text) or None if title else None,
            introduction="\n\n".join(self._introduction),
            sections=tuple(self._without_empty(self._root)),
            skipped=tuple(sorted(self._skipped, key=lambda skipped: skipped.line)),
            bullets=self._bullets,
        )

    def _without_empty(self, heading: Heading) -> Iterator[Heading]:
        for child in heading.children:
            if child.is_empty:
                self._skip(child.line, "a heading with no entries", child.title)
                continue
            child.children = list(self._without_empty(child))
            yield child

    def _read_all(self, nodes: Iterable[SyntaxTreeNode]) -> None:
        for node in nodes:
            self._read(node)

    def _read(self, node: SyntaxTreeNode) -> None:  # noqa: C901  # one case per kind of block
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
                self._skip(_line_of(node), "an HTML comment", node.content)
            case "fence":
                self._skip(_line_of(node), "a code block", node.content)
            case _:  # a horizontal rule
                pass

    def _read_heading(self, node: SyntaxTreeNode) -> None:
        self._began = True
        inline = _without_anchors(inline_of(node))
        ids = (match["id"] for text in inline.comments if (match := _ID.fullmatch(text)))
        self._enter(int(node.tag[1:]), plain(inline.text), _line_of(node), next(ids, None))

    def _enter(self, level: float, title: str, line: int, section: str | None = None) -> None:
        while self._open[-1][0] >= level:
            self._open.pop()
        if len(self._open) > MAX_DEPTH:
            self._skip(
                line, "a heading too deep for a section; its entries stay in the one above", title
            )
        elif not title:
            self._skip(line, "a heading with no text")
        else:
            self._open.append((level, self._open[-1][1].child(title, line, section)))

    def _read_paragraph(self, node: SyntaxTreeNode) -> None:
        inline = inline_of(node)
        if self._summary is not None:
            self._summary.append(inline.text)
        elif not inline.text:
            self._skip(_line_of(node), BADGE.reason)
        elif not self._began:
            self._introduction.append("\n".join(child.content for child in node.children))
        else:
            self._skip(_line_of(node), "text that is no entry", plain(inline.text))

    def _read_html(self, node: SyntaxTreeNode) -> None:
        """`<details>` begins a group with the title in `<summary>`, unless that is vague."""
        source, tags = node.content, node.content.lower()
        text = _TAG.sub("", source).strip()
        if "<summary" in tags:
            self._summary = []
        if self._summary is not None:
            self._summary.append(text)
            if "</summary" in tags:
                title, self._summary = " ".join(" ".join(self._summary).split()), None
                level, above = self._open[-1]
                if title and not _VAGUE_SUMMARY.fullmatch(title) and title != above.title:
                    self._began = True
                    self._enter(level + _SUMMARY_STEP, title, _line_of(node))
        elif "</details" in tags:
            if self._open[-1][0] % 1:
                self._open.pop()
        elif text:
            self._skip(_line_of(node), "text that is no entry", text)

    def _read_item(self, item: SyntaxTreeNode) -> None:
        self._bullets += 1
        paragraphs = [child for child in item.children if child.type == "paragraph"]
        nested = [child for child in item.children if child.type != "paragraph"]
        if not paragraphs:
            self._read_all(nested)
            if not nested:
                self._skip(_line_of(item), EMPTY_BULLET.reason)
            return
        first, *others = paragraphs
        inline = inline_of(first)
        draft = self._read_bullet(inline, nested)
        if isinstance(draft, Draft) and self._is_attachment(item, draft):
            draft = FURTHER_LINK
        is_group = self._open_group(draft, inline, _line_of(first), nested)
        if not is_group:
            self._take(draft, _line_of(first), plain(inline.text))
        for paragraph in others:
            self._skip(
                _line_of(paragraph), "text under an entry", plain(inline_of(paragraph).text)
            )
        self._read_all(nested)
        if is_group:
            self._open.pop()

    def _read_bullet(self, inline: Inline, nested: Sequence[SyntaxTreeNode]) -> Draft | Unreadable:
        """Read a bullet; without a link it takes that of a `[paper](…)` in a bullet below it."""
        draft = read_line(inline, self._names)
        if isinstance(draft, Draft) or inline.links:
            return draft
        lists = (child for child in nested if child.type in LISTS)
        items = (item for child in lists for item in child.children if item.children)
        links = [link for item in items for link in inline_of(item.children[0]).links]
        if not links or not all(link.is_generic for link in links):
            return draft
        draft = read_line(Inline((*inline.pieces, Piece(" "), *links)), self._names)
        return replace(draft, dropped=()) if isinstance(draft, Draft) else draft

    def _open_group(
        self,
        draft: Draft | Unreadable,
        label: Inline,
        line: int,
        nested: Sequence[SyntaxTreeNode],
    ) -> bool:
        """Begin a section for a bullet without a link over a list; False if it is not one."""
        title = plain(label.text).rstrip(": ")
        has_list = any(child.type in LISTS for child in nested)
        if not isinstance(draft, Unreadable) or label.links or not has_list or not title:
            return False
        if len(self._open) > MAX_DEPTH:
            return False
        self._began = True
        level, above = self._open[-1]
        self._open.append((level + _BULLET_STEP, above.child(title, line)))
        return True

    def _is_attachment(self, item: SyntaxTreeNode, draft: Draft) -> bool:
        """Tell whether a bullet is a `[code](…)` that belongs to the entry above it."""
        parent = item.parent.parent if item.parent else None
        is_nested = parent is not None and parent.type == "list_item"
        return is_nested and bool(self._open[-1][1].drafts) and is_link_word(draft.title)

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
                self._take(draft, _line_of(row), text)

    def _take(self, draft: Draft | Unreadable, line: int, text: str) -> None:
        if isinstance(draft, Unreadable):
            self._skip(line, draft.reason, text)
            return
        self._began = True
        self._open[-1][1].drafts.append((line, draft))
        for address in draft.dropped:
            self._skip(line, "a further link of an entry", plain(address))

    def _skip(self, line: int, reason: str, text: str = "") -> None:
        self._skipped.append(SkippedLine(line, reason, " ".join(text.split())[:120]))
