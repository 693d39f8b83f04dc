"""Nodes of the syntax tree: their text, their source and where they stand."""

import re
from dataclasses import replace

from markdown_it.tree import SyntaxTreeNode

from bot.catalog.markdown.inline import Inline, read_inline


def inline_of(node: SyntaxTreeNode) -> Inline:
    """The text of a block: its inline child's pieces."""
    inline = next((child for child in node.children if child.type == "inline"), None)
    return read_inline(inline.token.children or ()) if inline and inline.token else Inline(())


def without_anchors(inline: Inline) -> Inline:
    """A heading's text without its arrows to the table of contents: `[⬆](#contents)`."""
    pieces = (
        piece
        for piece in inline.pieces
        if not (piece.href or "").startswith("#") or re.search(r"\w", piece.text)
    )
    return replace(inline, pieces=tuple(pieces))


def source_of(node: SyntaxTreeNode) -> str:
    """The Markdown of a paragraph, without the marks of a quotation around it."""
    return "\n".join(child.content for child in node.children)


def line_of(node: SyntaxTreeNode) -> int:
    """The line on which a node begins, from 1; that of what holds it where it has none."""
    while node.map is None and node.parent is not None:
        node = node.parent
    return (node.map[0] if node.map else 0) + 1
