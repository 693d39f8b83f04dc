"""A list as JSON: its entries with the facts of their papers. Pure."""

import json
from typing import Any

from bot.catalog.bibliography.cited_paper import citation_keys
from bot.catalog.identity import facts_of
from bot.catalog.model import Catalog, Entry


def write_json(catalog: Catalog) -> str:
    """A JSON object with the title of the list and all entries; what is unknown is absent."""
    keys = citation_keys(catalog)
    entries = [_entry(catalog, entry, keys[id(entry)]) for entry in catalog.entries]
    listed = {"title": catalog.info.title, "entries": entries}
    return f"{json.dumps(listed, ensure_ascii=False, indent=2)}\n"


def _entry(catalog: Catalog, entry: Entry, key: str) -> dict[str, Any]:
    facts = facts_of(catalog, entry)
    values = {
        "key": key,
        "title": entry.title,
        "url": entry.url,
        "arxiv": entry.arxiv,
        "doi": entry.doi or facts.doi,
        "dblp": facts.dblp,
        "venue": entry.venue,
        "year": entry.year or facts.year,
        "orgs": list(entry.orgs),
        "note": entry.note,
        "sections": [catalog.section_titles(path) for path in entry.sections],
        "added": str(entry.added) if entry.added else None,
        "authors": list(facts.authors),
        "more_authors": facts.more_authors,
        "published": str(facts.published) if facts.published else None,
        "categories": list(facts.categories),
        "present_title": facts.title,
        "sources": {source: str(day) for source, day in facts.sources.items()},
    }
    return {name: value for name, value in values.items() if value}
