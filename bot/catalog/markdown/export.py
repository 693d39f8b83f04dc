"""A catalog as awesome-list Markdown: the inverse of an import."""

from collections.abc import Iterator

from bot.catalog.markdown.importer import own_id
from bot.catalog.markdown.line_text import write_heading, write_line
from bot.catalog.model import Catalog, Entry, Section
from bot.catalog.names import KnownNames


def export_list(catalog: Catalog, names: KnownNames) -> str:
    """The whole list. `names` are those that a reader of the Markdown will know."""
    return "\n".join(_lines(catalog, names)) + "\n"


def _lines(catalog: Catalog, names: KnownNames) -> Iterator[str]:
    yield write_heading(catalog.info.title, 1)
    if catalog.info.introduction:
        yield ""
        yield catalog.info.introduction.rstrip()
    shown: set[int] = set()
    rank = {path: at for at, path in enumerate(catalog.places)}
    ids = dict(unusual_ids(catalog.info.sections))
    for path, place in catalog.places.items():
        if not catalog.within(path):
            continue
        yield ""
        yield write_heading(place.section.title, place.depth + 1, section=ids.get(path))
        if catalog.listed[path]:
            yield ""
        for entry in catalog.listed[path]:
            sections = _order_to_note(entry, rank) if id(entry) not in shown else ()
            shown.add(id(entry))
            yield write_line(entry, names, sections=sections)


def _order_to_note(entry: Entry, rank: dict[str, int]) -> tuple[str, ...]:
    """The sections of an entry, where the list shows them in another order."""
    return (
        entry.sections
        if tuple(sorted(entry.sections, key=rank.__getitem__)) != entry.sections
        else ()
    )


def unusual_ids(sections: tuple[Section, ...], above: str = "") -> Iterator[tuple[str, str]]:
    """The ids that an import would not make from the title by itself, by path."""
    for at, section in enumerate(sections):
        path = f"{above}{section.id}"
        if own_id(section, sections[:at]) != section.id:
            yield path, section.id
        yield from unusual_ids(section.sections, f"{path}/")
