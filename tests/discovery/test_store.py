"""Laws of the paper store: a paper is stored once, a feed completely or not at all."""

import datetime as dt
import random
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.feed_history import FeedCheck, FeedValidators
from bot.discovery.paper import Paper
from bot.discovery.sources.base import Arrival, DatedPaper, FetchedBatch, LookUpBatch
from bot.discovery.store import PaperStore

MONDAY = dt.date(2026, 1, 5)
NOW = dt.datetime(2026, 1, 5, 14, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


CHECKS = (FeedCheck("arXiv", "cs.DC", "fresh", "new papers", 500, MONDAY),)


@contextmanager
def slow_statements(database: Database) -> Iterator[list[int]]:
    """Add 2 ms to every statement; gives the number of statements of each writing transaction."""
    counts: list[int] = []

    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") is None:
            connection.info["statements"] = 0

    def delay(connection: sa.Connection, *_: object) -> None:
        time.sleep(0.002)
        connection.info["statements"] = connection.info.get("statements", 0) + 1

    def end(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("isolation_level") is None:
            counts.append(connection.info.pop("statements", 0))

    events = (("begin", begin), ("before_cursor_execute", delay), ("commit", end))
    for name, listener in events:
        sa.event.listen(database.engine, name, listener)
    try:
        yield counts
    finally:
        for name, listener in events:
            sa.event.remove(database.engine, name, listener)


@pytest.fixture
def store(database: Database) -> PaperStore:
    return PaperStore(database)


def paper(arxiv: str = "2601.00001", **changes: str | None) -> Paper:
    known = {"title": "A Paper on Caches", "abstract": "It is about caches.", **changes}
    return Paper(arxiv=arxiv, authors=("Ann Author",), categories=("cs.DC",), **known)  # type: ignore[arg-type]  # a test's shorthand


def candidate() -> dict[str, Any]:
    return {
        "key": "arxiv:2601.00001",
        "week": MONDAY,
        "proposed_at": NOW,
        "score": 1.5,
        "rank": 1,
        "ranked": 10,
        "judgement": {},
    }


def arrival(paper: Paper, version: int = 1, day: dt.date = MONDAY, *, new: bool = True) -> Arrival:
    return Arrival(paper, version, day, is_new=new)


def test_a_paper_is_new_once_in_all_feeds(store: PaperStore) -> None:
    assert store.take("arXiv", FetchedBatch((arrival(paper()),)), NOW) == 1
    assert store.take("arXiv", FetchedBatch((arrival(paper()), arrival(paper(), 2))), NOW) == 0
    assert len(CandidateStore(store.database).waiting(MONDAY)) == 1


def test_simultaneous_polls_store_each_paper_once(store: PaperStore) -> None:
    """`papers poll` during a poll of the worker: neither fails, and no paper counts twice."""
    papers = [arrival(paper(f"2601.{n:05d}")) for n in range(40)]

    def take(turn: int) -> int:
        order = tuple(papers if turn % 2 else reversed(papers))
        check = FeedCheck("arXiv", "cs.DC", "fresh", "new papers", 40, MONDAY)
        return store.take(
            "arXiv",
            FetchedBatch(order, (check,), "u", FeedValidators("e"), (("cs.DC", MONDAY),)),
            NOW,
        )

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take, range(4))) == len(papers)
    assert len(list(store.background())) == len(papers)


def test_simultaneous_proposals_stay_within_the_budget(store: PaperStore) -> None:
    def propose(turn: int) -> tuple[str, ...]:
        rows = [{**candidate(), "key": f"arxiv:2601.{turn}{n:04d}"} for n in range(5)]
        return CandidateStore(store.database).propose(rows, MONDAY, 7)

    with ThreadPoolExecutor(4) as pool:
        kept = [key for keys in pool.map(propose, range(4)) for key in keys]
    assert len(kept) == CandidateStore(store.database).spent(MONDAY) == 7


