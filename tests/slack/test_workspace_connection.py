"""A start asks Slack for its workspace: a refusal is final, an outage is waited for."""

import threading

import pytest
from structlog.testing import capture_logs

from bot.slack.api_errors import SlackError, SlackUnavailableError
from bot.slack.app import make_connection
from bot.slack.authority import Workspace
from bot.slack.workspace_connection import (
    REFUSED,
    UNREACHABLE,
    WorkspaceConnection,
    wait_for_slack,
)
from tests.slack.fake import FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN

OUTAGES = {
    "http_500": Fault.http_500,
    "http_503": Fault.http_503,
    "rate limit": Fault.ratelimited(7),
    "fatal_error": Fault.error("fatal_error"),
    "service_unavailable": Fault.error("service_unavailable"),
    "a page": Fault.html,
    "no answer": Fault.drop_before,
    "half an answer": Fault.truncated,
}


class Waits(threading.Event):
    """An event whose waits are recorded instead of slept; set after so many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._count = count

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        if len(self.seconds) == self._count:
            self.set()
        return self.is_set()


def state(connection: WorkspaceConnection) -> tuple[bool, str | None]:
    return connection.is_known, connection.problem


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_no_refusal_and_the_next_answer_counts(
    name: str, fake_slack: FakeSlack
) -> None:
    fake_slack.fail("auth.test", OUTAGES[name])
    connection = make_connection(BOT_TOKEN, fake_slack.url)
    assert not connection.workspace.url
    with pytest.raises(SlackUnavailableError) as raised:
        connection.ask()
    assert "TOKEN" not in str(raised.value), "a token that is right must not be replaced"
    assert connection.outage is raised.value
    assert state(connection) == (False, UNREACHABLE)
    connection.ask()
    assert state(connection) == (True, None)
    assert connection.workspace.url.startswith("https://")


@pytest.mark.parametrize("code", ["invalid_auth", "account_inactive", "token_revoked"])
def test_a_refusal_is_final(code: str, fake_slack: FakeSlack) -> None:
    fake_slack.fail("auth.test", Fault.error(code))
    connection = make_connection(BOT_TOKEN, fake_slack.url)
    with pytest.raises(SlackError, match="SLACK_BOT_TOKEN does not work") as raised:
        wait_for_slack(connection.ask, threading.Event())
    assert not isinstance(raised.value, SlackUnavailableError)
    assert state(connection) == (False, REFUSED)
    assert connection.outage is None


def test_an_address_of_something_else_is_named() -> None:
    connection = make_connection(BOT_TOKEN, "gopher://127.0.0.1/")
    with pytest.raises(SlackError, match="SLACK_API_URL is no address"):
        connection.ask()


def unavailable(retry_after: float = 0.0) -> None:
    raise SlackUnavailableError("Slack is away.", retry_after)


def test_the_wait_doubles_from_one_second_to_sixty_with_a_line_each() -> None:
    stop = Waits(9)
    with capture_logs() as lines:
        assert wait_for_slack(unavailable, stop) is None
    assert stop.seconds == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert [line["seconds"] for line in lines] == stop.seconds


def test_the_wait_is_the_one_that_slack_asks_for_but_not_for_hours() -> None:
    stop = Waits(2)
    wait_for_slack(lambda: unavailable(30.0), stop)
    assert stop.seconds == [30, 30]
    stop = Waits(1)
    wait_for_slack(lambda: unavailable(1e9), stop)
    assert stop.seconds == [600]


def test_a_failure_before_is_waited_for_first() -> None:
    stop = Waits(9)
    answer = wait_for_slack(lambda: "yes", stop, SlackUnavailableError("Slack is away."))
    assert (answer, stop.seconds) == ("yes", [1])


def test_a_workspace_that_is_given_is_not_asked_for() -> None:
    connection = WorkspaceConnection(Workspace("https://team.slack.com/"))
    connection.ask()
    assert state(connection) == (True, None)
