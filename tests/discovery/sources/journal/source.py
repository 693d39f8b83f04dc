"""The Journal of Gardens: one RSS feed, polled once a day."""

import datetime as dt
from collections.abc import Collection, Iterator

from bot.catalog.links import read_link
from bot.discovery.clean import clean_abstract, clean_doi, clean_title, split_authors
from bot.discovery.feed_history import FeedCheck, SourceHistory
from bot.discovery.paper import Paper
from bot.discovery.sources.base import Arrival, FetchedBatch, LookUpBatch, Progress
from bot.discovery.sources.feed_document import (
    FeedEntry,
    FeedError,
    moment_of,
    names_of,
    read_document,
    text_of,
)

_DAY = dt.timedelta(days=1)


class JournalSource:
    """Source that reads a recorded feed."""

    name = "Journal of Gardens"

    def __init__(self, body: bytes) -> None:
        self._body = body

    def next_poll(self, history: SourceHistory, now: dt.datetime) -> dt.datetime:
        last, _ = history.last_verdicts(now - 7 * _DAY)
        return last + _DAY if last else now

    def poll(
        self, history: SourceHistory, now: dt.datetime, progress: Progress
    ) -> Iterator[FetchedBatch]:
        progress("Asking the journal", 0, 1)
        try:
            document = read_document(self._body)
        except FeedError as error:
            yield FetchedBatch(checks=(self._check("failed", error.reason, 0, now),))
            return
        papers = [(entry, paper) for entry in document.entries if (paper := _paper(entry))]
        seen = history.seen({paper.key for _, paper in papers}, now)
        unseen = sum(paper.key not in seen for _, paper in papers)
        verdict = "fresh" if unseen else "quiet"
        yield FetchedBatch(
            arrivals=tuple(Arrival(paper, 1, _day(entry, now)) for entry, paper in papers),
            checks=(self._check(verdict, f"{unseen} new articles came.", unseen, now),),
            faults=("An article has no title.",) * (len(document.entries) - len(papers)),
        )

    def look_up(self, keys: Collection[str], progress: Progress) -> Iterator[LookUpBatch]:  # noqa: ARG002  # the protocol's
        """Look nothing up: the feed has no interface for single articles."""
        return iter(())

    def _check(self, verdict: str, reason: str, unseen: int, now: dt.datetime) -> FeedCheck:
        return FeedCheck(self.name, self.name, verdict, reason, unseen, now.date())


def _paper(entry: FeedEntry) -> Paper | None:
    title = clean_title(text_of(entry, "title"))
    link = read_link(text_of(entry, "link"))
    if not title:
        return None
    return Paper(
        title=title,
        doi=clean_doi(text_of(entry, "prism_doi")),
        abstract=clean_abstract(text_of(entry, "summary")),
        authors=split_authors(", ".join(names_of(entry))),
        url=link.url if link else None,
    )


def _day(entry: FeedEntry, now: dt.datetime) -> dt.date:
    published = moment_of(entry.get("published_parsed"))
    return (published or now).date()
