"""Laws of paper records: the best source gives each fact, and a paper has one record."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.catalog.identity import entry_key
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore, RunnerUp
from bot.discovery.paper import Paper
from bot.discovery.record_store import keep_record
from bot.discovery.records import (
    Origin,
    PaperRecord,
    is_same_paper,
    merge,
    origins_from_json,
    origins_to_json,
)
from bot.discovery.sources.base import Arrival, DatedPaper, FetchedBatch, LookUpBatch
from bot.discovery.store import PaperStore

NOW = dt.datetime(2026, 1, 5, 14, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PREPRINT = Paper(
    arxiv="2601.00001", title="Orchid: Flowers in Pages", authors=("Ada Lark",), doi="10.5555/A.1"
)
ARTICLE = Paper(doi="10.5555/a.1", title="Orchid Served", venue="Gardens", year=2026)
TALK = Paper(
    title="Orchid: Flowers in Pages", authors=("Lark, A.", "Bo Wren"), code_url="https://x"
)


@pytest.fixture
def store(database: Database) -> PaperStore:
    return PaperStore(database)


def announce(store: PaperStore, source: str, paper: Paper, at: dt.datetime) -> None:
    store.take(source, FetchedBatch((Arrival(paper, 1, at.date()),)), at)


@pytest.mark.parametrize(
    ("paper", "key"),
    [
        (PREPRINT, "arxiv:2601.00001"),
        (replace(PREPRINT, arxiv=None), "doi:10.5555/a.1"),
        (Paper(title="X", doi="10.48550/arXiv.2601.00002"), "arxiv:2601.00002"),
        (Paper(title="X", dblp="conf/osdi/Lark26"), "dblp:conf/osdi/Lark26"),
        (Paper(title="Órchid: Flowers"), "title:orchidflowers"),
    ],
)
def test_a_key_prefers_arxiv_then_doi_then_dblp_then_the_title(paper: Paper, key: str) -> None:
    assert paper.key == key


def test_an_entry_has_the_key_of_its_paper() -> None:
    entry = PREPRINT.as_entry("flowers")
    assert entry_key(entry) == PREPRINT.key
    assert entry_key(ARTICLE.as_entry("flowers")) == ARTICLE.key
    assert entry_key(Entry(title="Orchid", sections=("flowers",))) == "title:orchid"


def test_the_preferred_source_wins_then_the_newer_fact() -> None:
    arxiv = PaperRecord.of(replace(PREPRINT, year=2025), "arXiv", NOW)
    journal = PaperRecord.of(ARTICLE, "Gardens", NOW + DAY)
    merged = merge(arxiv, journal)
    assert merged.paper.title == PREPRINT.title, "arXiv's title is preferred"
    assert merged.paper.year == 2026
    assert merged.origins["title"] == Origin("arXiv", NOW)
    assert merged.origins["venue"] == Origin("Gardens", NOW + DAY)
    assert merge(journal, arxiv).paper.year == 2026, "in either order"
    dblp = PaperRecord.of(Paper(title="x", year=2024), "dblp", NOW - DAY)
    assert merge(merged, dblp).paper.year == 2024


def test_an_absent_fact_never_wins() -> None:
    full = PaperRecord.of(replace(PREPRINT, abstract="Flowers."), "arXiv", NOW)
    assert merge(full, PaperRecord.of(PREPRINT, "arXiv", NOW + DAY)).paper.abstract == "Flowers."


def test_origins_are_stored_and_read_back() -> None:
    record = merge(
        PaperRecord.of(PREPRINT, "arXiv", NOW), PaperRecord.of(ARTICLE, "Gardens", NOW + DAY)
    )
    stored = origins_to_json(record.origins)
    assert origins_from_json(stored) == record.origins
    assert len(stored) == 2, "facts that were stated together share one item"


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        (PREPRINT, ARTICLE, True),
        (PREPRINT, TALK, True),
        (PREPRINT, replace(TALK, authors=("Cy Finch",)), False),
        (PREPRINT, replace(TALK, authors=()), True),
        (replace(PREPRINT, title="Orchid"), Paper(title="Orchid"), False),
        (PREPRINT, replace(PREPRINT, arxiv="2601.00002"), False),
        (ARTICLE, TALK, False),
    ],
)
def test_an_identifier_or_a_title_with_an_author_makes_one_paper(
    first: Paper, second: Paper, *, is_same: bool
) -> None:
    assert is_same_paper(first, second) is is_same
    assert is_same_paper(second, first) is is_same


def test_records_of_the_same_paper_are_merged(store: PaperStore) -> None:
    """The preprint has the title of one record and the DOI of another."""
    announce(store, "Talks", TALK, NOW)
    announce(store, "Gardens", ARTICLE, NOW + DAY)
    candidates = CandidateStore(store.database)
    row = {"week": NOW.date(), "proposed_at": NOW, "score": 1.0, "rank": 1, "ranked": 2}
    candidates.propose([{**row, "key": TALK.key, "judgement": {}}], NOW.date(), 5)
    candidates.keep_runners_up([RunnerUp(ARTICLE, NOW.date(), 0.5, "flowers")], NOW)
    announce(store, "arXiv", PREPRINT, NOW + 2 * DAY)
    (paper,) = store.background()
    assert paper.key == PREPRINT.key
    assert (paper.venue, paper.code_url) == ("Gardens", "https://x")
    assert [stored.paper.key for stored in candidates.proposed(NOW.date())] == [PREPRINT.key]
    assert candidates.waiting(NOW.date()) == ()
    assert candidates.runners_up(NOW.date()) == ()
    every = {PREPRINT.key, ARTICLE.key, TALK.key}
    assert store.same_keys([TALK.key])[TALK.key] >= every
    assert set(store.seen_papers(every)) == every


def test_a_listed_paper_is_described_under_every_key(store: PaperStore) -> None:
    announce(store, "Gardens", ARTICLE, NOW)
    answer = LookUpBatch((PREPRINT.key,), {PREPRINT.key: DatedPaper(PREPRINT)})
    store.keep_listed("arXiv", answer, NOW + DAY)
    assert store.unknown_listed([PREPRINT.key, ARTICLE.key]) == ()
    described = store.listed_papers()
    assert described[ARTICLE.key] == described[PREPRINT.key]
    assert described[ARTICLE.key].venue == "Gardens"
    record = store.listed_records()[ARTICLE.key]
    assert record.origins["authors"] == Origin("arXiv", NOW + DAY)


def test_an_unknown_paper_is_recorded_only_if_it_is_new(store: PaperStore) -> None:
    record = PaperRecord.of(PREPRINT, "arXiv", NOW)
    with store.database.write() as connection:
        assert keep_record(connection, record, may_create=False) is None
        kept = keep_record(connection, record, may_create=True)
    assert kept == (PREPRINT.key, None, PREPRINT)