def test_a_replacement_of_an_unknown_paper_is_no_new_paper(store: PaperStore) -> None:
    """Replacements refresh what is known; thousands of old papers are revised every day."""
    assert store.take("arXiv", FetchedBatch((arrival(paper(), 3, new=False),)), NOW) == 0
    assert CandidateStore(store.database).waiting(MONDAY) == ()


def test_a_feed_that_was_stored_in_part_is_taken_again(store: PaperStore) -> None:
    """A poll that dies while it writes has not seen the feed: the next one takes it again."""
    bad = FeedCheck("arXiv", "cs.DC", "fresh", "new papers", 1, MONDAY)
    broken = FetchedBatch(
        (arrival(paper()), arrival(paper(arxiv="x", abstract=None))),
        (bad,),
        "u",
        FeedValidators("e"),
    )
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.take("arXiv", broken, NOW)
    assert store.history("arXiv").validators("u") == FeedValidators()
    assert store.history("arXiv").last_fresh("cs.DC") is None
    store.take("arXiv", replace(broken, arrivals=(arrival(paper()),)), NOW)
    assert [each.arxiv for each in store.background()] == ["2601.00001"]
    assert store.history("arXiv").validators("u") == FeedValidators("e")


@pytest.mark.parametrize("is_known", [False, True], ids=["new papers", "revisions"])
def test_a_poll_holds_the_lock_for_few_statements_and_pauses_between_chunks(
    database: Database, *, is_known: bool
) -> None:
    """A click waits for one transaction, with 2 ms added to each statement less than 200 ms."""
    pauses: list[float] = []
    store = PaperStore(database, sleep=pauses.append)
    papers = [paper(f"2601.{n:05d}", title=f"A Paper on Cache {n}") for n in range(500)]
    new = FetchedBatch(tuple(arrival(each) for each in papers), CHECKS, "u", FeedValidators("e"))
    if is_known:
        store.take("arXiv", new, NOW)
        changed = (replace(each, comment="Accepted at MLSys") for each in papers[:60])
        new = replace(new, arrivals=tuple(arrival(each, 2, new=False) for each in changed))
        pauses.clear()
    with slow_statements(database) as transactions:
        store.take("arXiv", new, NOW)
    assert len(pauses) == len(transactions) - 1 >= 4
    assert max(transactions) <= 60
    assert sum(transactions) <= (600 if is_known else 60)


def test_answers_about_listed_papers_are_stored_in_chunks(database: Database) -> None:
    store = PaperStore(database, sleep=lambda _: None)
    papers = {f"arxiv:{n}": DatedPaper(paper(str(n), title=f"Title {n}")) for n in range(120)}
    with slow_statements(database) as transactions:
        store.keep_listed("arXiv", LookUpBatch((*papers, "arxiv:none"), papers), NOW)
        store.keep_listed("arXiv", LookUpBatch((*papers,), papers), NOW)
    assert max(transactions) <= 60
    assert store.unknown_listed([*papers, "arxiv:none"]) == ()
    assert len(store.listed_papers()) == 240


@pytest.mark.parametrize("last", range(5))
def test_a_poll_killed_between_chunks_loses_and_repeats_nothing(
    database: Database, last: int
) -> None:
    class KilledError(Exception):
        pass

    left = [last]

    def kill(_seconds: float) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KilledError

    papers = [arrival(paper(f"2601.{n:05d}", title=f"Title {n}")) for n in range(450)]
    batch = FetchedBatch(tuple(papers), CHECKS, "u", FeedValidators("e"))
    with suppress(KilledError):
        PaperStore(database, sleep=kill).take("arXiv", batch, NOW)
    store = PaperStore(database, sleep=lambda _: None)
    stored = len(list(store.background()))
    was_killed = store.history("arXiv").validators("u") == FeedValidators()
    assert was_killed == (stored < len(papers))
    assert was_killed == (store.history("arXiv").last_fresh("cs.DC") is None)
    assert store.take("arXiv", batch, NOW + SECOND) == len(papers) - stored
    assert len(list(store.background())) == len(papers)


