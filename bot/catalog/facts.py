"""Facts of listed papers beyond their entries: authors, dates, categories, present title.

A fact adds to the list and never overrides it: what an entry states is true.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

_LINE = r"^\S(?:[^\r\n]*\S)?$"
_Name = Annotated[str, Field(pattern=_LINE, max_length=200)]
_Identifier = Annotated[str, Field(pattern=r"^\S+$", max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperFacts:
    """Facts of one paper. An absent value is unknown."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    title: Annotated[
        str | None,
        Field(
            pattern=_LINE,
            max_length=500,
            description="The present title, where it differs from the list's.",
        ),
    ] = None
    authors: Annotated[
        tuple[_Name, ...],
        Field(max_length=5000, description="Whole names, given name first, in the paper's order."),
    ] = ()
    more_authors: Annotated[
        bool, Field(strict=True, description="Whether there are authors after those named.")
    ] = False
    year: Annotated[
        int | None, Field(strict=True, ge=1900, le=2100, description="The year of publication.")
    ] = None
    published: Annotated[
        dt.date | None, Field(description="The day on which the first version appeared.")
    ] = None
    categories: Annotated[
        tuple[_Identifier, ...],
        Field(max_length=50, description="arXiv's, primary first."),
    ] = ()
    doi: Annotated[_Identifier | None, Field(description="The DOI without a resolver.")] = None
    dblp: Annotated[_Identifier | None, Field(description="dblp's record key.")] = None
    sources: Annotated[
        Mapping[_Name, dt.date],
        Field(max_length=20, description="Where the facts come from, and when they were read."),
    ] = field(default_factory=dict)


NO_FACTS = PaperFacts()


def merge_facts(old: PaperFacts, new: PaperFacts) -> PaperFacts:
    """Add the newer facts of a paper to the older ones.

    A list of authors is replaced by a complete one or by a longer one, and by nothing else: names
    that a person corrected in the file stay. Facts that state nothing new leave `old` unchanged.
    """
    has_more = len(new.authors) > len(old.authors)
    is_completed = old.more_authors and not new.more_authors and bool(new.authors)
    takes_authors = not old.authors or (old.more_authors and (has_more or is_completed))
    merged = replace(
        old,
        title=old.title or new.title,
        authors=new.authors if takes_authors else old.authors,
        more_authors=new.more_authors if takes_authors else old.more_authors,
        year=old.year or new.year,
        published=old.published or new.published,
        categories=old.categories or new.categories,
        doi=old.doi or new.doi,
        dblp=old.dblp or new.dblp,
    )
    return old if merged == old else replace(merged, sources={**old.sources, **new.sources})
