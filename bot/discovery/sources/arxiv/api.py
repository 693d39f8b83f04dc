"""Requests to arXiv's API and the parser of its answers. Pure.

The API fills the gaps that feeds leave (a feed holds one day), and states dates and journal
references that feeds lack. https://info.arxiv.org/help/api/user-manual.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote_plus, urlencode

from bot.discovery.clean import (
    clean_abstract,
    clean_doi,
    clean_names,
    clean_remark,
    clean_title,
)
from bot.discovery.paper import Paper
from bot.discovery.sources.arxiv.identifiers import IN_LINK, clean_categories, id_in
from bot.discovery.sources.feed_document import (
    FeedEntry,
    FeedError,
    moment_of,
    names_of,
    read_document,
    terms_of,
    text_of,
)

IDS_PER_REQUEST = 100


@dataclass(frozen=True, slots=True)
class ApiPaper:
    """A paper in an answer, with the moment when its first version was submitted."""

    paper: Paper
    arxiv: str
    version: int
    published: datetime | None


@dataclass(frozen=True, slots=True)
class ApiPage:
    """One page of an answer."""

    papers: tuple[ApiPaper, ...]
    total: int
    """The number of papers of the whole answer."""
    start: int
    """The place of this page's first paper in it."""
    faults: tuple[str, ...] = ()
    """A sentence for every paper that could not be read."""


def parse_page(body: bytes) -> ApiPage:
    """Read a page. Raises FeedError for an error of arXiv's, a truncated page, and anything else.

    A truncated page must be asked for again, because pages are counted by their papers.
    """
    document = read_document(body)
    if not document.is_atom:
        raise FeedError("an RSS feed instead of an answer of the API")
    if document.truncated:
        raise FeedError(f"an answer cut off after {len(document.entries)} papers")
    papers, faults = [], [*document.faults]
    for number, entry in enumerate(document.entries, 1):
        paper = _read_entry(entry)
        if isinstance(paper, ApiPaper):
            papers.append(paper)
        else:
            faults.append(f"Paper {number} {paper}.")
    head = document.head
    total = _number(head, "opensearch_totalresults", len(document.entries))
    return ApiPage(tuple(papers), total, _number(head, "opensearch_startindex", 0), tuple(faults))


def id_list_url(base: str, ids: Sequence[str]) -> str:
    """The address of a request for these ids, at most a hundred."""
    if not 0 < len(ids) <= IDS_PER_REQUEST:
        raise ValueError(f"a request is for 1 to {IDS_PER_REQUEST} papers, not {len(ids)}")
    return _address(base, id_list=",".join(ids), max_results=len(ids))


def window_url(  # noqa: PLR0913, PLR0917  # the whole question
    base: str, categories: Sequence[str], first_day: date, last_day: date, start: int, count: int
) -> str:
    """The address of the papers submitted in these days (GMT), both included, oldest first."""
    anywhere = " OR ".join(f"cat:{category}" for category in categories)
    days = f"submittedDate:[{first_day:%Y%m%d}0000 TO {last_day:%Y%m%d}2359]"
    return _address(
        base,
        search_query=f"({anywhere}) AND {days}",
        sortBy="submittedDate",
        sortOrder="ascending",
        start=start,
        max_results=count,
    )


def _address(base: str, **question: str | int) -> str:
    return f"{base.rstrip('/')}?{urlencode(question, safe=':,/', quote_via=quote_plus)}"


def _read_entry(entry: FeedEntry) -> ApiPaper | str:
    """Read an entry; returns the paper, or the end of a sentence that says what is wrong."""
    address, title = text_of(entry, "id"), clean_title(text_of(entry, "title"))
    if "/api/errors" in address:
        words = clean_remark(text_of(entry, "summary")) or "no reason given"
        raise FeedError(f"arXiv’s API says: {words}")
    match = IN_LINK.search(address) or IN_LINK.search(text_of(entry, "link"))
    if not match:
        return f"({title[:60] or 'without a title'}) has no arXiv id"
    arxiv, version = id_in(match)
    if not title:
        return f"({arxiv}) has no title"
    primary = entry.get("arxiv_primary_category")
    first = text_of(primary, "term") if isinstance(primary, dict) else ""
    published = moment_of(entry.get("published_parsed"))
    paper = Paper(
        arxiv=arxiv,
        title=title,
        abstract=clean_abstract(text_of(entry, "summary")),
        authors=clean_names(names_of(entry)),
        categories=clean_categories([first, *terms_of(entry)]),
        doi=clean_doi(text_of(entry, "arxiv_doi")),
        journal_ref=clean_remark(text_of(entry, "arxiv_journal_ref")),
        comment=clean_remark(text_of(entry, "arxiv_comment")),
        published=published.date() if published else None,
    )
    return ApiPaper(paper, arxiv, version or 1, published)


def _number(head: FeedEntry, key: str, default: int) -> int:
    text = text_of(head, key)
    is_number = text.isascii() and text.isdigit() and len(text) < len("1000000000")
    return int(text) if is_number else default
