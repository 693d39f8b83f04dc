"""Canonical names of venues and organisations, and their other spellings."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import yaml

from bot.catalog.model import ListInfo, compact


@dataclass(frozen=True)
class Names:
    """Names of one kind: canonical name -> its other spellings."""

    spellings: Mapping[str, tuple[str, ...]]

    @cached_property
    def _canonical(self) -> Mapping[str, str]:
        names = {compact(name): name for name in self.spellings}
        for name, others in self.spellings.items():
            for other in others:
                names.setdefault(compact(other), name)
        return names

    def canonical(self, spelling: str) -> str | None:
        """The canonical name of a spelling, regardless of case and punctuation; or None."""
        return self._canonical.get(compact(spelling))

    def merged(self, other: "Names") -> "Names":
        """These names and those of another; where they disagree, these win.

        A name that both know, under any spelling, has the spellings of both.
        """
        merged = {name: list(others) for name, others in self.spellings.items()}
        ours = self._canonical
        for name, others in other.spellings.items():
            known = (ours.get(compact(spelling)) for spelling in (name, *others))
            owner = next((each for each in known if each is not None), None)
            new = [spelling for spelling in (name, *others) if compact(spelling) not in ours]
            if owner is None:
                merged[name] = list(others)
            else:
                merged[owner] += new
        return Names({name: tuple(others) for name, others in merged.items()})

    def used(self, names: set[str]) -> dict[str, tuple[str, ...]]:
        """The given names with their spellings, sorted; names not known here have none."""
        return {
            name: tuple(self.spellings.get(name, ())) for name in sorted(names, key=str.casefold)
        }


@dataclass(frozen=True)
class KnownNames:
    """Names of venues and organisations that are recognised in a list."""

    venues: Names
    orgs: Names

    @classmethod
    def of(cls, info: ListInfo) -> "KnownNames":
        """The names in the `list.yaml` of a list."""
        return cls(Names(info.venues), Names(info.orgs))

    def merged(self, other: "KnownNames") -> "KnownNames":
        """These names and those of another; where they disagree, these win."""
        return KnownNames(self.venues.merged(other.venues), self.orgs.merged(other.orgs))


@cache
def shipped_names() -> KnownNames:
    """The names that come with this project (`names.yaml`)."""
    document = yaml.safe_load(
        resources.files("bot.catalog").joinpath("names.yaml").read_text("utf-8")
    )
    venues, orgs = (
        Names({name: tuple(others) for name, others in document[kind].items()})
        for kind in ("venues", "orgs")
    )
    return KnownNames(venues, orgs)
