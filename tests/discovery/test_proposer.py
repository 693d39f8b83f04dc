"""Laws of proposals: the best new papers, within the budget, each once, never a listed one."""

import datetime as dt
from dataclasses import replace

import pytest

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.db.engine import Database
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.paper import Paper
from bot.discovery.proposer import Candidate, Proposer
from bot.discovery.ranking.model_process import IN_PROCESS
from bot.discovery.sources.base import Arrival, FetchedBatch
from bot.discovery.store import PaperStore

MONDAY = dt.date(2025, 9, 15)
GARDEN = "We water roses and tulips in pots, pruning the garden by season."
ENGINE = "A diesel engine burns fuel in cylinders; pistons turn the crankshaft."


def noon(day: int) -> dt.datetime:
    """Noon in New York, `day` days after Monday."""
    return dt.datetime.combine(MONDAY + dt.timedelta(days=day), dt.time(16), dt.UTC)


def garden(number: int) -> Paper:
    title = f"Roses {number} and Tulips in a Garden of Kind {number}"
    return Paper(
        arxiv=f"2509.1{number:04}", title=title, abstract=GARDEN, authors=(f"G {number}",)
    )


def engine(number: int) -> Paper:
    title = f"Diesel Engine {number} with Pistons of Kind {number}"
    return Paper(
        arxiv=f"2509.2{number:04}", title=title, abstract=ENGINE, authors=(f"E {number}",)
    )


