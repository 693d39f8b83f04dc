"""Laws of the fake Web API: it is as strict as Slack, and it fails on demand.

Each refusal is met here by the real client.
"""

import contextlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack.block_kit import refusal, section
from tests.slack.fake import ALICE, BOB, BOT, PAPERS, FakeSlack, Fault
from tests.slack.payloads import BOT_TOKEN
from tests.slack.scopes import SCOPES

METADATA = {"event_type": "papers_message", "event_payload": {"key": "suggestion:1:card"}}


@pytest.fixture
def client(fake_slack: FakeSlack) -> WebClient:
    return fake_slack.client()


def meta(event_type: str = "papers", payload: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"event_type": event_type, "event_payload": payload or {}}


def test_a_posted_message_is_in_the_channel(fake_slack: FakeSlack, client: WebClient) -> None:
    done = client.chat_postMessage(channel=PAPERS, text="one", blocks=[section()])
    (message,) = fake_slack.posted()
    assert (message.ts, message.text) == (done["ts"], "one")
    assert done["message"]["blocks"][0]["text"]["text"] == "Hello"
    assert done.headers["x-oauth-scopes"]
    fake_slack.check()


def test_timestamps_are_unique_and_increase(fake_slack: FakeSlack, client: WebClient) -> None:
    fake_slack.rate_limits.per_second = None
    moments = [client.chat_postMessage(channel=PAPERS, text="x")["ts"] for _ in range(20)]
    assert moments == sorted(set(moments))


