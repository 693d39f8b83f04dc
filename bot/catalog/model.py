"""Data model of a curated list: entries in a tree of sections. Values only.

The annotations define the data format: `yaml/read.py` validates YAML against them and
`yaml/schema.py` derives the JSON Schemas for editors from them.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from bot.catalog.facts import PaperFacts

LONGEST_TITLE = 500
"""The longest title in characters, where titles are entered or found."""
ONE_LINE = r"^\S(?:[^\r\n]*\S)?$"

Text = Annotated[str, Field(pattern=ONE_LINE)]
SectionPath = Annotated[
    str, Field(pattern=r"^[a-z0-9]+(?:[-/][a-z0-9]+)*$", examples=["llm-systems/serving"])
]
Count = Annotated[int, Field(strict=True, ge=1)]

DEFAULT_CATEGORIES = tuple(
    f"cs.{group}" for group in ["DC", "LG", "CL", "AI", "AR", "OS", "PF", "NI", "SE", "DB", "PL"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One paper, article or project on the list."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Annotated[
        str,
        Field(
            pattern=ONE_LINE,
            description="The full title, `Name: rest` if the paper has a short name. No markup.",
        ),
    ]
    url: Annotated[
        str | None,
        Field(
            pattern=r"^https://[^\s<>]+$",
            description="https, no tracking parameters; https://arxiv.org/abs/ID for arXiv.",
        ),
    ] = None
    arxiv: Annotated[
        str | None,
        Field(
            pattern=r"^(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})$",
            description='The arXiv id without a version, quoted: "2401.09670".',
        ),
    ] = None
    doi: Annotated[
        str | None, Field(pattern=r"^10\.\d{4,9}/\S+$", description="The DOI without a resolver.")
    ] = None
    venue: Annotated[
        str | None,
        Field(
            pattern=ONE_LINE,
            description="The canonical name; a workshop in full (ICML ES-FoMo Workshop).",
        ),
    ] = None
    year: Annotated[
        int | None,
        Field(strict=True, ge=1900, le=2100, description="The year of the venue's edition."),
    ] = None
    orgs: Annotated[
        tuple[Text, ...],
        Field(description="Canonical names of organisations, in the order of the list."),
    ] = ()
    note: Annotated[str | None, Field(pattern=ONE_LINE, description="A remark (`Section 3`).")] = (
        None
    )
    sections: Annotated[
        tuple[SectionPath, ...],
        Field(min_length=1, description="Paths of section ids, the home section first."),
    ]
    added: Annotated[
        dt.date | None, Field(description="The date of the addition; absent on imported entries.")
    ] = None
    by: Annotated[
        str | None,
        Field(pattern=ONE_LINE, description="The id of the suggestion that added the entry."),
    ] = None

    @property
    def home(self) -> str:
        """The path of the home section, the first of `sections`."""
        return self.sections[0]

    @property
    def top(self) -> str:
        """The id of the top section that contains the home section; it names the file."""
        return self.home.split("/")[0]

    @property
    def name(self) -> str | None:
        """The short name before the first colon of the title (`DistServe`), or None."""
        return name_of(self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of the list."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
            description="A short id, unique among its siblings; part of the paths in entries.",
        ),
    ]
    title: Text
    aliases: Annotated[
        tuple[Text, ...], Field(description="Other names that people search for.")
    ] = ()
    sections: tuple["Section", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """Rules for decisions on suggestions."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    reviewers: Annotated[
        tuple[Text, ...],
        Field(description="Slack ids of people or user groups; empty: all in the review channel."),
    ] = ()
    quorum: Annotated[
        int, Field(strict=True, ge=1, description="The number of approvals that a paper needs.")
    ] = 1
    self_approval: Annotated[
        bool,
        Field(
            strict=True,
            description="Whether people may approve what they suggested, want or last edited.",
        ),
    ] = True
    guests: Annotated[
        bool,
        Field(strict=True, description="Whether the workspace's guests may suggest and decide."),
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """Publication of the list in addition to `data/`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    markdown: Annotated[
        str | None,
        Field(
            pattern=ONE_LINE,
            description="The Markdown file that is kept up to date: its path from the data folder "
            "or, if there is no such file, from the parent of the data folder.",
        ),
    ] = None


NAMES = "Canonical name, then other spellings of it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """Title, sections and settings of a list: the content of `list.yaml`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Text
    introduction: Annotated[str, Field(description="Markdown before the first section.")] = ""
    sections: Annotated[
        tuple[Section, ...], Field(description="The tree of sections, in the order of the list.")
    ]
    venues: Annotated[Mapping[Text, tuple[Text, ...]], Field(description=NAMES)] = field(
        default_factory=dict
    )
    orgs: Annotated[Mapping[Text, tuple[Text, ...]], Field(description=NAMES)] = field(
        default_factory=dict
    )
    synonyms: Annotated[
        tuple[tuple[Text, ...], ...],
        Field(description="Groups of terms that mean the same: [moe, mixture of experts]."),
    ] = ()
    categories: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z-]+(?:\.[A-Za-z-]+)?$")], ...],
        Field(description="The arXiv categories to watch."),
    ] = DEFAULT_CATEGORIES
    budget: Annotated[Count, Field(description="The number of papers to propose each week.")] = 10
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    publish: PublishPolicy = field(default_factory=PublishPolicy)


