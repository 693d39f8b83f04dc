"""Reads the material of editions: decisions, cards, edits by hand, runners-up and feed checks.

suggestions ─► approved additions, open cards     discovery ─► runners-up, checks of feeds
data/ ─► entries with a day and no suggestion     outbox ─► the cards' messages
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.catalog.model import Catalog
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
from bot.discovery.sources.arxiv.identifiers import ARXIV
from bot.discovery.store import PaperStore
from bot.outbox.store import Outbox
from bot.review.model import Suggestion
from bot.review.service import card_key
from bot.review.store import SuggestionStore

_OWN_MARK = re.compile(r"suggestion-\d+")
_DAY = dt.timedelta(days=1)


class MaterialReader:
    """Reads the parts that several rooms have of the material, from one database."""

    def __init__(self, database: Database) -> None:
        self._suggestions = SuggestionStore(database)
        self._store, self._candidates = PaperStore(database), CandidateStore(database)
        self._outbox = Outbox(database)

    def read(self, catalog: Catalog, since: dt.datetime) -> EditionMaterial:
        """The material since a moment."""
        decided = self._suggestions.decided_since(since)
        listed = [*_approved(decided, catalog), *_added_by_hand(catalog, since)]
        waiting = [each for each in self._suggestions.open() if each.state == "waiting"]
        pending = list(map(self._pending, waiting))
        seen = self._seen(catalog, since)
        items: list[ListedPaper | PendingCard | UnlistedPaper] = [*listed, *pending, *seen]
        merged, entries = merge_entries(catalog, [item.entry for item in items])
        placed = iter(entries)
        return EditionMaterial(
            catalog=merged,
            listed=tuple(replace(paper, entry=next(placed)) for paper in listed),
            pending=tuple(replace(card, entry=next(placed)) for card in pending),
            seen=tuple(replace(paper, entry=next(placed)) for paper in seen),
            feeds=self._feeds(catalog, since),
        )

    def _pending(self, suggestion: Suggestion) -> PendingCard:
        row = self._outbox.get(card_key(suggestion.id))
        card = CardLink(row.posted_in, row.ts) if row and row.posted_in and row.ts else None
        # Support of a suggestion is no answer to it.
        events = self._suggestions.history(suggestion.id)
        answered = [event.at for event in events if event.what != "seconded"]
        return PendingCard(
            number=suggestion.id,
            entry=suggestion.subject.entry,
            since=max(answered, default=suggestion.suggested_at),
            card=card,
        )

    def _seen(self, catalog: Catalog, since: dt.datetime) -> list[UnlistedPaper]:
        """The papers that were nearly proposed, except listed and suggested ones."""
        listed = {key for entry in catalog.entries for key in paper_keys(entry)}
        best = self._candidates.runners_up(since.astimezone(EASTERN).date() - _DAY)
        suggested = self._suggestions.existing_identities([each.paper.key for each in best])
        seen = [
            UnlistedPaper(
                entry=runner_up.paper.as_entry(runner_up.section),
                day=runner_up.day,
                score=runner_up.score,
            )
            for runner_up in best
            if runner_up.score > 0 and runner_up.paper.key not in suggested
        ]
        return [paper for paper in seen if listed.isdisjoint(paper_keys(paper.entry))]

    def _feeds(self, catalog: Catalog, since: dt.datetime) -> FeedChecks:
        categories = catalog.info.categories
        history = self._store.history(ARXIV)
        first = [at for at in map(history.first_check, categories) if at]
        day = since.astimezone(EASTERN).date() - _DAY
        return FeedChecks(
            checks=[
                (at, check)
                for at, check in self._store.checked(since - _DAY)
                if check.source != ARXIV or check.feed in categories
            ],
            taken={category: history.taken_days(category, day) for category in categories},
            watched_since=min(first, default=None),
        )


def _approved(decided: Iterable[Suggestion], catalog: Catalog) -> Iterator[ListedPaper]:
    """The approved additions; an entry of the catalog may have been corrected since."""
    marked = {entry.by: entry for entry in catalog.entries if entry.by}
    for suggestion in decided:
        if suggestion.state == "approved" and suggestion.subject.kind == "addition":
            decider = (suggestion.decided_by,) if suggestion.decided_by else ()
            yield ListedPaper(
                entry=marked.get(suggestion.mark, suggestion.subject.entry),
                at=suggestion.decided_at,
                approved_by=suggestion.approvals or decider,
            )


def _added_by_hand(catalog: Catalog, since: dt.datetime) -> Iterator[ListedPaper]:
    """Entries that people added to the files: they have a day and no suggestion."""
    first = since.date() - _DAY
    for entry in catalog.entries:
        if entry.added and entry.added >= first and not _OWN_MARK.fullmatch(entry.by or ""):
            yield ListedPaper(entry=entry, day=entry.added)
