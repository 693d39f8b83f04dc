"""The whole loop with real processes: a poll, cards, one click, a commit, a lookup, and back."""

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
    with running(fetch(), free_port(0), workspace({"mode": "socket"})) as found:
        yield found


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603  # git, with our own words
        ["git", "-C", str(folder), *words],  # noqa: S607  # wherever git is
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


def told(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_a_found_paper_is_approved_committed_looked_up_and_taken_back(
    standin: StandIn, repository: Path, tmp_path: Path
) -> None:
    """Everything but arXiv and Slack themselves is real; both have stand-ins on loopback."""
    reviewer, member = Person(standin, REVIEW), Person(standin)
    remote, log = tmp_path / "remote.git", tmp_path / "bot.log"
    before = (repository / "data/papers/llm-systems.yaml").read_text()

    def card(title: str, *, says: str = "") -> dict[str, Any] | None:
        cards = (m for m in reviewer.messages() if title in m["text"] and "thread_ts" not in m)
        return next((one for one in cards if says in told(one)), None)

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
            assert "it fits" in told(posted)
            reviewer.click(posted, "Approve")
            wait_for(lambda: card(title, says="Undo"), 20, "the record on the card")
            wait_for(lambda: title in git(remote, "log", "--format=%s", "main"), 20, "the commit")
            assert git(remote, "log", "-1", "--format=%an", "main").strip() == "Alice Anderson"
            diff = git(remote, "show", "--format=", "--numstat", "main").split()
            assert diff[1:] == ["0", "data/papers/llm-systems.yaml"], "lines added, none removed"
            found = member.type("2510.11938")
            assert "On the list, in LLM Systems › Serving" in told(found)
            undone = card(title, says="Undo")
            assert undone is not None
            reviewer.click(undone, "Undo")
            wait_for(
                lambda: git(remote, "rev-list", "--count", "main").strip() == "3", 20, "the undo"
            )
    assert git(remote, "show", "main:data/papers/llm-systems.yaml") == before
    assert (repository / "data/papers/llm-systems.yaml").read_text() == before
