"""Export of a catalog as awesome-list Markdown: the inverse of an import."""

from collections.abc import Iterator, Mapping, Sequence

from bot.catalog.markdown.dialect import markdown_parser
from bot.catalog.markdown.escape import least_escaped
from bot.catalog.markdown.importer import derived_id
from bot.catalog.markdown.inline import plain, read_inline
from bot.catalog.markdown.line_style import styled_line
from bot.catalog.model import Catalog, Entry, Section, section_ranks
from bot.catalog.names import KnownNames
from bot.errors import PapersError


def export_list(catalog: Catalog, names: KnownNames) -> str:
    """The list as Markdown. `names` are those that a reader of the Markdown recognises."""
    return "\n".join(_lines(catalog, names)) + "\n"


def heading_line(title: str, level: int, *, section: str | None = None) -> str:
    """A heading that reads back as the title; a comment holds an id not derived from it."""
    comment = f" <!-- id: {section} -->" if section else ""
    mark = "#" * level

    def reads_back(parts: Sequence[str]) -> bool:
        tokens = markdown_parser().parse(f"{mark} {parts[0]}{comment}")
        if [token.type for token in tokens] != ["heading_open", "inline", "heading_close"]:
            return False
        inline = read_inline(tokens[1].children or ())
        return not inline.links and plain(inline.text) == title

    if least := least_escaped([title], reads_back):
        return f"{mark} {least[1][0]}{comment}"
    raise PapersError(f"{title!r} contains control characters, which Markdown cannot express.")


def unusual_ids(sections: tuple[Section, ...], above: str = "") -> Iterator[tuple[str, str]]:
    """The path and id of each section whose id an import would not derive from its title."""
    for at, section in enumerate(sections):
        path = f"{above}{section.id}"
        if derived_id(section, sections[:at]) != section.id:
            yield path, section.id
        yield from unusual_ids(section.sections, f"{path}/")


def _lines(catalog: Catalog, names: KnownNames) -> Iterator[str]:
    yield heading_line(catalog.info.title, 1)
    if catalog.info.introduction:
        yield ""
        yield catalog.info.introduction.rstrip()
    written: set[int] = set()
    ranks = section_ranks(catalog.info.sections)
    ids = dict(unusual_ids(catalog.info.sections))
    for path, place in catalog.places.items():
        if not catalog.within(path):
            continue
        yield ""
        yield heading_line(place.section.title, place.depth + 1, section=ids.get(path))
        if catalog.listed[path]:
            yield ""
        for entry in catalog.listed[path]:
            sections = _sections_to_note(entry, ranks) if id(entry) not in written else ()
            written.add(id(entry))
            yield f"- {styled_line(entry, None, names, sections)}"


def _sections_to_note(entry: Entry, ranks: Mapping[str, int]) -> tuple[str, ...]:
    """The sections of an entry if it names them in another order than the list, else none."""
    in_order = sorted(entry.sections, key=ranks.__getitem__)
    return entry.sections if tuple(in_order) != entry.sections else ()
