"""arXiv's RSS and Atom feeds: the papers of one announcement day, and how each is announced.

The feeds' form: https://info.arxiv.org/help/rss_specifications.html. What real ones hold beyond it
stands in the tests.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal
from urllib.parse import unquote

from bot.discovery.paper import (
    ARXIV_ID,
    IN_LINK,
    Paper,
    clean_abstract,
    clean_categories,
    clean_doi,
    clean_remark,
    clean_title,
    id_in,
    split_authors,
)
from bot.discovery.sources.feed_document import FeedDocument, FeedEntry, read_document

Kind = Literal["new", "cross", "replace", "replace-cross"]

CAP = 2_000
"""Where arXiv cuts a feed off. Replacements come first, so what is lost is new papers."""
NEAR_CAP = 1_800
"""From here on, something may have been cut off; arXiv may count otherwise than we do."""

_FIRST_YEAR, _LAST_YEAR = 1986, 2100  # arXiv's oldest papers were taken over from before 1991
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
    """A paper in a feed, as it is announced there."""

    paper: Paper
    kind: Kind
    version: int


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed says, and how far it can be trusted."""

    items: tuple[FeedItem, ...]
    faults: tuple[str, ...] = ()
    """A sentence for every item that was left out."""
    built: datetime | None = None
    """When arXiv says it built the feed. It tells nothing of whether the items are today's."""
    asked: tuple[str, ...] = ()
    """The categories that the channel says it is of."""
    near_cap: bool = False
    truncated: bool = False
    """Near the cap or truncated, the absence of a paper means nothing."""


@dataclass(slots=True)
class _Collected:
    """Items by id, each in its strongest kind, in the order in which they came."""

    items: dict[str, FeedItem] = field(default_factory=dict)

    def add(self, item: FeedItem) -> None:
        before = self.items.setdefault(item.paper.arxiv, item)
        if _weight(item) > _weight(before):
            self.items[item.paper.arxiv] = item


def parse_feed(body: bytes) -> Feed:
    """Read a feed. Raises FeedError for what is none; a bad item costs that item alone."""
    document = read_document(body)
    found, faults = _Collected(), [*document.faults]
    for number, entry in enumerate(document.entries, 1):
        item = _item(entry)
        if isinstance(item, str):
            faults.append(f"Item {number} {item}.")
        else:
            found.add(item)
    return Feed(
        items=tuple(found.items.values()),
        faults=tuple(faults),
        built=moment(document.head.get("updated_parsed")),
        asked=_asked(document),
        near_cap=len(document.entries) + len(faults) >= NEAR_CAP,
        truncated=document.truncated,
    )


def _item(entry: FeedEntry) -> FeedItem | str:
    """The item of an entry, or what is wrong with it."""
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
        abstract=clean_abstract(_PREFIX.sub("", description, count=1)),
        authors=split_authors(", ".join(names_of(entry))),
        categories=clean_categories(terms_of(entry)),
        doi=clean_doi(text_of(entry, "arxiv_doi")),
        journal_ref=clean_remark(text_of(entry, "arxiv_journal_reference")),
    )
    return FeedItem(paper, _kind(entry, description, version), version or 1)


def _identity(entry: FeedEntry, description: str) -> tuple[str, int | None] | None:
    """Id and version, from whichever of link, guid and description say them."""
    sources = (
        IN_LINK.search(text_of(entry, "link")),
        _IN_GUID.search(text_of(entry, "id")) or IN_LINK.search(text_of(entry, "id")),
        _IN_DESCRIPTION.match(description),
    )
    said = [id_in(match) for match in sources if match]
    if not said:
        return None
    arxiv = said[0][0]
    versions = (version for other, version in said if other == arxiv and version)
    return arxiv, next(versions, None)


def _kind(entry: FeedEntry, description: str, version: int | None) -> Kind:
    """How the item is announced: by its element, its description, or else by its version."""
    announced = _ANNOUNCED.match(description)
    for said in (text_of(entry, "arxiv_announce_type"), announced["kind"] if announced else ""):
        if kind := _STRENGTH.get(said.strip().lower()):
            return kind
    return "new" if (version or 1) == 1 else "replace"


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


# What both of arXiv's interfaces share.


def text_of(entry: FeedEntry, key: str) -> str:
    """The text under a key; empty where there is none, or something else."""
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def terms_of(entry: FeedEntry) -> Iterator[str]:
    """The category terms, in their order."""
    return (text_of(tag, "term") for tag in _dictionaries(entry, "tags"))


def names_of(entry: FeedEntry) -> Iterator[str]:
    """The author names."""
    return (
        name for author in _dictionaries(entry, "authors") if (name := text_of(author, "name"))
    )


def moment(parsed: object) -> datetime | None:
    """A moment out of feedparser's broken-down time; None for the absurd."""
    if not isinstance(parsed, tuple):
        return None
    try:
        year, month, day, hour, minute, second, *_ = parsed
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            return None
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _dictionaries(entry: FeedEntry, key: str) -> Iterable[FeedEntry]:
    value = entry.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
