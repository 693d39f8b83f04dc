"""Changes of a list: an entry is added, removed or corrected.

A change holds the entry before and after, and nothing about files. The same change is applied to a
list in memory, to YAML text and to Markdown text; applying it again has no further effect.
"""

from dataclasses import dataclass, replace

from bot.catalog.identity import same_paper
from bot.catalog.model import Catalog, Entry, section_ranks
from bot.catalog.yaml.read import CatalogError


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry before and after; None where it does not exist.

    An addition has no `before`, a removal no `after`, a correction both.
    """

    before: Entry | None
    after: Entry | None

    def __post_init__(self) -> None:
        """Raise ValueError if both sides are missing."""
        if self.before is None and self.after is None:
            raise ValueError("a change of nothing into nothing")

    @property
    def reverse(self) -> "Change":
        """The change that undoes this one."""
        return Change(before=self.after, after=self.before)


def is_done(catalog: Catalog, change: Change) -> bool:
    """Whether nothing is left to do for a change, because of it or of a person's edit.

    An addition is done when the paper is listed, no matter who added it. A removal is done when no
    entry carries the suggestion's id (without an id: when no entry equals `before`). A correction
    is done when no entry equals `before`: it was corrected, or edited by hand, which is right.
    """
    before, after = change.before, change.after
    if after is None:
        return before is None or not _entries_to_remove(catalog, before)
    if before is None:
        return any(_is_listed_as(entry, after) for entry in catalog.entries)
    return before == after or before not in catalog.entries


def apply(catalog: Catalog, change: Change) -> Catalog:
    """Apply a change to a list in memory; return the same list if the change is done.

    A new entry is placed last in its home section; a corrected one keeps its place unless its home
    section changed. Raises CatalogError for a section that the list does not have.
    """
    if is_done(catalog, change):
        return catalog
    before, after = change.before, change.after
    removed = _entries_to_remove(catalog, before) if before and after is None else [before]
    kept = [entry for entry in catalog.entries if entry not in removed]
    if after is None:
        return replace(catalog, entries=tuple(kept))
    must_have_sections(catalog, after)
    if before and before.home == after.home and after not in kept:
        kept = list(catalog.entries)
        last = max(at for at, entry in enumerate(kept) if entry == before)
        kept[last] = after
    elif after not in kept:
        kept.insert(_insertion_index(catalog, kept, after), after)
    return replace(catalog, entries=tuple(kept))


def must_have_sections(catalog: Catalog, entry: Entry) -> None:
    """Raise CatalogError if the list lacks a section that an entry names."""
    unknown = [path for path in entry.sections if path not in catalog.places]
    if unknown:
        raise CatalogError(
            f"{entry.title} cannot be listed: the list has no section {unknown[0]} (any more). "
            "Add the section to list.yaml, or give the paper another section."
        )


def _entries_to_remove(catalog: Catalog, before: Entry) -> list[Entry]:
    if before.by is not None:
        return [entry for entry in catalog.entries if entry.by == before.by]
    return [entry for entry in catalog.entries if entry == before]


def _is_listed_as(entry: Entry, after: Entry) -> bool:
    return (after.by is not None and entry.by == after.by) or same_paper(entry, after)


def _insertion_index(catalog: Catalog, entries: list[Entry], new: Entry) -> int:
    """The index after the last entry of the new entry's home section, or of earlier sections."""
    ranks = section_ranks(catalog.info.sections)
    earlier = (at for at, entry in enumerate(entries) if ranks[entry.home] <= ranks[new.home])
    return max(earlier, default=-1) + 1
