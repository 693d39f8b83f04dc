"""Laws of retention: old papers without further use are deleted, which bounds the database."""

import datetime as dt

from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.feed_history import FeedCheck
from bot.discovery.paper import Paper
from bot.discovery.retention import PAPERS, RECORDS, delete_old
from bot.discovery.sources.base import Arrival, DatedPaper, FetchedBatch, LookUpBatch
from bot.discovery.store import PaperStore

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


def arrival(arxiv: str, age: dt.timedelta, version: int = 1) -> Arrival:
    paper = Paper(arxiv=arxiv, title=f"Paper {arxiv}", comment="accepted" if version > 1 else None)
    return Arrival(paper, version, (NOW - age).date(), is_new=version == 1)


def test_old_papers_are_deleted_unless_they_may_be_proposed_again(database: Database) -> None:
    store, day = PaperStore(database), dt.timedelta(days=1)
    old = FeedCheck("arXiv", "cs.DC", "fresh", "", 1, (NOW - RECORDS - day).date())
    store.take(
        "arXiv", FetchedBatch((arrival("2510.00001", PAPERS + day),), (old,)), NOW - PAPERS - day
    )
    store.take(
        "arXiv", FetchedBatch((arrival("2510.00002", PAPERS + day),)), NOW - PAPERS + 30 * day
    )
    store.take("arXiv", FetchedBatch((arrival("2510.00002", day, version=2),)), NOW - day)
    store.take("arXiv", FetchedBatch((arrival("2512.00003", PAPERS - day),)), NOW - PAPERS + day)
    assert delete_old(database, NOW) == 2
    kept = {paper.arxiv for paper in store.background()}
    assert kept == {"2510.00002", "2512.00003"}, "revised recently, and announced recently"
    assert delete_old(database, NOW) == 0


def test_records_of_proposed_and_listed_papers_stay_and_others_go(database: Database) -> None:
    """A proposed paper that comes back under its DOI must not be proposed again."""
    store, old = PaperStore(database), NOW - PAPERS - dt.timedelta(days=30)
    papers = {
        name: Paper(title=f"Paper {name} of Gardens", doi=f"10.5555/{name}")
        for name in ("proposed", "listed", "other")
    }
    batch = FetchedBatch(tuple(Arrival(paper, 1, old.date()) for paper in papers.values()))
    store.take("Journal", batch, old)
    row = {"week": old.date(), "proposed_at": old, "score": 1.0, "rank": 1, "ranked": 3}
    candidates = CandidateStore(database)
    key = papers["proposed"].key
    candidates.propose([{**row, "key": key, "judgement": {}}], old.date(), 5)
    listed = papers["listed"]
    store.keep_listed("Journal", LookUpBatch((listed.key,), {listed.key: DatedPaper(listed)}), old)
    assert delete_old(database, NOW) == 3
    assert list(store.background()) == []
    assert listed.key in store.listed_papers()
    assert len(store.same_keys([papers["other"].key])[papers["other"].key]) == 1
    again = Paper(arxiv="2606.00001", title="Retitled", doi="10.5555/proposed")
    store.take("arXiv", FetchedBatch((Arrival(again, 1, NOW.date()),)), NOW)
    assert candidates.waiting(old.date()) == ()
