"""Laws of the review loop, with real processes: suggestion, card, commit, lookup and undo."""

import datetime as dt
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.demo.recorded import recorded
from bot.demo.standin import APP_TOKEN, BOT_TOKEN, StandIn, fetch, free_port, running, workspace
from tests.e2e import processes
from tests.e2e.person import REVIEW, Person
from tests.e2e.processes import wait_for


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with running(fetch(), free_port(0), workspace({"mode": "socket"})) as created:
        yield created


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603  # git, with arguments of this test
        ["git", "-C", str(folder), *words],  # noqa: S607  # git from PATH
        check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, catalog_copy: Callable[[Path], Path]) -> Path:
    """A clone of a bare remote that holds the list."""
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    clone.mkdir()
    catalog_copy(clone)
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(clone, "init", "--quiet", "--initial-branch=main")
    git(clone, "add", ".")
    git(clone, "-c", "user.name=Owner", "-c", "user.email=o@example.com", "commit", "-qm", "List")
    git(clone, "remote", "add", "origin", str(remote))
    git(clone, "push", "--quiet", "--set-upstream", "origin", "main")
    return clone


def message_json(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_an_approved_paper_is_committed_and_looked_up_and_an_undo_restores_the_list(
    standin: StandIn, repository: Path, tmp_path: Path
) -> None:
    """Only arXiv and Slack are replaced, by stand-ins on loopback."""
    reviewer, member = Person(standin, REVIEW), Person(standin)
    remote, log = tmp_path / "remote.git", tmp_path / "bot.log"
    before = (repository / "data/papers/llm-systems.yaml").read_text()

    def card(title: str, *, containing: str = "") -> dict[str, Any] | None:
        cards = (m for m in reviewer.messages() if title in m["text"] and "thread_ts" not in m)
        return next((message for message in cards if containing in message_json(message)), None)

    with recorded(dt.datetime.now(dt.UTC)) as arxiv:  # noqa: TID251  # the day's feed
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": standin.api,
            "DATABASE_URL": f"sqlite:///{tmp_path}/papers.db",
            "PAPERS_DATA_DIR": str(repository / "data"),
            "PAPERS_REVIEW_CHANNEL": REVIEW,
            "PAPERS_PUBLISH": "git",
            "PAPERS_RSS_URL": f"{arxiv}/rss",
            "PAPERS_API_URL": f"{arxiv}/api",
        }
        with processes.running("run", settings=settings, log=log):
            wait_for(lambda: '"ready"' in log.read_text(), 20, "the bot")
            member.type("suggest 2510.11938 serving it fits")
            title = "FlexPipe"
            posted = wait_for(lambda: card(title), 60, "the card")
            assert "it fits" in message_json(posted)
            reviewer.click(posted, "Approve")
            wait_for(lambda: card(title, containing="Undo"), 20, "the record on the card")
            wait_for(lambda: title in git(remote, "log", "--format=%s", "main"), 20, "the commit")
            assert git(remote, "log", "-1", "--format=%an", "main").strip() == "Alice Anderson"
            diff = git(remote, "show", "--format=", "--numstat", "main").split()
            assert diff[1:] == ["0", "data/papers/llm-systems.yaml"], "lines added, none removed"
            answer = member.type("2510.11938")
            assert "On the list, in LLM Systems › Serving" in message_json(answer)
            undone = card(title, containing="Undo")
            assert undone is not None
            reviewer.click(undone, "Undo")
            wait_for(
                lambda: git(remote, "rev-list", "--count", "main").strip() == "3", 20, "the undo"
            )
    assert git(remote, "show", "main:data/papers/llm-systems.yaml") == before
    assert (repository / "data/papers/llm-systems.yaml").read_text() == before
