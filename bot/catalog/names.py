"""Canonical names of venues and organisations, and the spellings under which they are met."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources

import yaml

from bot.catalog.model import ListInfo, compact


@dataclass(frozen=True)
class Names:
    """One kind of names: canonical name -> its other spellings."""

    spellings: Mapping[str, tuple[str, ...]]

    @cached_property
    def _canonical(self) -> Mapping[str, str]:
        found = {compact(name): name for name in self.spellings}
        for name, others in self.spellings.items():
            for other in others:
                found.setdefault(compact(other), name)
        return found

    def canonical(self, spelling: str) -> str | None:
        """The canonical name that a spelling means, whatever its case and punctuation; or None."""
        return self._canonical.get(compact(spelling))

    def merged(self, other: "Names") -> "Names":
        """Both together; where they disagree this one is right."""
        ours = set(self._canonical)
        added = {
            name: tuple(spelling for spelling in others if compact(spelling) not in ours)
            for name, others in other.spellings.items()
            if compact(name) not in ours
        }
        return Names({**self.spellings, **added})

    def used(self, names: set[str]) -> dict[str, tuple[str, ...]]:
        """Those of them that a list uses, sorted, with a place for the names not known here."""
        return {
            name: tuple(self.spellings.get(name, ())) for name in sorted(names, key=str.casefold)
        }


@dataclass(frozen=True)
class KnownNames:
    """The names that a reader of lists knows."""

    venues: Names
    orgs: Names

    @classmethod
    def of(cls, info: ListInfo) -> "KnownNames":
        """The names of a list's own `list.yaml`."""
        return cls(Names(info.venues), Names(info.orgs))

    def merged(self, other: "KnownNames") -> "KnownNames":
        """Both together; where they disagree this one is right."""
        return KnownNames(self.venues.merged(other.venues), self.orgs.merged(other.orgs))


def shipped_names() -> KnownNames:
    """The names that this project knows of by itself (`names.yaml`)."""
    document = yaml.safe_load(
        resources.files("bot.catalog").joinpath("names.yaml").read_text("utf-8")
    )
    venues, orgs = (
        Names({name: tuple(others) for name, others in document[kind].items()})
        for kind in ("venues", "orgs")
    )
    return KnownNames(venues, orgs)
