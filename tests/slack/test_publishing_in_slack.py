"""Laws of publishing as people see it: trouble is told once and ends well, a lost disk is mended.

The whole bot in one process over the strict Slack; the list is files, or a git repository.
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
from tests.slack.house import Clock, House, furnish
from tests.slack.test_reviewing import suggested, titles

TITLE = "Made Up: A System"
Make = Callable[..., House]


@pytest.fixture
def make(slack_server: HTTPServer, database: Database) -> Iterator[Make]:
    """Makes the bot of a process; the next one is that after a restart."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    furnish(slack)

    def begin(data: Path, site: Site | None = None, run: str = "first") -> House:
        return House(
            slack, database, data, clock, target=site.publisher() if site else None, run=run
        )

    yield begin
    slack.check()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A repository with this project's list, which a bare one stands behind."""
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


def thread(house: House, number: int) -> list[PostedMessage]:
    """What the card's thread says of publishing."""
    said = house.slack.by_metadata("key")
    return [
        one
        for one in said
        if (one.metadata or {})["event_payload"]["key"].startswith(
            f"suggestion:{number}:publishing"
        )
    ]


def test_a_remote_that_refuses_is_told_once_and_then_the_good_news_takes_its_place(
    make: Make, site: Site
) -> None:
    house = make(site.work / "data", site)
    hook = site.folder / "bare.git/hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'the branch is protected'\nexit 1\n")
    hook.chmod(0o755)
    number = suggested(house)
    house.click(house.card(number), APPROVE, ALICE)
    house.clock.tick(1)
    for _ in range(4):
        house.settle(30)
        house.clock.tick(600)
    (told,) = thread(house, number)
    assert "Not published yet" in told.text
    assert "did not take it" in told.text
    assert told.edits == 0, "said once, not again with every try"
    assert told.thread_ts == house.card(number).ts
    assert "did not take it" in json.dumps(house.card(number).blocks)
    assert TITLE in [entry.title for entry in house.catalog.entries], (
        "lookups have it all the time"
    )
    hook.unlink()
    house.clock.tick(3600)
    house.settle()
    (told,) = thread(house, number)
    assert "is commit" in told.text
    assert "Not published" not in json.dumps([told.text, told.blocks])
    card = json.dumps(house.card(number).blocks)
    assert "did not take it" not in card
    assert "Published" in card
    assert len(site.keys()) == 1


def test_files_that_cannot_be_written_are_told_and_then_the_good_news(
    make: Make, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """Also where nothing is published that could be pointed at."""
    house = make(catalog_copy(tmp_path))
    number = suggested(house)
    path = house.data / "papers/llm-systems.yaml"
    good = path.read_text()
    path.write_text(good + "\n- title: [\n")
    house.click(house.card(number), APPROVE, ALICE)
    house.settle()
    (told,) = thread(house, number)
    assert "Not published yet" in told.text
    path.write_text(good)
    house.clock.tick(3600)
    house.settle()
    (told,) = thread(house, number)
    assert "Not published" not in told.text
    assert TITLE in titles(house)


def test_what_a_lost_disk_took_is_there_again_after_the_start(
    make: Make, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """Lookups have it all the time."""
    data = catalog_copy(tmp_path)
    shutil.copytree(data, tmp_path / "old")
    house = make(data)
    kept, undone = suggested(house), suggested(house, title="Undone", arxiv="2603.00002")
    for number in (kept, undone):
        house.click(house.card(number), APPROVE, ALICE)
    house.settle()
    house.click(house.card(undone), UNDO, BOB)
    house.settle()
    written = (data / "papers/llm-systems.yaml").read_text()
    shutil.rmtree(data)
    shutil.copytree(tmp_path / "old", data)
    again = make(data, run="second")
    assert TITLE in [entry.title for entry in again.catalog.entries]
    assert TITLE not in titles(again)
    assert again.publisher.reconcile() == 1
    assert (data / "papers/llm-systems.yaml").read_text() == written
    assert again.publisher.reconcile() == 0
    assert TITLE in titles(again)


def test_a_person_who_takes_an_approved_entry_out_by_hand_is_right(
    make: Make, tmp_path: Path, catalog_copy: Callable[[Path], Path]
) -> None:
    """While the bot runs, and after it was started again."""
    house = make(catalog_copy(tmp_path))
    number = suggested(house)
    house.click(house.card(number), APPROVE, ALICE)
    house.settle()
    one = house.suggestions.get(number)
    assert one is not None
    assert one.subject.after is not None
    apply_to_folder(house.data, Change(before=one.subject.after, after=None))
    assert house.publisher.reconcile() == 0
    house.clock.tick(1)
    assert TITLE not in [entry.title for entry in house.catalog.entries]
    again = make(house.data, run="second")
    assert again.publisher.reconcile() == 0
    assert TITLE not in titles(again)
    assert TITLE not in [entry.title for entry in again.catalog.entries]
