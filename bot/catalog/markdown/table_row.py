"""An entry as a row of a table: each column gets what its header asks for."""

import re
from collections.abc import Iterator, Sequence

from bot.catalog.markdown.inline import Inline
from bot.catalog.markdown.line_text import Escape, address_of, escaped
from bot.catalog.markdown.table import Column
from bot.catalog.model import Entry


def write_rows(
    entry: Entry, columns: Sequence[Column], last: Sequence[Inline], source: str
) -> Iterator[str]:
    """Rows that may mean the entry, the most readable first.

    `last` holds the cells of the row before it and `source` its text, whose manner they follow.
    """
    for escape in (str, escaped):
        for split in (False, True):
            cells = _cells(entry, columns, last, escape, split_edition=split)
            yield _framed(cells, source)


def _cells(
    entry: Entry,
    columns: Sequence[Column],
    last: Sequence[Inline],
    escape: Escape,
    *,
    split_edition: bool,
) -> list[str]:
    kinds = [column.kind for column in columns]
    title_at = _title_at(kinds, last)
    has_year = "year" in kinds or split_edition
    is_linked = bool(last[title_at].links) or "link" not in kinds
    venue = " ".join(
        [escape(entry.venue or "")] + ([str(entry.year)] if entry.year and not has_year else [])
    ).strip()
    found: list[str] = []
    for at, (kind, cell) in enumerate(zip(kinds, last, strict=False)):
        if at == title_at:
            found.append(_link(escape(entry.title), entry) if is_linked else escape(entry.title))
            continue
        match kind:
            case "venue":
                found.append(venue)
            case "year":
                found.append(str(entry.year or ""))
            case "org":
                found.append(", ".join(escape(org) for org in entry.orgs))
            case "link":
                is_its_place = not is_linked and "link" not in kinds[:at] and entry.url
                text = cell.links[0].text if cell.links else "link"
                found.append(_link(text, entry) if is_its_place else "")
            case "number":
                found.append(_next(cell.text))
            case _:
                found.append("")
    return found


def _title_at(kinds: Sequence[str | None], last: Sequence[Inline]) -> int:
    if "title" in kinds:
        return kinds.index("title")
    return next((at for at, cell in enumerate(last) if cell.links), 0)


def _link(text: str, entry: Entry) -> str:
    return f"[{text}]({address_of(entry.url)})" if entry.url else text


def _next(number: str) -> str:
    match = re.fullmatch(r"(\d{1,9})(\D?)", number)
    return f"{int(match[1]) + 1}{match[2]}" if match else ""


def _framed(cells: Sequence[str], source: str) -> str:
    """The cells with bars between, and around where the row above has them."""
    row = " | ".join(cells)
    indent = source[: len(source) - len(source.lstrip())]
    first = "| " if source.lstrip().startswith("|") else ""
    last = " |" if source.rstrip().endswith("|") else ""
    return f"{indent}{first}{row}{last}"
