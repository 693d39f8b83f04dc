"""The fake is as strict as Slack: what it refuses, how it fails, and what a test sees of it.

A fake that takes everything proves nothing, so each refusal is met here by the real client.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack.fake import ALICE, PAPERS, FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN

METADATA = {"event_type": "papers_message", "event_payload": {"key": "suggestion:1:card"}}


def client_of(fake: FakeSlack, token: str = BOT_TOKEN) -> WebClient:
    return WebClient(token=token, base_url=fake.url, retry_handlers=[], timeout=10)


@pytest.fixture
def client(fake_slack: FakeSlack) -> WebClient:
    return client_of(fake_slack)


def refusal(call: Callable[[], object]) -> str:
    """The code with which Slack refuses."""
    with pytest.raises(SlackApiError) as caught:
        call()
    return str(caught.value.response["error"])


def section(text: str = "Hello") -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_what_is_posted_stands_in_the_channel(fake_slack: FakeSlack, client: WebClient) -> None:
    done = client.chat_postMessage(channel=PAPERS, text="one", blocks=[section()])
    (message,) = fake_slack.posted()
    assert (message.ts, message.text) == (done["ts"], "one")
    assert done["message"]["blocks"][0]["text"]["text"] == "Hello"
    assert done.headers["x-oauth-scopes"]
    fake_slack.check()


def test_moments_are_unique_and_increase(fake_slack: FakeSlack, client: WebClient) -> None:
    fake_slack.pace.a_second = None
    moments = [client.chat_postMessage(channel=PAPERS, text="x")["ts"] for _ in range(20)]
    assert moments == sorted(set(moments))


def test_a_message_is_changed_and_keeps_what_was_not_given(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    ts = client.chat_postMessage(
        channel=PAPERS, text="one", blocks=[section()], metadata=METADATA
    )["ts"]
    client.chat_update(channel=PAPERS, ts=ts, text="two")
    (message,) = fake_slack.posted()
    assert (message.text, message.edits) == ("two", 1)
    assert message.blocks
    assert message.metadata == METADATA
    client.chat_update(channel=PAPERS, ts=ts, text="three", blocks=[], metadata={})
    (message,) = fake_slack.posted()
    assert (message.blocks, message.metadata) == ([], None)


def test_metadata_are_told_only_when_asked_for(client: WebClient, fake_slack: FakeSlack) -> None:
    client.chat_postMessage(channel=PAPERS, text="one", metadata=METADATA)
    plain = client.conversations_history(channel=PAPERS)["messages"][0]
    assert "metadata" not in plain
    full = client.conversations_history(channel=PAPERS, include_all_metadata=True)["messages"][0]
    assert full["metadata"] == METADATA
    assert [one.text for one in fake_slack.by_metadata("key", "suggestion:1:card")] == ["one"]
    assert fake_slack.by_metadata("key", "other") == []


def test_history_turns_its_pages_from_the_newest_on(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    ts = [fake_slack.say(ALICE, str(number)).ts for number in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        found = client.conversations_history(channel=PAPERS, limit=2, cursor=cursor)
        seen += [one["text"] for one in found["messages"]]
        cursor = found["response_metadata"]["next_cursor"]
        assert found["has_more"] is bool(cursor)
    assert seen == ["4", "3", "2", "1", "0"]
    between = client.conversations_history(channel=PAPERS, oldest=ts[1], latest=ts[3])
    assert [one["text"] for one in between["messages"]] == ["2"]
    within = client.conversations_history(
        channel=PAPERS, oldest=ts[1], latest=ts[3], inclusive=True
    )
    assert len(within["messages"]) == 3
    assert (
        refusal(lambda: client.conversations_history(channel=PAPERS, cursor="?"))
        == "invalid_cursor"
    )


@pytest.mark.parametrize(
    ("fault", "posted"),
    [
        (Fault.drop_before, 0),
        (Fault.drop_after, 1),
        (Fault.http_500, 0),
        (Fault.http_503, 0),
        (Fault.http_500_after, 1),
        (Fault.html, 0),
        (Fault.html_after, 1),
        (Fault.truncated, 1),
        (Fault.error("token_revoked"), 0),
        (Fault.ratelimited(7), 0),
    ],
)
def test_a_fault_is_met_once_and_only_an_applied_one_posts(
    fake_slack: FakeSlack, client: WebClient, fault: Fault, posted: int
) -> None:
    fake_slack.fail("chat.postMessage", fault)
    with pytest.raises(Exception):  # noqa: B017, PT011  # each fault breaks the client its own way
        client.chat_postMessage(channel=PAPERS, text="x")
    assert len(fake_slack.posted()) == posted
    client.chat_postMessage(channel=PAPERS, text="x")
    assert len(fake_slack.posted()) == posted + 1
    first, second = fake_slack.calls("chat.postMessage")
    assert first.outcome == f"fault: {fault.name}"
    assert (first.applied, second.applied) == (bool(posted), True)


def test_slack_sdk_says_a_thing_twice_after_a_dropped_answer(fake_slack: FakeSlack) -> None:
    """Seen at the real Slack: the default client repeats what had been applied."""
    fake_slack.fail("chat.postMessage", Fault.drop_after)
    WebClient(token=BOT_TOKEN, base_url=fake_slack.url).chat_postMessage(channel=PAPERS, text="x")
    assert len(fake_slack.posted()) == 2


def test_one_message_a_second_after_a_burst(slack_server: HTTPServer) -> None:
    slack_server.clear()
    now = [1000.0]
    fake = FakeSlack(slack_server, clock=lambda: now[0], burst=3)
    fake.channel("C0002")
    client = client_of(fake)
    for _ in range(3):
        client.chat_postMessage(channel=PAPERS, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=PAPERS, text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    client.chat_postMessage(channel="C0002", text="another channel has its own pace")
    now[0] += 1
    client.chat_postMessage(channel=PAPERS, text="x")
    assert len(fake.limited) == 1
    with pytest.raises(AssertionError, match="ratelimited"):
        fake.check()


def test_a_delay_holds_up_nobody_else(fake_slack: FakeSlack, client: WebClient) -> None:
    fake_slack.fail("chat.postMessage", Fault.delay(1.0))
    slow = threading.Thread(
        target=client.chat_postMessage, kwargs={"channel": PAPERS, "text": "x"}
    )
    slow.start()
    began = time.monotonic()
    client.auth_test()
    assert time.monotonic() - began < 0.8
    slow.join(5)
    assert len(fake_slack.posted()) == 1
