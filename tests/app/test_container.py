"""Bootstrap: one call builds the whole bot, and every dependency can be replaced."""

import ast
import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from slack_sdk import WebClient

import bot
from bot.app.clock import utc_now
from bot.app.container import Container, bootstrap
from bot.catalog.model import Entry
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database
from bot.db.migrate import is_current
from bot.errors import PapersError
from bot.review.actions import Approve, DecisionRules
from bot.review.model import Person, Subject
from bot.review.service import Proposal, SuggestionMade, card_key
from bot.settings import Settings
from bot.slack.authority import Workspace
from bot.slack.clients import SlackClients
from tests.conftest import opened
from tests.slack.fake import FakeSlack
from tests.slack.workspace_bot import REVIEW, Clock, populate

ENTRY = Entry(title="Made Up: A Paper", sections=("llm-systems/serving",))


@pytest.fixture
def data(catalog_copy: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A scratch copy of the list."""
    return catalog_copy(tmp_path)


def settings_of(data: Path, **changes: str) -> Settings:
    in_order = {
        "PAPERS_DATA_DIR": str(data),
        "PAPERS_REVIEW_CHANNEL": REVIEW,
        "DATABASE_URL": f"sqlite:///{data.parent}/papers.db",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",
    }
    return Settings.model_validate({**in_order, **changes})


def one_client(client: WebClient) -> SlackClients:
    return SlackClients(interactive=client, repeatable=client, once_only=client)


def suggest(container: Container) -> int:
    proposal = Proposal(identity="title:made-up", subject=Subject(after=ENTRY), source="U0001")
    made = container.review.suggest(proposal, container.now())
    assert isinstance(made, SuggestionMade)
    return made.suggestion.id


def test_the_defaults_open_a_migrated_database_and_the_real_clock(data: Path) -> None:
    container = bootstrap(settings_of(data))
    with opened(str(container.database.engine.url)) as database:
        assert is_current(database)
    container.database.close()
    assert container.now().tzinfo is dt.UTC
    assert abs(container.now() - utc_now()) < dt.timedelta(minutes=1)
    assert container.catalog.entries == read_catalog(data).catalog.entries


def test_a_decision_goes_from_the_card_to_the_list_with_every_dependency_replaced(
    fake_slack: FakeSlack, sqlite: Database, data: Path
) -> None:
    """The sender posts the card, the publisher writes the entry; no real second passes."""
    populate(fake_slack)
    clock = Clock()
    container = bootstrap(
        settings_of(data),
        now=lambda: clock.now,
        clock=lambda: clock.seconds,
        sleep=clock.tick,
        rng=random.Random(1),
        clients=one_client(fake_slack.client()),
        database=sqlite,
        workspace=Workspace("https://example.slack.com/"),
    )
    number = suggest(container)
    container.sender().step(lambda: True)
    (card,) = fake_slack.by_metadata("key", card_key(number))
    assert ENTRY.title in str(card.blocks)
    rules = DecisionRules(is_reviewer=True)
    container.review.act(number, Approve(), Person("U0002", "bob"), clock.now, rules)
    assert container.publisher("first").publish_due(clock.now) == 1
    added = next(e for e in read_catalog(data).catalog.entries if e.title == ENTRY.title)
    assert added.added == clock.now.date()


def test_messages_link_to_the_given_workspace(
    fake_slack: FakeSlack, sqlite: Database, data: Path
) -> None:
    container = bootstrap(
        settings_of(data),
        clients=one_client(fake_slack.client()),
        database=sqlite,
        workspace=Workspace("https://team.slack.com/", "T1"),
    )
    assert container.listener_context().workspace == Workspace("https://team.slack.com/", "T1")


def test_no_token_is_needed_to_build_the_clients(sqlite: Database, data: Path) -> None:
    """Commands that never call Slack, such as `papers poll`, run without one."""
    container = bootstrap(settings_of(data), database=sqlite)
    assert container.clients.once_only.token == ""


def test_the_settings_choose_where_papers_are_published(sqlite: Database, data: Path) -> None:
    def target(**changes: str) -> str:
        container = bootstrap(settings_of(data, **changes), database=sqlite)
        return type(container.target()).__name__

    assert target() == "FilesTarget"
    assert target(PAPERS_PUBLISH="git") == "GitTarget"
    token = {"PAPERS_GITHUB_TOKEN": "made-up-token", "PAPERS_GITHUB_REPO": "team/list"}
    assert target(PAPERS_PUBLISH="github", **token) == "GitHubTarget"
    with pytest.raises(PapersError, match="PAPERS_GITHUB_TOKEN"):
        target(PAPERS_PUBLISH="github")


def test_one_module_reads_the_time_of_day() -> None:
    """All others are given it, so that a test or the playground can move it."""
    folder, readers = Path(bot.__path__[0]), set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Attribute(attr="now" | "utcnow" | "today", value=ast.Attribute()):
                    owner = ast.unparse(node.value)
                case ast.Attribute(attr="time" | "time_ns", value=ast.Name(id="time")):
                    owner = "time"
                case _:
                    continue
            if owner in {"dt.datetime", "dt.date", "datetime.datetime", "datetime.date", "time"}:
                readers.add(str(path.relative_to(folder)))
    assert readers == {"app/clock.py"}
