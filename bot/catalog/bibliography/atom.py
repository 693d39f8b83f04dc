"""A list as an Atom feed (RFC 4287), the latest additions first. Pure."""

import datetime as dt
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from itertools import chain, count
from uuid import NAMESPACE_URL, uuid5

from bot.catalog.bibliography.cited_paper import listing_order, one_line
from bot.catalog.identity import entry_key, facts_of
from bot.catalog.model import Catalog, Entry

_ATOM = "http://www.w3.org/2005/Atom"
_UNKNOWN_DAY = dt.date(1970, 1, 1)


def write_atom(catalog: Catalog) -> str:
    """The feed of a list. An id follows from the identity of the paper, and so stays the same.

    RFC 4287 requires a date: that of the addition, or else of the first version, or else of the
    year; of a paper without any it is 1970-01-01.
    """
    entries = sorted(catalog.entries, key=lambda entry: _day(catalog, entry), reverse=True)
    latest = _day(catalog, entries[0]) if entries else _UNKNOWN_DAY
    feed = ET.Element("feed", {"xmlns": _ATOM})
    _text(feed, "id", uuid5(NAMESPACE_URL, f"list:{catalog.info.title}").urn)
    _text(feed, "title", catalog.info.title)
    _text(feed, "updated", _moment(latest))
    _person(feed, catalog.info.title)
    ids = _entry_ids(catalog)
    for entry in entries:
        _append(feed, catalog, entry, ids[id(entry)])
    ET.indent(feed)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(feed, "unicode")}\n'


def _append(feed: ET.Element, catalog: Catalog, entry: Entry, identity: str) -> None:
    item = ET.SubElement(feed, "entry")
    _text(item, "id", identity)
    _text(item, "title", entry.title)
    _text(item, "updated", _moment(_day(catalog, entry)))
    facts = facts_of(catalog, entry)
    if facts.published:
        _text(item, "published", _moment(facts.published))
    for author in facts.authors:
        _person(item, author)
    if entry.url:
        ET.SubElement(item, "link", {"rel": "alternate", "href": one_line(entry.url)})
    for path in entry.sections:
        label = one_line(catalog.section_titles(path))
        ET.SubElement(item, "category", {"term": path, "label": label})
    edition = " ".join(str(part) for part in (entry.venue, entry.year) if part)
    parts = (edition, catalog.section_titles(entry.home))
    _text(item, "summary", " · ".join(part for part in parts if part))


def _entry_ids(catalog: Catalog) -> Mapping[int, str]:
    """The id of each entry, by the `id` of the object; also where two papers have one link."""
    ids: dict[int, str] = {}
    keys = set[str]()
    for entry in sorted(catalog.entries, key=listing_order):
        best = entry_key(entry)
        own = chain((best, f"{best}#{entry.title}"), (f"{best}#{number}" for number in count(2)))
        key = next(key for key in own if key not in keys)
        keys.add(key)
        ids[id(entry)] = uuid5(NAMESPACE_URL, key).urn
    return ids


def _day(catalog: Catalog, entry: Entry) -> dt.date:
    facts = facts_of(catalog, entry)
    year = entry.year or facts.year
    of_year = dt.date(year, 1, 1) if year else _UNKNOWN_DAY
    return entry.added or facts.published or of_year


def _moment(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _person(parent: ET.Element, name: str) -> None:
    _text(ET.SubElement(parent, "author"), "name", name)


def _text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = one_line(text)
