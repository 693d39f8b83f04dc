"""Import of a Markdown list as a catalog: sections get ids, repeated papers become one entry."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from slugify import slugify

from bot.catalog.identity import PaperIndex
from bot.catalog.markdown.line import Draft
from bot.catalog.markdown.parse import Heading, ParsedList, SkippedLine
from bot.catalog.model import Catalog, Entry, ListInfo, Section, section_ranks
from bot.catalog.names import KnownNames


@dataclass(frozen=True, slots=True)
class ImportResult:
    """An imported list with the lines that were skipped; `bullets` counts bullets and rows."""

    catalog: Catalog
    skipped: tuple[SkippedLine, ...]
    bullets: int


def import_list(
    parsed: ParsedList, names: KnownNames, *, title: str, base: ListInfo | None = None
) -> ImportResult:
    """Make a catalog of a parsed list.

    `title` is used if the document has none. Settings, section ids and aliases of `base`, the
    existing list, are kept.
    """
    base_sections = base.sections if base else ()
    sections = tuple(_sections(parsed.sections, base_sections))
    collector = _EntryCollector()
    for path, heading in _headings(parsed.sections, sections):
        for line, draft in heading.drafts:
            collector.add(path, line, draft)
    entries = collector.entries(section_ranks(sections))
    info = replace(
        base or ListInfo(title=title, sections=()),
        title=parsed.title or title,
        introduction=parsed.introduction,
        sections=sections,
        venues=names.venues.used({entry.venue for entry in entries if entry.venue}),
        orgs=names.orgs.used({org for entry in entries for org in entry.orgs}),
    )
    skipped = sorted((*parsed.skipped, *collector.repeated), key=lambda skipped: skipped.line)
    return ImportResult(Catalog(info, entries), tuple(skipped), parsed.bullets)


def merge(old: Catalog, new: Catalog) -> tuple[Catalog, tuple[Entry, ...]]:
    """Add the papers, sections and names of a new list to an old one; also the added entries."""
    index = PaperIndex(old.entries)
    added = tuple(entry for entry in new.entries if index.find(entry) is None)
    info = replace(
        old.info,
        sections=_merged_sections(old.info.sections, new.info.sections),
        venues=_merged_names(old.info.venues, new.info.venues),
        orgs=_merged_names(old.info.orgs, new.info.orgs),
    )
    ranks = section_ranks(info.sections)
    entries = sorted((*old.entries, *added), key=lambda entry: ranks[entry.home])
    return Catalog(info, tuple(entries)), added


def derived_id(section: Section, earlier: Iterable[Section]) -> str:
    """The id that an import derives from a section's title, after these siblings."""
    return _free_id(_slug(section.title), {sibling.id for sibling in earlier})


class _EntryCollector:
    """Collects entries in the order of the document, each paper once."""

    def __init__(self) -> None:
        self.repeated: list[SkippedLine] = []
        self._index = PaperIndex()
        self._papers: list[tuple[Entry, int, tuple[str, ...]]] = []  # noted order of sections
        self._seen: set[tuple[int, str]] = set()

    def add(self, path: str, line: int, draft: Draft) -> None:
        entry = draft.entry((path,))
        number = self._index.find(entry)
        if number is None:
            number = len(self._papers)
            self._papers.append((entry, line, draft.sections))
        else:
            first, first_line, noted = self._papers[number]
            if (number, path) in self._seen:
                text = f"{entry.title[:100]} (line {first_line})"
                reason = "a paper that its section has already"
                self.repeated.append(SkippedLine(line, reason, text))
                return
            home_line = line if noted and noted[0] == path else first_line
            self._papers[number] = (_joined(first, entry), home_line, noted)
        self._seen.add((number, path))
        self._index.put(number, self._papers[number][0])

    def entries(self, ranks: Mapping[str, int]) -> tuple[Entry, ...]:
        """The entries in the order of the list."""
        placed = [(_reordered(entry, noted), line) for entry, line, noted in self._papers]
        placed.sort(key=lambda paper: (ranks[paper[0].home], paper[1]))
        return tuple(entry for entry, _ in placed)


def _reordered(entry: Entry, noted: tuple[str, ...]) -> Entry:
    first = [path for path in noted if path in entry.sections]
    rest = [path for path in entry.sections if path not in first]
    return replace(entry, sections=(*first, *rest))


def _joined(first: Entry, again: Entry) -> Entry:
    """One entry of two lines; the second supplies what the first lacks."""
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
    """Sections with unique ids among siblings; sections of `base` keep their id and aliases."""
    by_title = {section.title: section for section in base}
    taken = {section.id for section in base}
    for heading in headings:
        old = by_title.get(heading.title)
        section_id = old.id if old else _free_id(heading.id or _slug(heading.title), taken)
        taken.add(section_id)
        yield Section(
            id=section_id,
            title=heading.title,
            aliases=old.aliases if old else (),
            sections=tuple(_sections(heading.children, old.sections if old else ())),
        )


def _slug(title: str) -> str:
    return slugify(title) or "section"


def _free_id(wanted: str, taken: set[str]) -> str:
    """The id, with a number if a sibling has it."""
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name not in taken)


def _headings(
    headings: Iterable[Heading], sections: Iterable[Section], above: str = ""
) -> Iterator[tuple[str, Heading]]:
    for heading, section in zip(headings, sections, strict=True):
        path = f"{above}{section.id}"
        yield path, heading
        yield from _headings(heading.children, section.sections, f"{path}/")


def _merged_names(
    old: Mapping[str, tuple[str, ...]], new: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    return {**old, **{name: others for name, others in new.items() if name not in old}}


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
