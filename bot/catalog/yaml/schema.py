"""Validators and JSON Schemas of the data files, derived from the model.

The schemas are for editors and for `papers schema`.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.catalog.facts import PaperFacts
from bot.catalog.model import Entry, ListInfo, Section

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@cache
def info_type() -> TypeAdapter[ListInfo]:
    """The validator and serializer of `list.yaml`."""
    return TypeAdapter(ListInfo)


@cache
def sections_type() -> TypeAdapter[tuple[Section, ...]]:
    """The serializer of sections."""
    return TypeAdapter(tuple[Section, ...])


@cache
def entry_type() -> TypeAdapter[Entry]:
    """The validator of an entry."""
    return TypeAdapter(Entry)


@cache
def facts_type() -> TypeAdapter[PaperFacts]:
    """The validator of a paper's facts."""
    return TypeAdapter(PaperFacts)


@cache
def schemas() -> Mapping[str, str]:
    """File name -> JSON Schema: of list.yaml, of papers/*.yaml and of facts.yaml."""
    facts = TypeAdapter(dict[str, PaperFacts]).json_schema()
    papers = TypeAdapter(list[Entry]).json_schema()
    return {
        "list.json": _text(
            info_type().json_schema(), "A curated list: its title, sections and settings"
        ),
        "papers.json": _text(papers, "The papers of a section, in the list's order"),
        "facts.json": _text(facts, "Facts of the listed papers, by paper key"),
    }


def _text(schema: dict[str, Any], title: str) -> str:
    document = {"$schema": _DRAFT, **schema, "title": title}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
