"""Laws of the Slack clients: who repeats what, and what an error is called."""

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.slack.api_errors import error_code, slack_code
from bot.slack.clients import SlackClients, make_clients
from bot.slack.permalinks import permalink
from tests.slack.fake import PAPERS, FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN


@pytest.fixture
def clients(fake_slack: FakeSlack) -> SlackClients:
    return make_clients(BOT_TOKEN, fake_slack.url)


@pytest.mark.parametrize("fault", [Fault.drop_before, Fault.ratelimited(1)], ids=lambda f: f.name)
def test_only_the_repeatable_client_repeats_a_call(
    fake_slack: FakeSlack, clients: SlackClients, fault: Fault
) -> None:
    fake_slack.fail("conversations.info", fault)
    assert clients.repeatable.conversations_info(channel=PAPERS)["ok"]
    for client in (clients.interactive, clients.once_only):
        before = len(fake_slack.calls())
        fake_slack.fail("conversations.info", fault)
        with pytest.raises((SlackApiError, OSError)):
            client.conversations_info(channel=PAPERS)
        assert len(fake_slack.calls()) == before + 1


def test_an_interactive_call_ends_before_slacks_three_seconds(clients: SlackClients) -> None:
    assert clients.interactive.timeout < 3
    assert clients.interactive.timeout < clients.once_only.timeout < clients.repeatable.timeout


@pytest.mark.parametrize(
    ("fault", "code", "shown"),
    [
        (Fault.error("token_revoked"), "token_revoked", "token_revoked"),
        (Fault.ratelimited(3), "ratelimited", "ratelimited"),
        (Fault.html, "", "HTTP 200"),
        (Fault.http_503, "", "HTTP 503"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_code_of_an_answer_that_is_not_slacks_is_its_http_status(
    fake_slack: FakeSlack, fault: Fault, code: str, shown: str
) -> None:
    fake_slack.fail("auth.test", fault)
    client = WebClient(token=BOT_TOKEN, base_url=fake_slack.url, retry_handlers=[])
    with pytest.raises(SlackApiError) as caught:
        client.auth_test()
    assert slack_code(caught.value) == code
    assert error_code(caught.value) == shown


@pytest.mark.parametrize("workspace", ["https://example.slack.com/", "https://example.slack.com"])
def test_a_permalink_is_slacks_own(clients: SlackClients, workspace: str) -> None:
    ts = str(clients.once_only.chat_postMessage(channel=PAPERS, text="x")["ts"])
    link = clients.repeatable.chat_getPermalink(channel=PAPERS, message_ts=ts)["permalink"]
    assert permalink(workspace, PAPERS, ts) == link
