"""Fixtures of the Slack tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.db.engine import Database
from tests.slack.fake import FakeSlack
from tests.slack.workspace_bot import Clock, WorkspaceBot, populate


@pytest.fixture
def now() -> list[float]:
    """A clock that stands still until a test moves it."""
    return [1_700_000_000.0]


@pytest.fixture
def timed(slack_server: HTTPServer, now: list[float]) -> FakeSlack:
    """A Slack by that clock."""
    slack_server.clear()
    return FakeSlack(slack_server, clock=lambda: now[0])


@pytest.fixture
def bot(
    slack_server: HTTPServer,
    sqlite: Database,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
) -> Iterator[WorkspaceBot]:
    """The whole bot on SQLite; at the end it must have kept Slack's rules."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)
    yield WorkspaceBot(slack, sqlite, catalog_copy(tmp_path), clock)
    slack.check()
