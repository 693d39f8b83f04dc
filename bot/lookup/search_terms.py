"""Values of a search: groups of words, phrases, filters. Pure."""

from dataclasses import dataclass

from bot.lookup.filters import Filter


@dataclass(frozen=True, slots=True)
class TermGroup:
    """One term of a search: words that belong together, and the term's synonyms."""

    words: tuple[str, ...]
    synonyms: tuple[tuple[str, ...], ...] = ()
    person: str | None = None
    """The key of the author whose name the words are (`people.py`)."""
    weight: float = 1.0
    """The weight of the words as evidence, as a share of that of rare words."""


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """A search: groups in any order, phrases word by word, filters and exclusions."""

    text: str
    groups: tuple[TermGroup, ...]
    phrases: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    excluded: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    """Keys of the names and titles that the text is about; their entries come first."""

    @property
    def words(self) -> list[str]:
        """The words of all groups, as typed."""
        return [word for group in self.groups for word in group.words]
