"""The parts of a curated list: entries in a tree of sections. Values only.

The annotations are the data format itself: `yaml/read.py` validates YAML against them and
`yaml/schema.py` derives the editors' JSON Schemas, so each key is described in one place.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

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
            description="The whole title: `Name: rest` where the list has a name. No markup.",
        ),
    ]
    url: Annotated[
        str | None,
        Field(
            pattern=r"^https://[^\s<>]+$",
            description="https, without tracking parameters; https://arxiv.org/abs/ID for arXiv.",
        ),
    ] = None
    arxiv: Annotated[
        str | None,
        Field(
            pattern=r"^(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})$",
            description='The arXiv id without version, quoted: "2401.09670".',
        ),
    ] = None
    doi: Annotated[
        str | None, Field(pattern=r"^10\.\d{4,9}/\S+$", description="The DOI, without resolver.")
    ] = None
    venue: Annotated[
        str | None,
        Field(
            pattern=ONE_LINE,
            description="The canonical name; a workshop keeps its words (ICML ES-FoMo Workshop).",
        ),
    ] = None
    year: Annotated[
        int | None,
        Field(strict=True, ge=1900, le=2100, description="The year of the venue's edition."),
    ] = None
    orgs: Annotated[
        tuple[Text, ...],
        Field(description="Canonical names of organisations, in the list's order."),
    ] = ()
    note: Annotated[
        str | None, Field(pattern=ONE_LINE, description="A remark of the list's (`Section 3`).")
    ] = None
    sections: Annotated[
        tuple[SectionPath, ...],
        Field(min_length=1, description="Section id paths; the home section first."),
    ]
    added: Annotated[
        dt.date | None, Field(description="The day of the addition; absent on imported entries.")
    ] = None
    by: Annotated[
        str | None, Field(pattern=ONE_LINE, description="The suggestion that brought the entry.")
    ] = None

    @property
    def home(self) -> str:
        """The path of the section that the entry belongs to first."""
        return self.sections[0]

    @property
    def name(self) -> str | None:
        """What comes before the first colon of the title (`DistServe`), if there is one."""
        name, colon, rest = self.title.partition(": ")
        return name if colon and rest else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading of the list."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$",
            description="A short id, unique beside its siblings; part of the entries' paths.",
        ),
    ]
    title: Text
    aliases: Annotated[
        tuple[Text, ...], Field(description="Other names under which people look it up.")
    ] = ()
    sections: tuple["Section", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """Who decides on suggestions."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    reviewers: Annotated[
        tuple[Text, ...],
        Field(description="Slack ids of people or user groups; empty: the review channel."),
    ] = ()
    quorum: Annotated[
        int, Field(strict=True, ge=1, description="How many approvals a paper needs.")
    ] = 1
    self_approval: Annotated[
        bool, Field(strict=True, description="Whether one may approve one's own suggestion.")
    ] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    """Where the list is published beside `data/`."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    markdown: Annotated[
        str | None,
        Field(
            pattern=ONE_LINE,
            description="The Markdown file kept in step: its path from the data folder, or, where "
            "there is none, from the folder that the data folder is in.",
        ),
    ] = None


NAMES = "Canonical name, then the other spellings under which it is met."


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """The list itself: what `list.yaml` holds."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Text
    introduction: Annotated[str, Field(description="Markdown before the first section.")] = ""
    sections: Annotated[
        tuple[Section, ...], Field(description="The tree of sections, in the list's order.")
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
    budget: Annotated[Count, Field(description="How many papers to propose a week.")] = 10
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    publish: PublishPolicy = field(default_factory=PublishPolicy)


@dataclass(frozen=True, slots=True)
class Place:
    """A section with its place in the tree."""

    path: str
    section: Section
    titles: tuple[str, ...]

    @property
    def depth(self) -> int:
        """1 for a top section."""
        return len(self.titles)


@dataclass(frozen=True)
class Catalog:
    """A whole list. `entries` stand in the list's order: by home section, then as written."""

    info: ListInfo
    entries: tuple[Entry, ...]

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Every section by its path, in the list's order."""
        return {place.path: place for place in walk(self.info.sections)}

    @cached_property
    def listed(self) -> Mapping[str, tuple[Entry, ...]]:
        """Per section path what stands in it: those whose home it is, then the cross-listed."""
        homes: dict[str, list[Entry]] = {path: [] for path in self.places}
        guests: dict[str, list[Entry]] = {path: [] for path in self.places}
        for entry in self.entries:
            homes[entry.home].append(entry)
            for path in entry.sections[1:]:
                guests[path].append(entry)
        return {path: (*homes[path], *guests[path]) for path in self.places}

    def within(self, path: str) -> tuple[Entry, ...]:
        """The entries of a section, then those of its subsections; each once, in order."""
        return self._within.get(path, ())

    @cached_property
    def _within(self) -> Mapping[str, tuple[Entry, ...]]:
        return {path: self._gathered(path) for path in self.places}

    def _gathered(self, path: str) -> tuple[Entry, ...]:
        found = {
            id(entry): entry
            for place in self.places
            if place == path or place.startswith(f"{path}/")
            for entry in self.listed[place]
        }
        return tuple(found.values())

    def section_titles(self, path: str, separator: str = " > ") -> str:
        """The titles down to a section: `LLM Systems > Serving`."""
        return separator.join(self.places[path].titles)


def walk(sections: tuple[Section, ...], above: Place | None = None) -> Iterator[Place]:
    """Every section of a tree, parents before children, in the list's order."""
    for section in sections:
        place = Place(
            path=f"{above.path}/{section.id}" if above else section.id,
            section=section,
            titles=(*(above.titles if above else ()), section.title),
        )
        yield place
        yield from walk(section.sections, place)


def fold(text: str) -> str:
    """Text without accents and case: `DéjàVu` and `dejavu` are the same.

    Compatibility forms are folded too (full-width letters, ligatures), as Unicode's NFKD has them.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def compact(text: str) -> str:
    """A key for names: folded, without spaces and punctuation, save `+` and `#` (ZeRO++, C#).

    `Deja Vu`, `DéjàVu` and `deja-vu` share the key `dejavu`.
    """
    return re.sub(r"[^\w+#]|_", "", fold(text))
