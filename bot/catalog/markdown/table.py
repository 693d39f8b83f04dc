"""Tables: which column says what, and what each row means as an entry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.catalog.markdown.details import is_nothing, read_edition
from bot.catalog.markdown.draft import EMPTY_ROW, Draft, Unreadable
from bot.catalog.markdown.inline import Inline, Piece, plain
from bot.catalog.markdown.line import read_fields, read_line
from bot.catalog.markdown.link_text import is_word_of_link
from bot.catalog.names import KnownNames

_KINDS: dict[str, tuple[str, ...]] = {
    kind: tuple(words.split())
    for kind, words in {
        "title": "title paper papers article work project name tool model system benchmark "
        "dataset",
        "venue": "venue venues conference conferences conf publication pub journal published "
        "publisher where",
        "year": "year years date time when published-date",
        "org": "org orgs organization organizations organisation organisations institution "
        "institutions institute institutes affiliation affiliations company lab team group "
        "university",
        "link": "link links url pdf code github paper-link source website webpage repo repository "
        "resources download arxiv slides video",
        "number": "no rank id idx index",
    }.items()
}


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds, as its header says."""

    header: str = ""
    kind: str | None = None

    @property
    def rank(self) -> int:
        """How far the header is from `Title`, among those that may head a title."""
        words = _words(self.header)
        return min(at for at, word in enumerate(_KINDS["title"]) if word in words)


def read_columns(header: Sequence[Inline]) -> list[Column]:
    """The columns under a header; nameless ones where the header is a row like others."""
    if _telling(header):
        return [Column() for _ in header]
    return [Column(plain(cell.text), _kind(plain(cell.text))) for cell in header]


def is_row(header: Sequence[Inline]) -> bool:
    """Whether what stands as a header holds an entry."""
    return bool(_telling(header))


def read_row(
    columns: Sequence[Column], cells: Sequence[Inline], names: KnownNames
) -> list[Draft | Unreadable]:
    """The entry of a row; several where the columns have no names and each cell has its own."""
    if not any(cell.pieces for cell in cells):
        return [EMPTY_ROW]
    telling = _telling(cells)
    if len(telling) > 1 and not any(column.header for column in columns):
        return [read_line(cell, names) for cell in telling]
    at = _title_at(columns, cells)
    fields = [
        (_links_named(column, cell), _label(column, cell.text, names))
        for position, (column, cell) in enumerate(zip(columns, cells, strict=False))
        if position != at and not is_nothing(cell.text) and column.kind != "number"
    ]
    comments = [comment for cell in cells for comment in cell.comments]
    return [read_fields(cells[at].pieces, fields, names, comments)]


def _title_at(columns: Sequence[Column], cells: Sequence[Inline]) -> int:
    """The column of the title: `Title` if it has words; else a telling link, a text, the first."""

    def fitness(at: int) -> tuple[bool, bool, bool, int]:
        column, cell = columns[at], cells[at]
        is_link, may_be = bool(_telling([cell])), column.kind not in {"link", "number"}
        if column.kind != "title":
            return True, True, not (is_link and may_be), at
        has_words = any(re.search(r"\w", p.text) and not _is_generic(p) for p in cell.pieces)
        is_sure = is_link or column.rank == 0
        return not (has_words and is_sure), not has_words, False, column.rank

    return min(range(min(len(columns), len(cells))), key=fitness)


def _label(column: Column, text: str, names: KnownNames) -> str | None:
    """What a cell is said to be by its header, unless it says it by itself (`OSDI '24`)."""
    if read_edition(text, names, loose=column.kind == "venue"):
        return None
    return column.kind if column.kind in {"venue", "org"} else "note"


def _links_named(column: Column, cell: Inline) -> tuple[Piece, ...]:
    """A cell's pieces; links of a column of links are called after it: the PDF, not the code."""
    if column.kind not in {"link", "title"}:
        return cell.pieces
    name = column.header if is_word_of_link(column.header) else "link"
    return tuple(
        replace(piece, text=f"{name} {piece.text}" if _is_generic(piece) else name)
        if piece.href is not None and (column.kind == "link" or _is_generic(piece))
        else piece
        for piece in cell.pieces
    )


def _telling(cells: Sequence[Inline]) -> list[Inline]:
    """The cells with a link whose text says more than what a link is."""
    return [cell for cell in cells if any(not _is_generic(link) for link in cell.links)]


def _is_generic(piece: Piece) -> bool:
    return piece.href is not None and is_word_of_link(piece.text)


def _kind(header: str) -> str | None:
    words = _words(header)
    return next((kind for kind, known in _KINDS.items() if words & {*known}), None) or (
        None if words else "number"
    )


def _words(header: str) -> set[str]:
    return set(re.findall(r"[\w-]+", header.casefold()))
