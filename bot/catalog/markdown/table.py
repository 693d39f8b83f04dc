"""Tables: the meaning of each column, and the rows of entries, read and written."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from bot.catalog.markdown.details import is_empty_value, read_edition
from bot.catalog.markdown.dialect import markdown_parser, standard_parser
from bot.catalog.markdown.escape import escaped, least_escaped
from bot.catalog.markdown.inline import Inline, Piece, is_link_word, plain, read_inline
from bot.catalog.markdown.line import (
    EMPTY_ROW,
    TOO_LONG,
    Draft,
    Unreadable,
    read_fields,
    read_line,
)
from bot.catalog.markdown.line_style import address_of
from bot.catalog.model import Entry
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
    """A column of a table: its header and the kind of its values, None if it is not known."""

    header: str = ""
    kind: str | None = None

    @property
    def rank(self) -> int:
        """The position of the header among those of title columns; 0 is `Title`."""
        words = _words(self.header)
        return min(at for at, word in enumerate(_KINDS["title"]) if word in words)


def read_columns(header: Sequence[Inline]) -> list[Column]:
    """The columns of a table; they have no headers if the first row is an entry."""
    if is_row(header):
        return [Column() for _ in header]
    return [Column(plain(cell.text), _kind(plain(cell.text))) for cell in header]


def is_row(header: Sequence[Inline]) -> bool:
    """Tell whether the first row of a table (its header in Markdown) is an entry."""
    return bool(_cells_with_title(header))


def read_row(
    columns: Sequence[Column], cells: Sequence[Inline], names: KnownNames
) -> list[Draft | Unreadable]:
    """Read the entry of a row; without headers, each cell with a title is an entry."""
    if not any(cell.pieces for cell in cells):
        return [EMPTY_ROW]
    if any(cell.is_too_long for cell in cells):
        return [TOO_LONG]
    entries = _cells_with_title(cells)
    if len(entries) > 1 and not any(column.header for column in columns):
        return [read_line(cell, names) for cell in entries]
    at = _title_index(columns, cells)
    fields = [
        (_with_link_names(column, cell), _label(column, cell.text, names))
        for position, (column, cell) in enumerate(zip(columns, cells, strict=False))
        if position != at and not is_empty_value(cell.text) and column.kind != "number"
    ]
    comments = [comment for cell in cells for comment in cell.comments]
    return [read_fields(cells[at].pieces, fields, names, comments)]


def row_candidates(
    entry: Entry, columns: Sequence[Column], previous: Sequence[Inline], source: str
) -> Iterator[str]:
    """Rows that may read back as an entry, the most readable first.

    They follow the style of the previous row: `previous` holds its cells, `source` its text.
    """
    indent = source[: len(source) - len(source.lstrip())]
    first = "| " if source.lstrip().startswith("|") else ""
    last = " |" if source.rstrip().endswith("|") else ""
    for escape in (_escaped_in_cell, escaped):
        for split in (False, True):
            cells = _cells(entry, columns, previous, escape, split_edition=split)
            yield f"{indent}{first}{' | '.join(cells)}{last}"


def _title_index(columns: Sequence[Column], cells: Sequence[Inline]) -> int:
    """The column with the title.

    Best is a title column with words, then a link with a text of its own, then any other text.
    """

    def fitness(at: int) -> tuple[bool, bool, bool, int]:
        column, cell = columns[at], cells[at]
        is_link, may_be = is_row([cell]), column.kind not in {"link", "number"}
        if column.kind != "title":
            return True, True, not (is_link and may_be), at
        has_title = any(re.search(r"\w", p.text) and not p.is_generic for p in cell.pieces)
        is_sure = is_link or column.rank == 0
        return not (has_title and is_sure), not has_title, False, column.rank

    return min(range(min(len(columns), len(cells))), key=fitness)


def _label(column: Column, text: str, names: KnownNames) -> str | None:
    """The label of a cell by its column, unless the text is an edition (`OSDI '24`)."""
    if read_edition(text, names, loose=column.kind == "venue"):
        return None
    return column.kind if column.kind in {"venue", "org"} else "note"


def _with_link_names(column: Column, cell: Inline) -> tuple[Piece, ...]:
    """The pieces of a cell; generic links get the name of their column: the PDF, not the code."""
    if column.kind not in {"link", "title"}:
        return cell.pieces
    name = column.header if is_link_word(column.header) else "link"
    return tuple(
        replace(piece, text=f"{name} {piece.text}" if piece.is_generic else name)
        if piece.href is not None and (column.kind == "link" or piece.is_generic)
        else piece
        for piece in cell.pieces
    )


def _cells_with_title(cells: Sequence[Inline]) -> list[Inline]:
    """The cells with a link that has a text of its own."""
    return [cell for cell in cells if any(not link.is_generic for link in cell.links)]


def _kind(header: str) -> str | None:
    words = _words(header)
    return next((kind for kind, known in _KINDS.items() if words & {*known}), None) or (
        None if words else "number"
    )


def _words(header: str) -> set[str]:
    return set(re.findall(r"[\w-]+", header.casefold()))


def _cells(
    entry: Entry,
    columns: Sequence[Column],
    previous: Sequence[Inline],
    escape: Callable[[str], str],
    *,
    split_edition: bool,
) -> list[str]:
    """The cells of an entry; `split_edition` leaves the year out of the venue cell."""
    kinds = [column.kind for column in columns]
    first_link = next((at for at, cell in enumerate(previous) if cell.links), 0)
    title_at = kinds.index("title") if "title" in kinds else first_link
    is_linked = bool(previous[title_at].links) or "link" not in kinds
    title = escape(entry.title)
    has_year = "year" in kinds or split_edition
    venue = [escape(entry.venue or "")] + (
        [str(entry.year)] if entry.year and not has_year else []
    )
    texts = {
        "venue": " ".join(venue).strip(),
        "year": str(entry.year or ""),
        "org": ", ".join(escape(org) for org in entry.orgs),
    }
    cells: list[str] = []
    for at, (kind, cell) in enumerate(zip(kinds, previous, strict=False)):
        if at == title_at:
            cells.append(_link(title, entry) if is_linked else title)
        elif kind == "link":
            is_its_place = not is_linked and "link" not in kinds[:at] and entry.url
            text = cell.links[0].text if cell.links else "link"
            cells.append(_link(text, entry) if is_its_place else "")
        elif kind == "number":
            cells.append(_next_number(cell.text))
        else:
            cells.append(texts.get(kind or "", ""))
    return cells


def _escaped_in_cell(text: str) -> str:
    """The most readable Markdown that a cell shows as a text."""
    least = least_escaped([text], lambda parts: _shows(parts[0], text))
    return least[1][0] if least else escaped(text)


def _shows(source: str, text: str) -> bool:
    """Tell whether a cell shows a text, by itself and as the text of a link."""
    table = f"| - | - |\n|---|---|\n| {source} | [{source}](#) |"
    shown = [[(text, None)], [(text, "#")]]
    parsers = (markdown_parser(), standard_parser())
    return all(_cell_pieces(table, parser)[2:] == shown for parser in parsers)


def _cell_pieces(table: str, parser: MarkdownIt) -> list[list[tuple[str, str | None]]]:
    """The text and address of each piece, by cell."""
    cells = [token for token in parser.parse(table) if token.type == "inline"]
    return [
        [(plain(piece.text), piece.href) for piece in read_inline(cell.children or ()).pieces]
        for cell in cells
    ]


def _link(text: str, entry: Entry) -> str:
    return f"[{text}]({address_of(entry.url)})" if entry.url else text


def _next_number(number: str) -> str:
    match = re.fullmatch(r"(\d{1,9})(\D?)", number)
    return f"{int(match[1]) + 1}{match[2]}" if match else ""