def test_new_papers_come_last_so_that_a_feed_stored_in_part_looks_fresh(
    database: Database,
) -> None:
    store = PaperStore(database, sleep=lambda _: None)
    old = [arrival(paper(f"2601.{n:05d}", title=f"Title {n}")) for n in range(150)]
    store.take("arXiv", FetchedBatch(tuple(old)), NOW)

    class KilledError(Exception):
        pass

    def kill(_seconds: float) -> None:
        raise KilledError

    later = NOW + SECOND
    new = arrival(paper("2602.00001", title="Something New"))
    revised = (arrival(replace(each.paper, comment="Accepted"), 2) for each in old)
    with slow_statements(database), pytest.raises(KilledError):
        PaperStore(database, sleep=kill).take("arXiv", FetchedBatch((new, *revised)), later)
    seen = store.history("arXiv").seen(["arxiv:2602.00001"], later + SECOND)
    assert seen == frozenset()


def test_a_decision_waits_less_than_a_fifth_of_a_second_for_a_poll(database: Database) -> None:
    store = PaperStore(database)
    papers = [arrival(paper(f"2601.{n:05d}", title=f"Title {n}")) for n in range(500)]
    with slow_statements(database), ThreadPoolExecutor(1) as pool:
        poll = pool.submit(store.take, "arXiv", FetchedBatch(tuple(papers)), NOW)
        waits = []
        while not poll.done():
            begin = time.monotonic()
            with database.write():
                waits.append(time.monotonic() - begin)
            time.sleep(0.005)
    assert poll.result() == 500
    assert len(waits) >= 4
    assert statistics.median(waits) < 0.2  # a busy machine may delay some


def test_validators_of_a_feed_are_stored_with_its_papers(store: PaperStore) -> None:
    store.take("arXiv", FetchedBatch((), (), "u", FeedValidators("etag", "yesterday")), NOW)
    store.take("arXiv", FetchedBatch((), (), "u", FeedValidators("etag2")), NOW)
    assert store.history("arXiv").validators("u") == FeedValidators("etag2")
    assert store.history("arXiv").validators("other") == FeedValidators()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"journal_ref": "OSDI 2026"}, "OSDI 2026"),
        ({"comment": "Accepted at MLSys 2026"}, "Accepted at MLSys"),
        ({"doi": "10.1145/1.2"}, "10.1145/1.2"),
        ({"title": "An Entirely Different Thing"}, "A Paper on Caches"),
    ],
)
def test_a_revision_with_evidence_earns_a_second_look(
    store: PaperStore, changes: dict[str, str], says: str
) -> None:
    store.take("arXiv", FetchedBatch((arrival(paper()),)), NOW)
    later = MONDAY + dt.timedelta(days=90)
    store.take(
        "arXiv",
        FetchedBatch((arrival(paper(**changes), 2, later, new=False),)),
        NOW + dt.timedelta(days=90),
    )
    (waiting,) = CandidateStore(store.database).waiting(later)
    assert says in (waiting.evidence or "")
    assert waiting.day == later


def test_a_plain_revision_is_no_evidence_and_an_old_one_comes_too_late(store: PaperStore) -> None:
    store.take("arXiv", FetchedBatch((arrival(paper()),)), NOW)
    later = MONDAY + dt.timedelta(days=200)
    store.take(
        "arXiv",
        FetchedBatch((arrival(paper(title="A Paper on  Caches!"), 2, later, new=False),)),
        NOW,
    )
    late = paper(journal_ref="OSDI 2026")
    store.take(
        "arXiv", FetchedBatch((arrival(late, 3, later, new=False),)), NOW + dt.timedelta(days=200)
    )
    assert CandidateStore(store.database).waiting(later) == ()


