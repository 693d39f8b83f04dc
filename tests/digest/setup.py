"""A small list, and the services around digests, with which tests suggest and approve papers."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.db.engine import Database
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.discovery.candidate_store import CandidateStore, RunnerUp
from bot.discovery.paper import Paper
from bot.discovery.sources.base import Arrival, FetchedBatch
from bot.discovery.store import PaperStore
from bot.lookup.catalog_lookup import CatalogLookup
from bot.review.actions import Approve, DecisionRules, Transition
from bot.review.model import Person, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade

BERLIN = ZoneInfo("Europe/Berlin")
BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
REVIEWER = Person("U1", "Rita")
RULES = DecisionRules(is_reviewer=True)


def berlin(day: int, hour: int = 9, minute: int = 0) -> dt.datetime:
    """A moment of November 2026, in Berlin; the 2nd is a Monday."""
    first = dt.datetime(2026, 11, 1, hour, minute, tzinfo=BERLIN)
    return first + dt.timedelta(days=day - 1)


def entry(number: int, title: str, section: str = "systems/serving", **more: str) -> Entry:
    arxiv = f"2611.{number:05}"
    listed = Entry(
        title=title, url=f"https://arxiv.org/abs/{arxiv}", arxiv=arxiv, sections=(section,)
    )
    return replace(listed, **more)  # type: ignore[arg-type]  # a test's shorthand


OLD = (
    replace(entry(1, "Old: Serving with Caches"), venue="OSDI", year=2024),
    entry(2, "Elder: Training at Scale", "systems/training"),
)
CATALOG = Catalog(
    ListInfo(
        title="Gardens",
        sections=(
            Section(
                id="systems",
                title="Systems",
                sections=(
                    Section(id="serving", title="Serving"),
                    Section(id="training", title="Training"),
                ),
            ),
            Section(id="surveys", title="Surveys"),
        ),
        categories=("cs.DC", "cs.LG"),
    ),
    OLD,
)


class Setup:
    """The services around digests, over one database."""

    def __init__(self, database: Database) -> None:
        self.catalog = CATALOG
        self.review = ReviewService(database, "CREVIEW")
        self.store = PaperStore(database)
        self.digests = DigestStore(database)
        self.composer = Composer(database, lambda: self.catalog, shipped_names())
        self.service = SubscriptionService(self.digests, self.composer, self.lookup)
        self._lookup: tuple[Catalog, CatalogLookup] | None = None

    def lookup(self) -> CatalogLookup:
        """The lookup of the present catalog; building its index takes most of a test's time."""
        if self._lookup is None or self._lookup[0] is not self.catalog:
            self._lookup = self.catalog, CatalogLookup(self.catalog, shipped_names())
        return self._lookup[1]

    def suggest(self, paper: Entry, at: dt.datetime) -> Suggestion:
        subject = Subject(after=paper)
        proposal = Proposal(identity=f"arxiv:{paper.arxiv}", subject=subject, source=None)
        made = self.review.suggest(proposal, at)
        assert isinstance(made, SuggestionMade)
        return made.suggestion

    def approve(self, paper: Entry, at: dt.datetime) -> Suggestion:
        return self.approve_suggestion(self.suggest(paper, at - dt.timedelta(hours=1)), at)

    def approve_suggestion(
        self,
        suggestion: Suggestion,
        at: dt.datetime,
        person: Person = REVIEWER,
        rules: DecisionRules = RULES,
    ) -> Suggestion:
        outcome = self.review.act(suggestion.id, Approve(), person, at, rules)
        assert isinstance(outcome, Transition)
        return outcome.suggestion

    def announce(self, entry: Entry, day: dt.date, score: float) -> None:
        """Have arXiv announce a paper that is nearly proposed."""
        assert entry.arxiv
        paper = Paper(arxiv=entry.arxiv, title=entry.title, abstract="About it.")
        at = dt.datetime.combine(day, dt.time(7), dt.UTC)
        self.store.take("arXiv", FetchedBatch((Arrival(paper, 1, day, is_new=True),)), at)
        CandidateStore(self.store.database).keep_runners_up(
            [RunnerUp(paper, day, score, entry.home)], at
        )
