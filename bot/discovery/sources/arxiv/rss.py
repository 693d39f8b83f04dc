"""Parser for arXiv's RSS and Atom feeds: the papers of one announcement day. Pure.

Specification: https://info.arxiv.org/help/rss_specifications.html. The tests hold what real feeds
have beyond it.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from bot.discovery.clean import (
    clean_abstract,
    clean_doi,
    clean_remark,
    clean_title,
    split_authors,
)
from bot.discovery.paper import Paper
from bot.discovery.sources.arxiv.identifiers import ARXIV_ID, IN_LINK, clean_categories, id_in
from bot.discovery.sources.feed_document import (
    FeedDocument,
    FeedEntry,
    names_of,
    read_document,
    terms_of,
    text_of,
)

Kind = Literal["new", "cross", "replace", "replace-cross"]

CAP = 2_000
"""The length at which arXiv cuts a feed off. New papers are lost: replacements come first."""
NEAR_CAP = 1_800
"""From here on, something may have been cut off; arXiv may count otherwise than we do."""

# Strongest first: what is new anywhere is new.
_STRENGTH: Final[dict[str, Kind]] = {
    "new": "new",
    "cross": "cross",
    "replace": "replace",
    "replace-cross": "replace-cross",
}
_RANK = {kind: rank for rank, kind in enumerate(_STRENGTH)}
_IN_GUID = re.compile(rf"arXiv\.org:{ARXIV_ID}", re.ASCII | re.IGNORECASE)
_IN_DESCRIPTION = re.compile(rf"\s*arXiv:{ARXIV_ID}", re.ASCII | re.IGNORECASE)
_ANNOUNCED = re.compile(
    r"\s*arXiv:\S{1,60}\s+Announce Type:\s*(?P<kind>[\w-]{1,40})", re.IGNORECASE
)
_PREFIX = re.compile(
    rf"(?:{_ANNOUNCED.pattern}|\s*arXiv:\S{{1,60}}\s)?\s*Abstract:\s*", re.IGNORECASE
)
_ASKED = re.compile(r"/(?:rss|atom)/(?P<asked>[\w.+%-]+)$", re.ASCII)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A paper in a feed, and whether it is announced as new, cross-listed or revised."""

    paper: Paper
    arxiv: str
    kind: Kind
    version: int


@dataclass(frozen=True, slots=True)
class Feed:
    """The items of a feed, and whether items may be missing."""

    items: tuple[FeedItem, ...]
    faults: tuple[str, ...] = ()
    """A sentence for every item that was left out."""
    asked: tuple[str, ...] = ()
    """The categories that the channel claims to cover."""
    near_cap: bool = False
    truncated: bool = False
    """Near the cap or truncated, the absence of a paper means nothing."""


def parse_feed(body: bytes) -> Feed:
    """Parse a feed, without unreadable items. Raises FeedError for any other document."""
    document = read_document(body)
    items: dict[str, FeedItem] = {}  # by id, each in its strongest kind, in their order
    faults = [*document.faults]
    for number, entry in enumerate(document.entries, 1):
        item = _item(entry)
        if isinstance(item, str):
            faults.append(f"Item {number} {item}.")
        elif _weight(item) > _weight(items.setdefault(item.arxiv, item)):
            items[item.arxiv] = item
    return Feed(
        items=tuple(items.values()),
        faults=tuple(faults),
        asked=_asked(document),
        near_cap=len(document.entries) + len(faults) >= NEAR_CAP,
        truncated=document.truncated,
    )


def _item(entry: FeedEntry) -> FeedItem | str:
    """Read an entry; returns the item, or the end of a sentence that says what is wrong."""
    description = text_of(entry, "summary")
    title = clean_title(text_of(entry, "title"))
    identity = _identity(entry, description)
    if identity is None:
        return f"({title[:60] or 'without a title'}) names no paper"
    arxiv, version = identity
    if not title:
        return f"({arxiv}) has no title"
    paper = Paper(
        arxiv=arxiv,
        title=title,
        abstract=clean_abstract(_without_prefix(description)),
        authors=split_authors(", ".join(names_of(entry))),
        categories=clean_categories(terms_of(entry)),
        doi=clean_doi(text_of(entry, "arxiv_doi")),
        journal_ref=clean_remark(text_of(entry, "arxiv_journal_reference")),
    )
    return FeedItem(paper, arxiv, _kind(entry, description, version), version or 1)


def _identity(entry: FeedEntry, description: str) -> tuple[str, int | None] | None:
    """Id and version, from the first of link, guid and description that has them."""
    sources = (
        IN_LINK.search(text_of(entry, "link")),
        _IN_GUID.search(text_of(entry, "id")) or IN_LINK.search(text_of(entry, "id")),
        _IN_DESCRIPTION.match(description),
    )
    stated = [id_in(match) for match in sources if match]
    if not stated:
        return None
    arxiv = stated[0][0]
    versions = (version for other, version in stated if other == arxiv and version)
    return arxiv, next(versions, None)


def _kind(entry: FeedEntry, description: str, version: int | None) -> Kind:
    """The kind of an item, from its element, its description, or else its version."""
    announced = _ANNOUNCED.match(description)
    for stated in (text_of(entry, "arxiv_announce_type"), announced["kind"] if announced else ""):
        if kind := _STRENGTH.get(stated.strip().lower()):
            return kind
    return "new" if (version or 1) == 1 else "replace"


def _without_prefix(description: str) -> str:
    """A description without the id and the kind of announcement at its beginning."""
    match = _PREFIX.match(description)
    return description[match.end() :] if match else description


def _weight(item: FeedItem) -> tuple[int, int]:
    return -_RANK[item.kind], item.version


def _asked(document: FeedDocument) -> tuple[str, ...]:
    """The categories in the feed's own address, else in its title."""
    head = document.head
    links = (str(link.get("href", "")) for link in head.get("links", ()))
    for address in (*links, text_of(head, "link"), text_of(head, "id")):
        if match := _ASKED.search(address):
            return clean_categories(re.split(r"[+ ]", unquote(match["asked"])))
    title, updates, _ = text_of(head, "title").partition(" updates on ")
    return clean_categories(title.split(",")) if updates else ()