def test_a_paper_counts_as_seen_only_after_the_moment_of_its_poll(store: PaperStore) -> None:
    """A paper of one feed is still unseen for the other feeds of the same poll."""
    store.take("arXiv", FetchedBatch((arrival(paper()),)), NOW)
    assert (
        store.history("arXiv").seen(["arxiv:2601.00001", "arxiv:2601.00002"], NOW) == frozenset()
    )
    assert store.history("arXiv").seen(["arxiv:2601.00001"], NOW + SECOND) == {"arxiv:2601.00001"}


def test_a_candidate_is_stored_once(store: PaperStore) -> None:
    row = candidate()
    store.take("arXiv", FetchedBatch((arrival(paper()),)), NOW)
    assert CandidateStore(store.database).propose([row], MONDAY, 10) == ("arxiv:2601.00001",)
    assert CandidateStore(store.database).propose([row], MONDAY, 10) == ()
    assert CandidateStore(store.database).spent(MONDAY) == 1
    assert CandidateStore(store.database).waiting(MONDAY) == ()


def test_a_day_is_complete_after_a_fresh_feed_or_after_catching_up(
    store: PaperStore,
) -> None:
    tuesday = MONDAY + dt.timedelta(days=1)
    fresh = FeedCheck("arXiv", "cs.DC", "fresh", "12 new papers", 12, MONDAY)
    failed = FeedCheck("arXiv", "cs.DC", "failed", "HTTP 503", 0, tuesday)
    store.take("arXiv", FetchedBatch((), (fresh, failed)), NOW)
    assert store.history("arXiv").taken_days("cs.DC", MONDAY) == {MONDAY}
    store.take("arXiv", FetchedBatch(days=(("cs.DC", tuesday),)), NOW)
    assert store.history("arXiv").taken_days("cs.DC", MONDAY) == {MONDAY, tuesday}
    assert store.history("arXiv").last_fresh("cs.DC") == (NOW, MONDAY)
    assert store.history("arXiv").volume("cs.DC") == 12
    assert store.history("arXiv").volume("cs.LG") is None


def test_listed_papers_are_looked_up_once(store: PaperStore) -> None:
    """Also those that arXiv does not know: a wrong id is not looked up at every poll."""
    first, second, third = "arxiv:1", "arxiv:2", "arxiv:3"
    assert store.unknown_listed([second, first]) == (first, second)
    answer = LookUpBatch((first, second), {first: DatedPaper(paper("1"))})
    store.keep_listed("arXiv", answer, NOW)
    assert store.unknown_listed([first, second, third]) == (third,)
    assert set(store.listed_papers()) == {first, "title:apaperoncaches"}


def test_a_new_model_replaces_the_previous_model(store: PaperStore) -> None:
    assert CandidateStore(store.database).model("relevance") is None
    CandidateStore(store.database).keep_model("relevance", "a", b"1", NOW)
    CandidateStore(store.database).keep_model("relevance", "b", b"2", NOW)
    assert CandidateStore(store.database).model("relevance") == ("b", NOW, b"2")


def test_the_background_is_every_seen_paper(store: PaperStore) -> None:
    many = tuple(arrival(paper(f"2601.{n:05d}", title=f"Title {n}")) for n in range(1200))
    store.take("arXiv", FetchedBatch(many), NOW)
    assert len(list(store.background())) == 1200


def test_a_paper_known_only_by_a_long_title_is_stored_once(store: PaperStore) -> None:
    """The key and the record's key are indexed together, in at most 2,700 bytes."""
    chance = random.Random(1)
    title = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(500))
    doi = "10.1145/" + "".join(chance.choices("abcdefghijklmnop", k=900))
    for known in (Paper(title=title), Paper(title=f"{title[:400]}!", doi=doi)):
        new = arrival(known)
        assert store.take("A Feed", FetchedBatch((new,)), NOW) == 1
        assert store.take("A Feed", FetchedBatch((new,)), NOW) == 0