@dataclass(frozen=True, slots=True)
class Place:
    """A section with its path and the titles from the top section down to it."""

    path: str
    section: Section
    titles: tuple[str, ...]

    @property
    def depth(self) -> int:
        """1 for a top section."""
        return len(self.titles)


@dataclass(frozen=True)
class Catalog:
    """A list with its entries, ordered by home section, then as written."""

    info: ListInfo
    entries: tuple[Entry, ...]
    facts: Mapping[str, PaperFacts] = field(default_factory=dict)
    """Further facts of the papers, by paper key; `identity.facts_of` finds those of an entry."""

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every section by its path, in the order of the list."""
        return {place.path: place for place in walk(self.info.sections)}

    @cached_property
    def listed(self) -> Mapping[str, tuple[Entry, ...]]:
        """The entries of each section by its path: home entries first, then cross-listed ones."""
        listed: dict[str, list[Entry]] = {path: [] for path in self.places}
        for entry in self.entries:
            listed[entry.home].append(entry)
        for entry in self.entries:
            for path in entry.sections[1:]:
                listed[path].append(entry)
        return {path: tuple(entries) for path, entries in listed.items()}

    def within(self, path: str) -> tuple[Entry, ...]:
        """The entries of a section, then those of its subsections; each entry once."""
        return self._within.get(path, ())

    @cached_property
    def _within(self) -> Mapping[str, tuple[Entry, ...]]:
        return {
            path: tuple(
                {
                    id(entry): entry
                    for below in self.places
                    if f"{below}/".startswith(f"{path}/")
                    for entry in self.listed[below]
                }.values()
            )
            for path in self.places
        }

    def section_titles(self, path: str, separator: str = " > ") -> str:
        """The titles from the top section down: `LLM Systems > Serving`."""
        return separator.join(self.places[path].titles)


def walk(sections: tuple[Section, ...], above: Place | None = None) -> Iterator[Place]:
    """Yield every section of a tree, parents before children."""
    for section in sections:
        place = Place(
            path=f"{above.path}/{section.id}" if above else section.id,
            section=section,
            titles=(*(above.titles if above else ()), section.title),
        )
        yield place
        yield from walk(section.sections, place)


def section_ranks(sections: tuple[Section, ...]) -> Mapping[str, int]:
    """The position of each section in the order of the list, by path."""
    return {place.path: rank for rank, place in enumerate(walk(sections))}


def name_of(title: str) -> str | None:
    """The short name before the first colon of a title, or None."""
    name, colon, rest = title.partition(": ")
    return name if colon and rest else None


def fold(text: str) -> str:
    """Remove accents and case: `DéjàVu` becomes `dejavu`.

    Compatibility forms (full-width letters, ligatures) are replaced as in Unicode's NFKD.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def compact(text: str) -> str:
    """A key for names: folded, without spaces or punctuation except `+` and `#` (ZeRO++, C#).

    `Deja Vu`, `DéjàVu` and `deja-vu` share the key `dejavu`.
    """
    return re.sub(r"[^\w+#]|_", "", fold(text))
