"""Laws of the source interface: a paper without arXiv id goes from the feed to the list."""

import datetime as dt
import time
from pathlib import Path

import pytest

from bot.app.container import bootstrap
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.catalog.yaml.write import write_catalog
from bot.db.engine import Database
from bot.digest.feed_health import feed_health
from bot.digest.material import MaterialReader
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.paper import Paper
from bot.discovery.poll_report import PollReport
from bot.discovery.ranking.model_process import IN_PROCESS
from bot.discovery.service import DiscoveryService, no_progress
from bot.discovery.sources.base import Arrival, FetchedBatch
from bot.discovery.store import PaperStore
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.review.actions import Approve, DecisionRules, Transition
from bot.review.intake import IntakeJobs
from bot.review.model import Person, Suggestion
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.settings import Settings
from tests.discovery.sources.journal.source import JournalSource

FEED = (Path(__file__).parent / "articles.xml").read_bytes()
FRIDAY = dt.datetime(2025, 9, 19, 16, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
WITH_DOI, BY_TITLE = "doi:10.5555/gardens.41", "title:tulipwisewateringtulipsandrosesingardenpots"
CATALOG = Catalog(
    ListInfo(
        title="Gardens",
        sections=(Section(id="roses", title="Roses"), Section(id="tulips", title="Tulips")),
        budget=2,
    ),
    tuple(
        Entry(
            title=f"{name.title()} {number}: Watering and pruning {name} in the garden",
            url=f"https://doi.org/10.5555/listed.{name}.{number}",
            doi=f"10.5555/listed.{name}.{number}",
            sections=(name,),
        )
        for name in ("roses", "tulips")
        for number in range(6)
    ),
)


class Bot:
    """Discovery, review and lookup over one database, with the journal as the only source."""

    def __init__(self, database: Database, folder: Path, feed: bytes = FEED) -> None:
        write_catalog(folder, CATALOG)
        self.now = FRIDAY
        self.store = PaperStore(database)
        self.suggestions = SuggestionStore(database)
        self.folder = folder
        self.lookup = self.open_lookup()
        self.review = ReviewService(database, "CREVIEW")
        self.discovery = DiscoveryService(
            database,
            self.catalog,
            [JournalSource(feed)],
            lambda: self.now,
            channel="CREVIEW",
            model=IN_PROCESS,
        )
        self.jobs = IntakeJobs(
            self.discovery, self.review, self.suggestions, self.catalog, lambda: self.now
        )

    def open_lookup(self) -> LookupService:
        """A new lookup service, as in a process that has just started."""
        return LookupService(
            self.folder, shipped_names(), time.monotonic, decisions=self.suggestions
        )

    def catalog(self) -> Catalog:
        return self.lookup.current().catalog

    def poll(self) -> PollReport:
        return self.jobs.poll(no_progress)

    def suggested(self) -> dict[str, Suggestion]:
        return {suggestion.identity: suggestion for suggestion in self.suggestions.open()}

    def announce(self, paper: Paper) -> None:
        """Record that arXiv announces a paper too."""
        self.now += DAY
        batch = FetchedBatch((Arrival(paper, 1, self.now.date()),))
        self.store.take("arXiv", batch, self.now)


@pytest.fixture
def bot(database: Database, tmp_path: Path) -> Bot:
    return Bot(database, tmp_path / "data")


def test_articles_are_found_ranked_suggested_approved_and_looked_up(bot: Bot) -> None:
    report = bot.poll()
    assert [(check.feed, check.verdict) for check in report.outcome.checks] == [
        ("Journal of Gardens", "fresh")
    ]
    assert report.outcome.new == 4
    assert report.outcome.faults == ["An article has no title."]
    suggested = bot.suggested()
    assert set(suggested) == {WITH_DOI, BY_TITLE}, "and not the engines"
    article, untraced = suggested[WITH_DOI].subject, suggested[BY_TITLE].subject
    assert article.reasons
    assert article.authors == ("Ada Lark",)
    assert article.entry.url == "https://doi.org/10.5555/GARDENS.41"
    assert untraced.entry.url == "https://journal.example/articles/42"
    for suggestion in suggested.values():
        assert suggestion.subject.choices
        rules = DecisionRules(is_reviewer=True)
        done = bot.review.act(suggestion.id, Approve(), Person("U1"), bot.now, rules)
        assert isinstance(done, Transition)
    lookup = bot.open_lookup().current()
    for query in ("rosewater", "10.5555/gardens.41", "tulipwise"):
        assert lookup.answer(query).results, query


def test_the_poll_report_names_the_feed_and_the_link_of_each_paper(bot: Bot) -> None:
    text = bot.poll().as_text()
    assert "Journal of Gardens fresh" in text
    assert "https://doi.org/10.5555/GARDENS.41" in text


def test_a_source_is_polled_when_due_and_brings_no_paper_twice(bot: Bot) -> None:
    assert bot.jobs.poll_when_due().startswith("4 new papers, 2 proposed")
    assert bot.jobs.poll_when_due() == ""
    bot.now += DAY
    assert bot.jobs.poll_when_due() == "0 new papers, 0 proposed; feeds: quiet"
    assert len(bot.suggestions.open()) == 2


@pytest.mark.parametrize(
    ("key", "paper"),
    [
        (
            WITH_DOI,
            Paper(arxiv="2509.00041", title="Rosewater, Retitled", doi="10.5555/gardens.41"),
        ),
        (
            BY_TITLE,
            Paper(
                arxiv="2509.00042",
                title="Tulipwise: watering tulips and roses in garden pots",
                authors=("B. Wren",),
            ),
        ),
    ],
)
def test_a_paper_that_arxiv_announces_later_is_the_same_record_and_not_proposed_again(
    bot: Bot, key: str, paper: Paper
) -> None:
    bot.poll()
    suggestion = bot.suggested()[key]
    bot.announce(paper)
    assert bot.store.count_seen() == 4
    (record,) = [each for each in bot.store.background() if each.arxiv == paper.arxiv]
    assert record.title == paper.title, "arXiv's title is preferred"
    assert record.abstract, "a fact that only the journal states is kept"
    assert record.key == f"arxiv:{paper.arxiv}"
    bot.now += 7 * DAY
    assert bot.jobs.hand_over() == 0
    proposed = bot.poll().candidates
    assert f"arxiv:{paper.arxiv}" not in {candidate.paper.key for candidate in proposed}
    assert bot.suggestions.find_by_identity(f"arxiv:{paper.arxiv}") == suggestion
    assert f"arxiv:{paper.arxiv}" not in bot.suggested()


def test_a_feed_that_cannot_be_read_raises_the_alarm_and_is_in_the_digest(
    database: Database, tmp_path: Path
) -> None:
    bot = Bot(database, tmp_path / "data", b"<html>down</html>")
    report = bot.poll()
    assert report.is_trouble
    row = Outbox(database).get(f"feeds:{bot.now.isoformat()}")
    assert row
    assert row.content["lines"] == ["Journal of Gardens: failed. an HTML page instead of a feed"]
    news = MaterialReader(database).read(bot.catalog(), FRIDAY - DAY)
    sentence = feed_health(news.feeds, FRIDAY - DAY, FRIDAY + DAY).sentence
    assert "Journal of Gardens: failed on Fri 19 Sep" in sentence


def test_a_paper_listed_under_another_key_is_not_proposed(bot: Bot) -> None:
    listed = CATALOG.entries[0]
    bot.announce(Paper(arxiv="2509.00099", title=f"{listed.title} anew", doi=listed.doi))
    waiting = CandidateStore(bot.store.database).waiting(FRIDAY.date())
    assert [paper.paper.arxiv for paper in waiting] == ["2509.00099"]
    report = bot.poll()
    assert "2509.00099" not in {candidate.paper.arxiv for candidate in report.candidates}


def test_the_bot_polls_the_sources_that_it_is_built_with(sqlite: Database, tmp_path: Path) -> None:
    """Through the composition root, with the model in its child process."""
    write_catalog(tmp_path / "data", CATALOG)
    settings = Settings.model_validate({"PAPERS_DATA_DIR": str(tmp_path / "data")})
    container = bootstrap(
        settings, now=lambda: FRIDAY, database=sqlite, sources=[JournalSource(FEED)]
    )
    report = container.intake().poll(no_progress)
    assert {candidate.paper.key for candidate in report.candidates} == {WITH_DOI, BY_TITLE}
    identities = {suggestion.identity for suggestion in container.suggestions.open()}
    assert identities == {WITH_DOI, BY_TITLE}
