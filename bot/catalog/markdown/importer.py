"""A Markdown list becomes a catalog: sections get ids, repeated papers become one entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from slugify import slugify

from bot.catalog.identity import PaperIndex
from bot.catalog.markdown.draft import Draft
from bot.catalog.markdown.parse import Heading, Reading, Skipped
from bot.catalog.model import Catalog, Entry, ListInfo, Section, walk
from bot.catalog.names import KnownNames


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found."""

    catalog: Catalog
    skipped: tuple[Skipped, ...]
    bullets: int


def import_list(
    reading: Reading, names: KnownNames, *, title: str, base: ListInfo | None = None
) -> Imported:
    """The catalog of what was read.

    `title` serves where the document has none. `base` is the list that is there already: its
    settings, section ids and aliases stay.
    """
    base_sections = base.sections if base else ()
    sections = tuple(_sections(reading.sections, base_sections))
    gathering = _Gathering()
    for path, heading in _headings(reading.sections, sections):
        for line, draft in heading.drafts:
            gathering.take(path, line, draft)
    order = {place.path: at for at, place in enumerate(walk(sections))}
    entries = gathering.entries(order)
    info = replace(
        base or ListInfo(title=title, sections=()),
        title=reading.title or title,
        introduction=reading.introduction,
        sections=sections,
        venues=names.venues.used({entry.venue for entry in entries if entry.venue}),
        orgs=names.orgs.used({org for entry in entries for org in entry.orgs}),
    )
    return Imported(
        Catalog(info, entries),
        tuple(sorted((*reading.skipped, *gathering.repeated), key=lambda skipped: skipped.line)),
        reading.bullets,
    )


def merge(old: Catalog, new: Catalog) -> tuple[Catalog, tuple[Entry, ...]]:
    """What is there with what another list has besides; and the entries that came."""
    known = PaperIndex(old.entries)
    added = tuple(entry for entry in new.entries if known.find(entry) is None)
    info = replace(
        old.info,
        sections=_merged_sections(old.info.sections, new.info.sections),
        venues={**old.info.venues, **_without(new.info.venues, old.info.venues)},
        orgs={**old.info.orgs, **_without(new.info.orgs, old.info.orgs)},
    )
    order = {place.path: at for at, place in enumerate(walk(info.sections))}
    entries = sorted((*old.entries, *added), key=lambda entry: order[entry.home])
    return Catalog(info, tuple(entries)), added


def _without(
    names: Mapping[str, tuple[str, ...]], known: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {name: others for name, others in names.items() if name not in known}


class _Gathering:
    """Entries as they come up, each paper once."""

    def __init__(self) -> None:
        self.repeated: list[Skipped] = []
        self._known = PaperIndex()
        self._found: list[tuple[Entry, int, tuple[str, ...]]] = []
        self._seen: set[tuple[int, str]] = set()

    def take(self, path: str, line: int, draft: Draft) -> None:
        entry = draft.entry((path,))
        number = self._known.find(entry)
        if number is None:
            number = len(self._found)
            self._found.append((entry, line, draft.sections))
        else:
            first, first_line, wanted = self._found[number]
            if (number, path) in self._seen:
                text = f"{entry.title[:100]} (line {first_line})"
                self.repeated.append(Skipped(line, "a paper that its section has already", text))
                return
            home_line = line if wanted and wanted[0] == path else first_line
            self._found[number] = (_joined(first, entry), home_line, wanted)
        self._seen.add((number, path))
        self._known.put(number, self._found[number][0])

    def entries(self, order: Mapping[str, int]) -> tuple[Entry, ...]:
        """All of them in the list's order."""
        placed = [(_ordered(entry, wanted), line) for entry, line, wanted in self._found]
        placed.sort(key=lambda found: (order[found[0].home], found[1]))
        return tuple(entry for entry, _ in placed)


def _ordered(entry: Entry, wanted: tuple[str, ...]) -> Entry:
    first = [path for path in wanted if path in entry.sections]
    rest = [path for path in entry.sections if path not in first]
    return replace(entry, sections=(*first, *rest))


def _joined(first: Entry, again: Entry) -> Entry:
    """One paper met twice: what the first line lacks comes from the second."""
    link = first if first.url else again
    return replace(
        first,
        url=link.url,
        arxiv=link.arxiv,
        doi=link.doi,
        venue=first.venue or again.venue,
        year=first.year if first.year is not None else again.year,
        orgs=first.orgs or again.orgs,
        note=first.note or again.note,
        sections=(*first.sections, *again.sections),
    )


def _sections(headings: Iterable[Heading], base: tuple[Section, ...]) -> Iterator[Section]:
    """Sections with ids that are unique beside each other; those of `base` keep id and aliases."""
    known = {section.title: section for section in base}
    taken = {section.id for section in base}
    for heading in headings:
        old = known.get(heading.title)
        chosen = (
            old.id if old else _free_id(heading.id or slugify(heading.title) or "section", taken)
        )
        taken.add(chosen)
        yield Section(
            id=chosen,
            title=heading.title,
            aliases=old.aliases if old else (),
            sections=tuple(_sections(heading.children, old.sections if old else ())),
        )


def _free_id(wanted: str, taken: set[str]) -> str:
    """The id, numbered if a sibling has it."""
    if wanted not in taken:
        return wanted
    return next(
        name for number in range(2, len(taken) + 3) if (name := f"{wanted}-{number}") not in taken
    )


def own_id(section: Section, earlier: Iterable[Section]) -> str:
    """The id that an import would give a section after these siblings."""
    taken: set[str] = set()
    for sibling in earlier:
        taken.add(sibling.id)
    return _free_id(slugify(section.title) or "section", taken)


def _headings(
    headings: Iterable[Heading], sections: Iterable[Section], above: str = ""
) -> Iterator[tuple[str, Heading]]:
    for heading, section in zip(headings, sections, strict=True):
        path = f"{above}{section.id}"
        yield path, heading
        yield from _headings(heading.children, section.sections, f"{path}/")


def _merged_sections(old: tuple[Section, ...], new: tuple[Section, ...]) -> tuple[Section, ...]:
    by_id = {section.id: section for section in new}
    kept = tuple(
        replace(section, sections=_merged_sections(section.sections, by_id[section.id].sections))
        if section.id in by_id
        else section
        for section in old
    )
    ids = {section.id for section in old}
    return (*kept, *(section for section in new if section.id not in ids))
