"""Laws of publishing as people see it: trouble is told once and ends well, a lost disk is mended.

The whole bot in one process over the strict fake; the list is files, or a git repository.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.catalog.change import Change
from bot.catalog.yaml.edit import apply_to_folder
from bot.db.engine import Database
from bot.slack.blocks.cards import APPROVE, UNDO
from tests.publishing.site import Site, make_site
from tests.slack.fake import ALICE, BOB, FakeSlack, PostedMessage
from tests.slack.workspace_bot import Clock, WorkspaceBot, populate

TITLE = "Made Up: A System"
Start = Callable[..., WorkspaceBot]


@pytest.fixture
def start(slack_server: HTTPServer, sqlite: Database) -> Iterator[Start]:
    """Starts a process of the bot; the second one is that after a restart."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)

    def begin(data: Path, site: Site | None = None, run: str = "first") -> WorkspaceBot:
        target = site.publisher() if site else None
        return WorkspaceBot(slack, sqlite, data, clock, target=target, run=run)

    yield begin
    slack.check()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A repository with this project's list, and its bare remote."""
    made = make_site(tmp_path)
    path = made.work / "data/list.yaml"
    text = path.read_text().replace("serving", "llm-systems").replace("Serving", "LLM Systems")
    sections = (
        "- id: llm-systems\n  title: LLM Systems\n  sections: [{id: serving, title: Serving}]"
    )
    text = text.replace("- {id: llm-systems, title: LLM Systems}", sections)
    made.commit("data/list.yaml", text)
    shutil.move(made.work / "data/papers/serving.yaml", made.work / "data/papers/llm-systems.yaml")
    serving = (made.work / "data/papers/llm-systems.yaml").read_text()
    made.commit(
        "data/papers/llm-systems.yaml", serving.replace("[serving]", "[llm-systems/serving]")
    )
    made.git("rm", "-q", "--cached", "data/papers/serving.yaml")
    readme = (made.work / "README.md").read_text()
    made.commit("README.md", readme.replace("## Serving", "## LLM Systems\n\n### Serving"))
    made.git("push", "-q")
    return made


def publishing_messages(bot: WorkspaceBot, number: int) -> list[PostedMessage]:
    """The messages about publishing in the card's thread."""
    prefix = f"suggestion:{number}:publishing"
    return [
        message
        for message in bot.slack.by_metadata("key")
        if (message.metadata or {})["event_payload"]["key"].startswith(prefix)
    ]


def test_a_refusing_remote_is_told_once_and_the_good_news_replaces_it(
    start: Start, site: Site
) -> None:
    bot = start(site.work / "data", site)
    hook = site.folder / "bare.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'the branch is protected'\nexit 1\n")
    hook.chmod(0o755)
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.clock.tick(1)
    for _ in range(4):
        bot.settle(30)
        bot.clock.tick(600)
    (message,) = publishing_messages(bot, number)
    assert "Not published yet" in message.text
    assert "did not take it" in message.text
    assert message.edits == 0, "told once, not again with every try"
    assert message.thread_ts == bot.card(number).ts
    assert "did not take it" in json.dumps(bot.card(number).blocks)
    assert TITLE in [entry.title for entry in bot.catalog.entries], "lookups have it meanwhile"
    hook.unlink()
    bot.clock.tick(3600)
    bot.settle()
    (message,) = publishing_messages(bot, number)
    assert "is commit" in message.text
    assert "Not published" not in json.dumps([message.text, message.blocks])
    card = json.dumps(bot.card(number).blocks)
    assert "did not take it" not in card
    assert "Published" in card
    assert len(site.keys()) == 1


def test_files_that_cannot_be_written_are_told_and_then_the_good_news(
    start: Start, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """Also without a published page to link to."""
    bot = start(catalog_copy(tmp_path))
    number = bot.suggest(TITLE)
    path = bot.data / "papers/llm-systems.yaml"
    good = path.read_text()
    path.write_text(good + "\n- title: [\n")
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    (message,) = publishing_messages(bot, number)
    assert "Not published yet" in message.text
    path.write_text(good)
    bot.clock.tick(3600)
    bot.settle()
    (message,) = publishing_messages(bot, number)
    assert "Not published" not in message.text
    assert TITLE in bot.titles


def test_files_lost_with_a_disk_are_written_again_after_the_start(
    start: Start, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """Lookups have the entries all the time."""
    data = catalog_copy(tmp_path)
    shutil.copytree(data, tmp_path / "old")
    bot = start(data)
    kept, undone = bot.suggest(TITLE), bot.suggest("Undone", "2603.00002")
    for number in (kept, undone):
        bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    bot.click(bot.card(undone), UNDO, BOB)
    bot.settle()
    written = (data / "papers/llm-systems.yaml").read_text()
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "old", data)
    again = start(data, run="second")
    assert TITLE in [entry.title for entry in again.catalog.entries]
    assert TITLE not in again.titles
    assert again.publisher.reconcile() == 1
    assert (data / "papers/llm-systems.yaml").read_text() == written
    assert again.publisher.reconcile() == 0
    assert TITLE in again.titles


def test_an_approved_entry_that_a_person_removes_by_hand_stays_removed(
    start: Start, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """While the bot runs, and after a restart."""
    bot = start(catalog_copy(tmp_path))
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    suggestion = bot.suggestions.get(number)
    assert suggestion is not None
    assert suggestion.subject.after is not None
    apply_to_folder(bot.data, Change(before=suggestion.subject.after, after=None))
    assert bot.publisher.reconcile() == 0
    bot.clock.tick(1)
    assert TITLE not in [entry.title for entry in bot.catalog.entries]
    again = start(bot.data, run="second")
    assert again.publisher.reconcile() == 0
    assert TITLE not in again.titles
    assert TITLE not in [entry.title for entry in again.catalog.entries]