@pytest.fixture
def catalog() -> Catalog:
    sections = (Section(id="roses", title="Roses"), Section(id="tulips", title="Tulips"))
    entries = tuple(
        Entry(
            title=f"{name.title()} {number}: Watering {name} in the garden",
            url=f"https://arxiv.org/abs/2401.{at}{number:04}",
            arxiv=f"2401.{at}{number:04}",
            sections=(name,),
        )
        for at, name in enumerate(("roses", "tulips"))
        for number in range(6)
    )
    return Catalog(ListInfo(title="Gardens", sections=sections, budget=5), entries)


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """SQLite by default: most of the time is fitting, not the database."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def store(database: Database) -> PaperStore:
    return PaperStore(database)


def announce(store: PaperStore, day: int, *papers: Paper) -> None:
    arrivals = tuple(
        Arrival(paper, 1, MONDAY + dt.timedelta(days=day), is_new=True) for paper in papers
    )
    store.take("arXiv", FetchedBatch(arrivals), noon(day))


def ids(candidates: tuple[Candidate, ...]) -> list[str]:
    return [candidate.paper.arxiv or "" for candidate in candidates]


def test_the_best_papers_of_a_week_are_proposed_first_each_once(
    store: PaperStore, catalog: Catalog
) -> None:
    """A budget of five a week is one a day; a paper outranked on Monday can follow on Tuesday."""
    announce(store, 0, *(garden(n) for n in range(3)), *(engine(n) for n in range(60)))
    proposer = Proposer(store, catalog, model=IN_PROCESS)
    monday = proposer.propose(noon(0))
    assert len(monday) == 1
    assert monday[0].paper.arxiv in {garden(n).arxiv for n in range(3)}
    assert proposer.propose(noon(0)) == ()
    tuesday = proposer.propose(noon(1))
    wednesday = proposer.propose(noon(2))
    proposed = ids((*monday, *tuesday, *wednesday))
    assert sorted(proposed) == [garden(n).arxiv for n in range(3)]


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_a_candidate_has_reasons_and_sections(store: PaperStore, catalog: Catalog) -> None:
    announce(store, 0, garden(1), *(engine(n) for n in range(60)))
    (candidate,) = Proposer(store, catalog, model=IN_PROCESS).propose(noon(0))
    assert candidate.rank == 1
    assert candidate.ranked == 61
    assert {term.text for term in candidate.reasons.terms_for} & {"roses", "tulips", "garden"}
    assert candidate.reasons.nearest[0].title.endswith("in the garden")
    assert {choice.section for choice in candidate.choices} == {"roses", "tulips"}


def test_a_listed_paper_is_never_proposed_by_id_or_by_title(
    store: PaperStore, catalog: Catalog
) -> None:
    listed = catalog.entries[0]
    again = Paper(arxiv="2509.30000", title=f"{listed.title}!", abstract=GARDEN)
    same = Paper(arxiv=listed.arxiv or "", title="Another title of roses", abstract=GARDEN)
    announce(store, 4, again, same, garden(1), *(engine(n) for n in range(60)))
    proposed = ids(Proposer(store, catalog, model=IN_PROCESS).propose(noon(4)))
    assert garden(1).arxiv in proposed
    assert not {again.arxiv, same.arxiv} & set(proposed)


def test_a_dry_run_proposes_nothing(store: PaperStore, catalog: Catalog) -> None:
    announce(store, 0, garden(1), *(engine(n) for n in range(60)))
    proposer = Proposer(store, catalog, model=IN_PROCESS)
    dry = proposer.propose(noon(0), dry_run=True)
    assert CandidateStore(store.database).spent(MONDAY) == 0
    assert ids(proposer.propose(noon(0))) == ids(dry)


def test_evidence_of_a_venue_makes_an_old_paper_a_candidate_again(
    store: PaperStore, catalog: Catalog
) -> None:
    paper = garden(1)
    announce(store, -100, paper)
    announce(store, 0, *(engine(n) for n in range(60)))
    proposer = Proposer(store, catalog, model=IN_PROCESS)
    assert paper.arxiv not in ids(proposer.propose(noon(0), dry_run=True))
    revised = replace(paper, journal_ref="Garden Systems 2025")
    store.take("arXiv", FetchedBatch((Arrival(revised, 2, MONDAY, is_new=False),)), noon(0))
    (candidate,) = [
        candidate
        for candidate in proposer.propose(noon(0))
        if candidate.paper.arxiv == paper.arxiv
    ]
    assert "Garden Systems 2025" in (candidate.evidence or "")


def test_the_model_is_fitted_again_only_when_its_input_has_changed(
    store: PaperStore, catalog: Catalog
) -> None:
    announce(store, 0, garden(1), *(engine(n) for n in range(60)))
    Proposer(store, catalog, model=IN_PROCESS).propose(noon(0), dry_run=True)
    first = CandidateStore(store.database).model("relevance")
    Proposer(store, catalog, model=IN_PROCESS).propose(noon(1), dry_run=True)
    assert CandidateStore(store.database).model("relevance") == first
    more = Entry(title="Tulips again", sections=("tulips",))
    Proposer(store, Catalog(catalog.info, (*catalog.entries, more)), model=IN_PROCESS).propose(
        noon(1), dry_run=True
    )
    second = CandidateStore(store.database).model("relevance")
    assert first
    assert second
    assert second[0] != first[0]


def test_without_new_papers_nothing_is_proposed(store: PaperStore, catalog: Catalog) -> None:
    assert Proposer(store, catalog, model=IN_PROCESS).propose(noon(0)) == ()


def test_runners_up_are_stored_until_they_are_proposed(
    store: PaperStore, catalog: Catalog
) -> None:
    """With score and section, for the digest; a dry run stores none."""
    announce(store, 0, *(garden(n) for n in range(3)), *(engine(n) for n in range(60)))
    proposer = Proposer(store, catalog, model=IN_PROCESS)
    proposer.propose(noon(0), dry_run=True)
    assert CandidateStore(store.database).runners_up(MONDAY) == ()
    proposed = set(ids(proposer.propose(noon(0))))
    beaten = CandidateStore(store.database).runners_up(MONDAY)
    gardens = {garden(n).arxiv for n in range(3)}
    assert {candidate.paper.arxiv for candidate in beaten} >= gardens - proposed
    assert proposed.isdisjoint(candidate.paper.arxiv for candidate in beaten)
    assert [candidate.score for candidate in beaten] == sorted(
        (candidate.score for candidate in beaten), reverse=True
    )
    assert {candidate.section for candidate in beaten} <= {"roses", "tulips"}
    later = set(ids(proposer.propose(noon(1))))
    assert later
    assert later.isdisjoint(
        candidate.paper.arxiv for candidate in CandidateStore(store.database).runners_up(MONDAY)
    )