def test_an_update_keeps_the_fields_that_are_not_given(
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


def test_metadata_is_shown_only_when_asked_for(client: WebClient, fake_slack: FakeSlack) -> None:
    client.chat_postMessage(channel=PAPERS, text="one", metadata=METADATA)
    plain = client.conversations_history(channel=PAPERS)["messages"][0]
    assert "metadata" not in plain
    full = client.conversations_history(channel=PAPERS, include_all_metadata=True)["messages"][0]
    assert full["metadata"] == METADATA
    assert [message.text for message in fake_slack.by_metadata("key", "suggestion:1:card")] == [
        "one"
    ]
    assert fake_slack.by_metadata("key", "other") == []


def test_history_is_paged_from_the_newest_message_on(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    ts = [fake_slack.say(ALICE, str(number)).ts for number in range(5)]
    seen, cursor = [], ""
    for _ in range(3):
        page = client.conversations_history(channel=PAPERS, limit=2, cursor=cursor)
        seen += [message["text"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] is bool(cursor)
    assert seen == ["4", "3", "2", "1", "0"]
    between = client.conversations_history(channel=PAPERS, oldest=ts[1], latest=ts[3])
    assert [message["text"] for message in between["messages"]] == ["2"]
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
def test_a_fault_applies_once_and_posts_only_if_the_call_is_carried_out(
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


def test_slack_sdks_default_client_posts_twice_after_a_dropped_answer(
    fake_slack: FakeSlack,
) -> None:
    """As with the real Slack: it repeats a call that was carried out."""
    fake_slack.fail("chat.postMessage", Fault.drop_after)
    WebClient(token=BOT_TOKEN, base_url=fake_slack.url).chat_postMessage(channel=PAPERS, text="x")
    assert len(fake_slack.posted()) == 2


def test_a_channel_takes_one_message_a_second_after_a_burst(
    timed: FakeSlack, now: list[float]
) -> None:
    fake = timed
    fake.channel("C0002")
    client = fake.client()
    for _ in range(3):
        client.chat_postMessage(channel=PAPERS, text="x")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=PAPERS, text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    client.chat_postMessage(channel="C0002", text="another channel has its own limit")
    now[0] += 1
    client.chat_postMessage(channel=PAPERS, text="x")
    assert len(fake.limited) == 1
    with pytest.raises(AssertionError, match="ratelimited"):
        fake.check()


def test_a_delay_holds_up_no_other_call(fake_slack: FakeSlack, client: WebClient) -> None:
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


# Permissions


def test_a_wrong_a_missing_and_a_revoked_token_are_refused(fake_slack: FakeSlack) -> None:
    assert refusal(fake_slack.client("xoxb-wrong").auth_test) == "invalid_auth"
    assert refusal(fake_slack.client("").auth_test) == "not_authed"
    client = fake_slack.client()
    assert client.auth_test()["user_id"] == BOT
    fake_slack.revoke()
    assert refusal(client.auth_test) == "invalid_auth"


def test_an_unknown_method_is_refused(client: WebClient, fake_slack: FakeSlack) -> None:
    assert refusal(lambda: client.api_call("chat.shout")) == "unknown_method"
    with pytest.raises(AssertionError, match="unknown_method"):
        fake_slack.check()


def test_every_method_of_the_fake_checks_its_scopes(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    """Without scopes, every method that needs one is refused for that reason."""
    fake_slack.grant(())
    for method, needed in SCOPES.items():
        if needed:
            assert refusal(lambda m=method: client.api_call(m)) == "missing_scope"  # type: ignore[misc]  # bound at once


def test_each_kind_of_conversation_needs_its_own_scope(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    fake_slack.channel("C0003", is_private=True)
    fake_slack.grant({"channels:history", "channels:read"})
    client.conversations_history(channel=PAPERS)
    with pytest.raises(SlackApiError) as caught:
        client.conversations_history(channel="C0003")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "groups:history"
    assert caught.value.response["provided"] == "channels:history,channels:read"
    assert refusal(lambda: client.conversations_list(types="private_channel")) == "missing_scope"
    assert client.conversations_list()["channels"][0]["id"] == PAPERS


def test_channels_without_the_bot_are_closed_to_it(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    """A public channel is closed to it, and a private one does not exist for it."""
    fake_slack.channel("C0003", members=[ALICE])
    fake_slack.channel("C0004", members=[ALICE], is_private=True)
    fake_slack.channel("C0005", is_archived=True)
    post = client.chat_postMessage
    assert refusal(lambda: post(channel="C0003", text="x")) == "not_in_channel"
    assert refusal(lambda: client.conversations_history(channel="C0003")) == "not_in_channel"
    assert client.conversations_info(channel="C0003")["channel"]["is_member"] is False
    assert refusal(lambda: post(channel="C0004", text="x")) == "channel_not_found"
    assert refusal(lambda: client.conversations_info(channel="C0004")) == "channel_not_found"
    assert refusal(lambda: post(channel="C0005", text="x")) == "is_archived"
    assert refusal(lambda: post(channel="#papers", text="x")) == "channel_not_found"
    client.conversations_join(channel="C0003")
    post(channel="C0003", text="x")
    fake_slack.conversation("C0003").members.remove(BOT)
    assert refusal(lambda: post(channel="C0003", text="x")) == "not_in_channel"


def test_a_persons_id_means_the_direct_messages_with_them(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    channel = client.chat_postMessage(channel=ALICE, text="hello")["channel"]
    assert channel.startswith("D")
    assert client.conversations_open(users=ALICE)["channel"]["id"] == channel
    assert [message.text for message in fake_slack.posted(ALICE)] == ["hello"]
    fake_slack.user("U0009", deleted=True)
    assert refusal(lambda: client.conversations_open(users="U0009")) == "user_disabled"
    assert refusal(lambda: client.chat_postMessage(channel="U0404", text="x")) == (
        "channel_not_found"
    )
    assert client.conversations_history(channel=channel)["messages"][0]["text"] == "hello"
    fake_slack.grant({"channels:history", "chat:write"})
    assert refusal(lambda: client.conversations_history(channel=channel)) == "missing_scope"


# Messages


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [section("x" * 2600) for _ in range(5)]}, "msg_blocks_too_long"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
        ({"text": "x", "metadata": meta(event_type="two words")}, "invalid_metadata_format"),
        ({"text": "x", "metadata": meta(payload={"a": None})}, "invalid_metadata_format"),
        ({"text": "x", "metadata": meta(payload={"a": {"b": {}}})}, "invalid_metadata_format"),
        ({"text": "x", "metadata": meta(payload={"a": "x" * 9000})}, "metadata_too_large"),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)  # fmt: skip
def test_a_malformed_message_is_refused(
    fake_slack: FakeSlack, client: WebClient, words: dict[str, Any], code: str
) -> None:
    message = {"channel": PAPERS, **words}  # without the warnings of `chat_postMessage`
    assert refusal(lambda: client.api_call("chat.postMessage", json=message)) == code
    assert fake_slack.posted() == []


def test_forms_carry_blocks_and_metadata_as_strings(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    """Slack accepts forms and JSON; older clients send forms."""
    form = {
        "channel": PAPERS,
        "text": "x",
        "blocks": json.dumps([section()]),
        "metadata": json.dumps(METADATA),
    }
    client.api_call("chat.postMessage", data=form)
    (message,) = fake_slack.posted()
    assert message.blocks[0]["text"]["text"] == "Hello"
    assert message.metadata == METADATA
    form["blocks"] = json.dumps([section("")])
    assert refusal(lambda: client.api_call("chat.postMessage", data=form)) == "invalid_blocks"


def test_the_bot_changes_only_its_own_messages(fake_slack: FakeSlack, client: WebClient) -> None:
    theirs = fake_slack.say(ALICE, "mine")
    update = client.chat_update
    assert refusal(lambda: update(channel=PAPERS, ts=theirs.ts, text="x")) == "cant_update_message"
    assert refusal(lambda: update(channel=PAPERS, ts="1.0", text="x")) == "message_not_found"
    delete = client.chat_delete
    assert refusal(lambda: delete(channel=PAPERS, ts=theirs.ts)) == "cant_delete_message"
    ts = client.chat_postMessage(channel=PAPERS, text="x")["ts"]
    delete(channel=PAPERS, ts=ts)
    assert refusal(lambda: update(channel=PAPERS, ts=ts, text="x")) == "message_not_found"
    assert fake_slack.posted() == []


def test_replies_are_in_their_thread_and_in_the_channel_only_if_broadcast(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    fake_slack.rate_limits.per_second = None
    head = client.chat_postMessage(channel=PAPERS, text="head")["ts"]
    first = client.chat_postMessage(channel=PAPERS, text="1", thread_ts=head)["ts"]
    client.chat_postMessage(channel=PAPERS, text="2", thread_ts=head, reply_broadcast=True)
    fake_slack.say(BOB, "3", thread=head)
    assert [message.text for message in fake_slack.posted()] == ["head"]
    assert [message.text for message in fake_slack.thread(fake_slack.posted()[0])] == [
        "1",
        "2",
        "3",
    ]
    history = client.conversations_history(channel=PAPERS)["messages"]
    assert [message["text"] for message in history] == ["2", "head"]
    assert history[1]["reply_count"] == 3
    replies = client.conversations_replies(channel=PAPERS, ts=head)["messages"]
    assert [message["text"] for message in replies] == ["head", "1", "2", "3"]
    for ts in (first, "1.000000"):
        assert (
            refusal(lambda t=ts: client.chat_postMessage(channel=PAPERS, text="x", thread_ts=t))  # type: ignore[misc]  # bound at once
            == "thread_not_found"
        )
    client.chat_delete(channel=PAPERS, ts=head)
    assert client.conversations_history(channel=PAPERS)["messages"][1]["subtype"] == "tombstone"
    link = client.chat_getPermalink(channel=PAPERS, message_ts=first)["permalink"]
    assert f"thread_ts={head}" in link


def test_an_ephemeral_message_is_seen_by_one_member_of_the_channel(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    client.chat_postEphemeral(channel=PAPERS, user=BOB, text="psst")
    assert [message.text for message in fake_slack.ephemerals(BOB)] == ["psst"]
    assert fake_slack.ephemerals(ALICE) == fake_slack.posted() == []
    fake_slack.user("U0003")
    post = client.chat_postEphemeral
    assert refusal(lambda: post(channel=PAPERS, user="U0003", text="x")) == "user_not_in_channel"


# People, channels, user groups


def test_lists_are_paged(fake_slack: FakeSlack, client: WebClient) -> None:
    members = [f"U1{number:03}" for number in range(25)]
    fake_slack.channel("C0006", members=[BOT, *members])
    fake_slack.channel("C0007", is_archived=True)
    listed = [
        member
        for page in client.conversations_members(channel="C0006", limit=10)
        for member in page["members"]
    ]
    assert listed == [BOT, *members]
    pages = client.conversations_list(limit=1)
    ids = [channel["id"] for page in pages for channel in page["channels"]]
    assert ids == [PAPERS, "C0006", "C0007"]
    shown = client.conversations_list(exclude_archived=True)["channels"]
    assert [channel["id"] for channel in shown] == [PAPERS, "C0006"]
    assert refusal(lambda: client.conversations_members(channel=PAPERS, limit=2000)) == (
        "invalid_limit"
    )


def test_people_and_user_groups_are_found_by_id(fake_slack: FakeSlack, client: WebClient) -> None:
    fake_slack.user("U0003", "Carol Example", tz="Asia/Kathmandu")
    fake_slack.group("S0001", "reviewers", [ALICE])
    person = client.users_info(user="U0003")["user"]
    assert (person["real_name"], person["tz"]) == ("Carol Example", "Asia/Kathmandu")
    assert refusal(lambda: client.users_info(user="U0404")) == "user_not_found"
    assert client.usergroups_users_list(usergroup="S0001")["users"] == [ALICE]
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == [ALICE]
    assert refusal(lambda: client.usergroups_users_list(usergroup="S1")) == "no_such_subteam"


# Faults


def test_faults_may_be_limited_to_a_channel_and_ended(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    fake_slack.channel("C0002")
    fake_slack.fail("chat.postMessage", Fault.error("fatal_error"), channel="C0002", times=5)
    client.chat_postMessage(channel=PAPERS, text="x")
    assert refusal(lambda: client.chat_postMessage(channel="C0002", text="x")) == "fatal_error"
    fake_slack.heal()
    client.chat_postMessage(channel="C0002", text="x")
    fake_slack.fail("*", Fault.error("fatal_error"), after=1)
    client.auth_test()
    assert refusal(client.auth_test) == "fatal_error"
    client.auth_test()


def test_an_outage_lasts_for_the_given_seconds(timed: FakeSlack, now: list[float]) -> None:
    client = timed.client()
    timed.fail("*", Fault.error("service_unavailable"), seconds=60)
    for _ in range(5):
        assert refusal(client.auth_test) == "service_unavailable"
    now[0] += 61
    client.auth_test()


def test_faults_by_chance_are_the_same_in_every_run(slack_server: HTTPServer) -> None:
    def run() -> list[str]:
        slack_server.clear()
        fake = FakeSlack(slack_server, seed=5)
        fake.fail("auth.test", Fault.error("fatal_error"), times=1000, chance=0.5)
        client = fake.client()
        for _ in range(20):
            with contextlib.suppress(SlackApiError):
                client.auth_test()
        return [call.outcome for call in fake.calls()]

    first = run()
    assert first == run()
    assert 3 < first.count("ok") < 17


def test_a_message_is_posted_although_its_answer_comes_too_late(fake_slack: FakeSlack) -> None:
    fake_slack.fail("chat.postMessage", Fault.late_answer(2.0))
    impatient = fake_slack.client(timeout=1)
    with pytest.raises(TimeoutError):
        impatient.chat_postMessage(channel=PAPERS, text="x")
    assert len(fake_slack.posted()) == 1


def test_concurrent_messages_are_all_posted(fake_slack: FakeSlack, client: WebClient) -> None:
    fake_slack.rate_limits.per_second = None
    with ThreadPoolExecutor(16) as pool:
        sent = list(
            pool.map(
                lambda n: client.chat_postMessage(channel=PAPERS, text=str(n))["ts"], range(100)
            )
        )
    assert sorted(sent) == [message.ts for message in fake_slack.posted()]
    assert len(set(sent)) == len(fake_slack.calls("chat.postMessage")) == 100
