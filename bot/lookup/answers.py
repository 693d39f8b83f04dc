"""Answers to lookups: their values and messages. Pure."""

from dataclasses import dataclass
from typing import Literal

from bot.catalog.links import Link
from bot.catalog.model import Entry, Place
from bot.lookup.index import Hits
from bot.lookup.query import Query
from bot.text import pluralize

AnswerKind = Literal["paper", "section", "search", "empty", "error"]


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """A message and a page of results.

    `query` is what was asked; of a long citation, the title of the paper, which finds it again.
    `results` begins at `offset` of `total`; of a search, the first `complete` match every word.
    """

    query: str
    kind: AnswerKind
    message: str
    results: tuple[Entry, ...] = ()
    total: int = 0
    offset: int = 0
    complete: int = 0
    place: Place | None = None
    unlisted: Link | None = None
    """The paper with the id or address of the query, if the list does not have it."""

    @property
    def paper(self) -> Entry | None:
        """The paper that is the whole answer, which is shown in full; None for a page."""
        is_single = self.total == 1 and self.kind in {"paper", "search"}
        return self.results[0] if is_single and self.results else None


@dataclass(frozen=True, slots=True)
class Page:
    """The part of the results that is asked for."""

    offset: int
    limit: int

    def of(self, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
        """The entries on the page."""
        return entries[self.offset : self.offset + self.limit]


def unlisted(text: str, link: Link) -> LookupAnswer:
    """The answer that the paper of a link is not on the list."""
    ids = (("arXiv", link.arxiv), ("DOI", link.doi))
    name = next((f"{kind} {value}" for kind, value in ids if value), link.url)
    return LookupAnswer(text, "empty", f"{name} is not on the list.", unlisted=link)


def search_message(query: Query, hits: Hits) -> str:
    """The heading of a page of search results."""
    papers = pluralize(hits.total, "paper")
    if hits.complete == hits.total:
        return f"{papers} for “{query.text}”."
    if not hits.complete:
        return f"No paper has all of “{query.text}”; {papers} with some of it."
    more = hits.total - hits.complete
    return (
        f"{pluralize(hits.complete, 'paper')} for “{query.text}”, then {more:,} with some of it."
    )
