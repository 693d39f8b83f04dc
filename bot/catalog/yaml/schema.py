"""JSON Schemas of the data files, for editors and for `papers schema`; derived from the model."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from bot.catalog.model import Entry, ListInfo

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


@cache
def schemas() -> Mapping[str, str]:
    """File name -> JSON Schema: `list.json` for list.yaml, `papers.json` for papers/*.yaml."""
    return {
        "list.json": _text(
            TypeAdapter(ListInfo).json_schema(), "A curated list: its title, sections and settings"
        ),
        "papers.json": _text(
            TypeAdapter(list[Entry]).json_schema(), "The papers of a section, in the list's order"
        ),
    }


def _text(schema: dict[str, Any], title: str) -> str:
    return (
        json.dumps({"$schema": _DRAFT, **schema, "title": title}, indent=2, ensure_ascii=False)
        + "\n"
    )
