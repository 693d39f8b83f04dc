"""Gathers what editions are made of: review's decisions and cards, people's edits, seen papers.

suggestions ─► approved additions, open cards     discovery ─► runners-up, checks of feeds
data/ ─► entries with a day and no suggestion     outbox ─► where the cards stand
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace

from bot.catalog.links import arxiv_url
from bot.catalog.model import Catalog, Entry
from bot.db.engine import Database
from bot.digest.edition import (
    CardLink,
    EditionMaterial,
    ListedPaper,
    PendingCard,
    UnlistedPaper,
    paper_keys,
)
from bot.digest.feed_health import FeedChecks
from bot.digest.topics import merge_entries
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.sources.arxiv.calendar import EASTERN
from bot.discovery.store import PaperStore
from bot.outbox.store import Outbox
from bot.review.model import Suggestion
from bot.review.service import card_key
from bot.review.store import SuggestionStore

_OWN_MARK = re.compile(r"suggestion-\d+")
_DAY = dt.timedelta(days=1)


class MaterialReader:
    """Reads the news, from several rooms' parts of one database."""

    def __init__(self, database: Database) -> None:
        self._suggestions = SuggestionStore(database)
        self._store, self._candidates = PaperStore(database), CandidateStore(database)
        self._outbox = Outbox(database)

    def read(self, catalog: Catalog, since: dt.datetime) -> EditionMaterial:
        """What is known now of the time since a moment."""
        decided = self._suggestions.decided_since(since)
        listed = [*_approved(decided, catalog), *_by_hand(catalog, since)]
        pending = [self._pending(one) for one in self._suggestions.open()]
        cards = [one for one in pending if one]
        seen = self._seen(catalog, since)
        new = [*(x.entry for x in listed), *(x.entry for x in cards), *(x.entry for x in seen)]
        whole, entries = merge_entries(catalog, new)
        fitted = iter(entries)
        return EditionMaterial(
            catalog=whole,
            listed=tuple(replace(one, entry=next(fitted)) for one in listed),
            pending=tuple(replace(one, entry=next(fitted)) for one in cards),
            seen=tuple(replace(one, entry=next(fitted)) for one in seen),
            feeds=self._feeds(catalog, since),
        )

    def _pending(self, one: Suggestion) -> PendingCard | None:
        """A card that waits; what was put off, or is not complete yet, does not."""
        if one.state != "waiting":
            return None
        item = self._outbox.get(card_key(one.id))
        there = CardLink(item.posted_in, item.ts) if item and item.posted_in and item.ts else None
        since = self._last_answer(one)
        return PendingCard(number=one.id, entry=one.subject.entry, since=since, card=there)

    def _last_answer(self, one: Suggestion) -> dt.datetime:
        """When the card was last new or touched by a reviewer; wishes are no answers."""
        events = self._suggestions.history(one.id)
        return max(
            (event.at for event in events if event.what != "seconded"), default=one.suggested_at
        )

    def _seen(self, catalog: Catalog, since: dt.datetime) -> list[UnlistedPaper]:
        """The papers that were nearly proposed, without what is on the list or was suggested."""
        listed = {key for entry in catalog.entries for key in paper_keys(entry)}
        found = []
        for one in self._candidates.runners_up(since.astimezone(EASTERN).date() - _DAY):
            entry = Entry(
                title=one.paper.title,
                url=arxiv_url(one.paper.arxiv),
                arxiv=one.paper.arxiv,
                sections=(one.section,),
            )
            if one.score > 0 and listed.isdisjoint(paper_keys(entry)):
                found.append(UnlistedPaper(entry=entry, day=one.day, score=one.score))
        return [
            x
            for x in found
            if self._suggestions.find_by_identity(f"arxiv:{x.entry.arxiv}") is None
        ]

    def _feeds(self, catalog: Catalog, since: dt.datetime) -> FeedChecks:
        categories = catalog.info.categories
        first = [at for at in map(self._store.first_check, categories) if at]
        day = since.astimezone(EASTERN).date() - _DAY
        return FeedChecks(
            checks=[
                (at, check)
                for at, check in self._store.checked(since - _DAY)
                if check.category in categories
            ],
            taken={one: self._store.taken_days(one, day) for one in categories},
            watched_since=min(first, default=None),
        )


def _approved(decided: Iterable[Suggestion], catalog: Catalog) -> list[ListedPaper]:
    """The additions that were approved, as the list has them now if it has them."""
    marked = {entry.by: entry for entry in catalog.entries if entry.by}
    return [
        ListedPaper(
            entry=marked.get(one.mark, one.subject.entry),
            at=one.decided_at,
            approved_by=one.approvals or ((one.decided_by,) if one.decided_by else ()),
        )
        for one in decided
        if one.state == "approved" and one.subject.kind == "addition"
    ]


def _by_hand(catalog: Catalog, since: dt.datetime) -> list[ListedPaper]:
    """What people added to the files themselves: it has a day, and no suggestion."""
    first = since.date() - _DAY
    return [
        ListedPaper(entry=entry, day=entry.added)
        for entry in catalog.entries
        if entry.added and entry.added >= first and not _OWN_MARK.fullmatch(entry.by or "")
    ]
