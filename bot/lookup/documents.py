"""An entry as the index holds it: which of its texts stand in which field."""

from collections.abc import Iterator

import tantivy

from bot.catalog.links import read_link
from bot.catalog.model import Catalog, Entry, compact
from bot.lookup.words import compounds

_NAME_WORDS = 6


def index_schema() -> tantivy.Schema:
    """The fields of the index, each with the form in which its words are kept."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("position", fast=True)
    builder.add_integer_field("year", indexed=True, fast=True)
    for name in ("name", "title", "about"):
        builder.add_text_field(name, tokenizer_name="stems")
    for name in ("compound", "link"):
        builder.add_text_field(name, tokenizer_name="stems", index_option="freq")
    for name in ("spelled_name", "spelled"):
        builder.add_text_field(name, tokenizer_name="spelled", index_option="basic")
    for name in ("key", "venue", "org", "section"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    return builder.build()


class Documents:
    """What the documents of one catalog share: its sections' texts."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._sections = {
            path: (
                f"{' '.join(place.titles)} {' '.join(place.section.aliases)}",
                [
                    "/".join(parts[:depth])
                    for parts in [path.split("/")]
                    for depth in range(1, len(parts) + 1)
                ],
            )
            for path, place in catalog.places.items()
        }
        self._names = {**catalog.info.venues, **catalog.info.orgs}

    def document(self, position: int, entry: Entry) -> tantivy.Document:
        """The document of the entry at this position of the list."""
        named = (*((entry.venue,) if entry.venue else ()), *entry.orgs)
        spellings = [spelling for name in named for spelling in (name, *self._names.get(name, ()))]
        sections = [self._sections[path] for path in entry.sections]
        name = entry.name or ""
        about = " ".join(
            [*(text for text, _ in sections), *spellings, *_edition(entry), entry.note or ""]
        )
        short = name if len(name.split()) <= _NAME_WORDS else ""
        if not entry.name and len(entry.title.split()) <= _NAME_WORDS:
            short = entry.title
        together = compounds(entry.title)
        return tantivy.Document(
            position=position,
            key=_keys(entry),
            name=f"{short} {compounds(short)}" if short else "",
            title=entry.title,
            compound=together,
            about=about,
            link=_link_words(entry.url),
            spelled_name=f"{short} {compounds(short)}",
            spelled=f"{entry.title} {about} {together}",
            venue=[compact(entry.venue)] if entry.venue else [],
            org=[compact(org) for org in entry.orgs],
            section=[path for _, paths in sections for path in paths],
            year=[entry.year] if entry.year is not None else [],
        )


def _edition(entry: Entry) -> Iterator[str]:
    """The ways in which people write an edition: `OSDI 2024`, `OSDI '24`, `osdi24`."""
    if entry.year is not None:
        yield from (str(entry.year), f"{entry.year % 100:02d}")
        if entry.venue:
            yield f"{entry.venue}{entry.year % 100:02d}"


def _keys(entry: Entry) -> list[str]:
    return list({compact(text) for text in (entry.name, entry.title) if text})


def _link_words(url: str | None) -> str:
    link = read_link(url) if url else None
    return link.url.removeprefix("https://") if link else ""
