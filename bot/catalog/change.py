"""What happens to an entry: it comes, goes or is corrected; whether that is done; done in memory.

A change says what was and what is to be, and nothing of how: the same one is applied to a list in
memory, to YAML text and to Markdown, and may be applied again without doing more.
"""

from dataclasses import dataclass, replace

from bot.catalog.identity import same_paper
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.read import CatalogError


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry's way from what was to what is to be; None is absence.

    An addition has no `before`, a removal no `after`, a correction both.
    """

    before: Entry | None
    after: Entry | None

    def __post_init__(self) -> None:
        """A change has at least one side."""
        if self.before is None and self.after is None:
            raise ValueError("a change of nothing into nothing")

    @property
    def reverse(self) -> "Change":
        """The change that undoes it."""
        return Change(before=self.after, after=self.before)


def is_done(catalog: Catalog, change: Change) -> bool:
    """Whether a list is as the change would have it, or as a person has made it meanwhile.

    An addition is done when the paper is on the list, by whomever. A removal is done when no entry
    carries the suggestion any more (or, where it has none, equals what was). A correction is done
    when nothing equals what was: corrected, or edited by hand, which is right.
    """
    before, after = change.before, change.after
    if after is None:
        return before is None or not _going(catalog, before)
    if before is None:
        return any(_is_that(entry, after) for entry in catalog.entries)
    return before == after or before not in catalog.entries


def apply(catalog: Catalog, change: Change) -> Catalog:
    """The list after the change; the list as it is where the change is done.

    A new entry stands last in its home section; a corrected one stays where it is, unless its home
    is another now. Raises CatalogError when it names a section that the list does not have.
    """
    if is_done(catalog, change):
        return catalog
    before, after = change.before, change.after
    going = _going(catalog, before) if before and after is None else [before]
    kept = [entry for entry in catalog.entries if entry not in going]
    if after is None:
        return replace(catalog, entries=tuple(kept))
    must_have_sections(catalog, after)
    if before and before.home == after.home and after not in kept:
        at = _last_equal(catalog.entries, before)
        kept = [after if place == at else one for place, one in enumerate(catalog.entries)]
        return replace(catalog, entries=tuple(kept))
    if after not in kept:
        kept.insert(_place(catalog, kept, after), after)
    return replace(catalog, entries=tuple(kept))


def must_have_sections(catalog: Catalog, entry: Entry) -> None:
    """Raises CatalogError when a list does not have the sections that an entry names."""
    unknown = [path for path in entry.sections if path not in catalog.places]
    if unknown:
        raise CatalogError(
            f"{entry.title} cannot be listed: there is no section {unknown[0]} in the list (any "
            "more). Add the section to list.yaml, or give the paper another section."
        )


def _going(catalog: Catalog, before: Entry) -> list[Entry]:
    if before.by is not None:
        return [entry for entry in catalog.entries if entry.by == before.by]
    return [entry for entry in catalog.entries if entry == before]


def _is_that(entry: Entry, after: Entry) -> bool:
    return (after.by is not None and entry.by == after.by) or same_paper(entry, after)


def _last_equal(entries: tuple[Entry, ...], entry: Entry) -> int:
    return max(at for at, one in enumerate(entries) if one == entry)


def _place(catalog: Catalog, entries: list[Entry], entry: Entry) -> int:
    """Behind the last entry of its home section, or of the sections before it."""
    order = {path: at for at, path in enumerate(catalog.places)}
    earlier = (at for at, one in enumerate(entries) if order[one.home] <= order[entry.home])
    return max(earlier, default=-1) + 1
