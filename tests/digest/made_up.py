"""A made-up list and a desk on which suggestions are made and approved by the real review."""

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.db.engine import Database
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.discovery.candidate_store import CandidateStore, RunnerUp
from bot.discovery.paper import Paper
from bot.discovery.store import Arrival, FeedCheck, FetchedBatch, PaperStore
from bot.lookup.catalog_lookup import CatalogLookup
from bot.review.decision import Approve, DecisionRules, Transition
from bot.review.model import Person, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade

BERLIN = ZoneInfo("Europe/Berlin")
REVIEWER = Person("U1", "Rita")
RULES = DecisionRules(is_reviewer=True)


def berlin(day: int, hour: int = 9, minute: int = 0) -> dt.datetime:
    """A moment of November 2026, in Berlin; the 2nd is a Monday."""
    first = dt.datetime(2026, 11, 1, hour, minute, tzinfo=BERLIN)
    return first + dt.timedelta(days=day - 1)


def entry(number: int, title: str, section: str = "systems/serving", **more: str) -> Entry:
    arxiv = f"2611.{number:05}"
    known = Entry(
        title=title, url=f"https://arxiv.org/abs/{arxiv}", arxiv=arxiv, sections=(section,)
    )
    return replace(known, **more)  # type: ignore[arg-type]  # a test's shorthand


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


class Desk:
    """Everything around digests, over one database."""

    def __init__(self, database: Database) -> None:
        self.catalog = CATALOG
        self.review = ReviewService(database, "CREVIEW")
        self.store = PaperStore(database)
        self.digests = DigestStore(database)
        self.editor = Composer(database, lambda: self.catalog, shipped_names())
        self.subscribing = SubscriptionService(
            self.digests, self.editor, lambda: CatalogLookup(self.catalog, shipped_names())
        )

    def suggest(self, one: Entry, at: dt.datetime) -> Suggestion:
        proposal = Proposal(identity=f"arxiv:{one.arxiv}", subject=Subject(after=one), source=None)
        made = self.review.suggest(proposal, at)
        assert isinstance(made, SuggestionMade)
        return made.suggestion

    def approve(self, one: Entry, at: dt.datetime) -> Suggestion:
        suggestion = self.suggest(one, at - dt.timedelta(hours=1))
        taken = self.review.act(suggestion.id, Approve(), REVIEWER, at, RULES)
        assert isinstance(taken, Transition)
        return taken.suggestion

    def see(self, one: Entry, day: dt.date, score: float) -> None:
        """arXiv announced a paper, and it was nearly proposed."""
        assert one.arxiv
        paper = Paper(arxiv=one.arxiv, title=one.title, abstract="About it.")
        at = dt.datetime.combine(day, dt.time(7), dt.UTC)
        self.store.take(FetchedBatch((Arrival(paper, 1, day, is_new=True),)), at)
        CandidateStore(self.store.database).keep_runners_up(
            [RunnerUp(paper, day, score, one.home)], at
        )

    def check(self, category: str, verdict: str, at: dt.datetime) -> None:
        self.store.take(FetchedBatch((), (FeedCheck(category, verdict, "", 1, at.date()),)), at)

    def approve_one(
        self, one: Suggestion, who: Person, at: dt.datetime, rules: DecisionRules = RULES
    ) -> None:
        assert isinstance(self.review.act(one.id, Approve(), who, at, rules), Transition)

    def approve_again(self, one: Suggestion, at: dt.datetime) -> None:
        self.approve_one(one, REVIEWER, at)
