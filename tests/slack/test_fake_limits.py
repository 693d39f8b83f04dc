"""Laws of the fake's limits: it refuses what Block Kit refuses, and says where."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack.block_kit import (
    actions,
    button,
    confirm,
    modal,
    numbered,
    option,
    plain,
    section,
    select,
)
from tests.slack.fake import ALICE, PAPERS, FakeSlack


@pytest.fixture
def client(fake_slack: FakeSlack) -> WebClient:
    return fake_slack.client()


GOOD: list[list[dict[str, Any]]] = [
    [section()] * 50,
    [section("x" * 3000)],
    [{"type": "section", "fields": [plain("x" * 1000)] * 10}],
    [{"type": "section", "text": plain("x"), "accessory": button()}],
    [{"type": "header", "text": plain("x" * 150)}],
    [{"type": "divider", "block_id": "b" * 255}],
    [{"type": "context", "elements": [plain("x")] * 10}],
    [actions(*(button(action_id=str(number)) for number in range(25)))],
    [actions(button(value="x" * 2000, text=plain("x" * 75), action_id="a" * 255))],
    [actions(button(confirm=confirm(), style="danger", url="https://example.org"))],
    [actions(select(options=numbered(100), placeholder=plain("x" * 150)))],
    [actions(select(initial_option=option()))],
    [actions({"type": "overflow", "action_id": "o", "options": numbered(5)})],
    [actions(button()), actions(button())],
]

BAD: list[tuple[list[dict[str, Any]], str]] = [
    ([section()] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
    ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ([section("x" * 3001)], "less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    ([{"type": "section"}], "missing required field: text"),
    ([{"type": "section", "text": "x"}], "text object"),
    ([{"type": "section", "text": {**plain("x"), "verbatim": True}}], "additional property"),
    ([{"type": "section", "fields": [plain("x")] * 11}], "no more than 10 items"),
    ([{"type": "section", "fields": [plain("x" * 2001)]}], "/blocks/0/fields/0/text"),
    ([{**section(), "colour": "red"}], "additional property: colour"),
    ([{**section(), "accessory": {"type": "plain_text_input"}}], "unsupported type"),
    ([{"type": "header", "text": plain("x" * 151)}], "must be less than 151 characters"),
    ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
    ([{"type": "marquee"}], "unsupported type: marquee"),
    ([{"type": "divider", "block_id": "b" * 256}], "/blocks/0/block_id"),
    ([{"type": "divider", "block_id": "b"}] * 2, "`block_id` must be unique"),
    ([{"type": "context", "elements": [plain("x")] * 11}], "no more than 10 items"),
    ([{"type": "context", "elements": []}], "no fewer than 1 items"),
    ([{"type": "context", "elements": [button()]}], "text object"),
    ([actions()], "no fewer than 1 items"),
    ([actions(*(button(action_id=str(n)) for n in range(26)))], "no more than 25 items"),
    ([actions(button(), button())], "`action_id` must be unique"),
    ([actions(button(text=plain("x" * 76)))], "must be less than 76 characters"),
    ([actions(button(text={"type": "mrkdwn", "text": "x"}))], "plain_text"),
    ([actions(button(value="x" * 2001))], "must be less than 2001 characters"),
    ([actions(button(value=""))], "must be more than 0 characters"),
    ([actions(button(value=7))], "must be a string"),
    ([actions(button(action_id="a" * 256))], "must be less than 256 characters"),
    ([actions(button(style="green"))], "primary or danger"),
    ([actions(button(confirm=confirm(title=plain("x" * 101))))], "/confirm/title/text"),
    ([actions(button(confirm=confirm(deny=plain("x" * 31))))], "/confirm/deny/text"),
    ([actions(button(confirm={"title": plain("x")}))], "missing required field: confirm"),
    ([actions({"type": "overflow", "action_id": "o", "options": numbered(6)})], "no more than 5"),
    ([actions(select(options=numbered(101)))], "no more than 100 items"),
    ([actions(select(options=[option("v" * 151)]))], "must be less than 151 characters"),
    ([actions(select(options=[option(text="t" * 76)]))], "must be less than 76 characters"),
    ([actions(select(options=[]))], "no fewer than 1 items"),
    ([actions(select(option_groups=[]))], "exactly one of options and option_groups"),
    ([actions(select(initial_option=option("other")))], "must be one of the provided options"),
    ([actions(select(placeholder=plain("x" * 151)))], "must be less than 151 characters"),
    ([actions({"type": "plain_text_input", "action_id": "p"})], "unsupported type"),
]  # fmt: skip


@pytest.mark.parametrize("blocks", GOOD)
def test_blocks_at_their_limits_are_accepted(
    fake_slack: FakeSlack, client: WebClient, blocks: list[dict[str, Any]]
) -> None:
    client.chat_postMessage(channel=PAPERS, text="x", blocks=blocks)
    fake_slack.check()


@pytest.mark.parametrize(("blocks", "expected"), BAD)
def test_blocks_beyond_a_limit_are_refused_with_the_place(
    fake_slack: FakeSlack, client: WebClient, blocks: list[dict[str, Any]], expected: str
) -> None:
    arguments = {"channel": PAPERS, "user": ALICE, "text": "x", "blocks": blocks}
    for method in ("chat.postMessage", "chat.postEphemeral"):
        with pytest.raises(SlackApiError) as caught:
            client.api_call(method, json=arguments)
        answer = caught.value.response
        assert answer["error"] == "invalid_blocks"
        assert any(expected in message for message in answer["response_metadata"]["messages"])
    assert fake_slack.posted() == fake_slack.ephemerals() == []


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (modal(title=plain("x" * 25)), "/view/title/text"),
        (modal(submit=plain("x" * 25)), "/view/submit/text"),
        (modal(close=plain("x" * 25)), "/view/close/text"),
        (modal(submit=None), "`submit` is required"),
        (modal(title=None), "missing required field: title"),
        (modal(private_metadata="x" * 3001), "/view/private_metadata"),
        (modal(callback_id="x" * 256), "/view/callback_id"),
        (modal(blocks=[section()] * 101), "no more than 100 items"),
        (modal(blocks=[{**modal()["blocks"][0], "label": plain("x" * 2001)}]), "label/text"),
        (modal(colour="red"), "additional property"),
        (modal(type="dialog"), "must be modal or home"),
    ],
)
def test_a_modal_beyond_a_limit_is_refused_with_the_place(
    fake_slack: FakeSlack, client: WebClient, view: dict[str, Any], expected: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=fake_slack.trigger(), view=view)
    answer = caught.value.response
    assert answer["error"] == "invalid_arguments"
    assert any(expected in message for message in answer["response_metadata"]["messages"])
    assert fake_slack.views == []
