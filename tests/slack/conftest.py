"""Fixtures of Slack's tests: a fake by a clock of the test's own."""

import pytest
from pytest_httpserver import HTTPServer

from tests.slack.fake import FakeSlack


@pytest.fixture
def now() -> list[float]:
    """A clock that stands still until a test moves it."""
    return [1_700_000_000.0]


@pytest.fixture
def timed(slack_server: HTTPServer, now: list[float]) -> FakeSlack:
    """A Slack by that clock."""
    slack_server.clear()
    return FakeSlack(slack_server, clock=lambda: now[0])
