"""Laws of the fake's interactions: they reach a real app in Slack's form, and can be answered."""

from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest, Respond
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from tests.slack.block_kit import button, modal, numbered, plain, refusal, section, select
from tests.slack.fake import ALICE, BOB, PAPERS, FakeSlack, http
from tests.slack.payloads import SIGNING_SECRET, signed


@pytest.fixture
def client(fake_slack: FakeSlack) -> WebClient:
    return fake_slack.client()


def test_a_trigger_opens_one_modal_within_three_seconds(
    timed: FakeSlack, now: list[float]
) -> None:
    client = timed.client()
    used, late, last = timed.trigger(BOB), timed.trigger(BOB), timed.trigger(BOB)
    client.views_open(trigger_id=used, view=modal())
    (view,) = timed.views
    assert view.user == BOB

    def open_by(trigger: str) -> str:
        return refusal(lambda: client.views_open(trigger_id=trigger, view=modal()))

    assert open_by(used) == "exchanged_trigger_id"
    assert open_by("1.2.other") == "invalid_trigger_id"
    now[0] += 2.9
    client.views_open(trigger_id=last, view=modal())
    now[0] += 0.2
    assert open_by(late) == "expired_trigger_id"


def test_a_modal_is_updated_by_its_id_unless_it_has_changed_meanwhile(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    view = client.views_open(trigger_id=fake_slack.trigger(), view=modal())["view"]
    update = client.views_update
    update(view_id=view["id"], hash=view["hash"], view=modal(title=plain("Two")))
    assert fake_slack.views[0].content["title"]["text"] == "Two"
    assert (
        refusal(lambda: update(view_id=view["id"], hash=view["hash"], view=modal()))
        == "hash_conflict"
    )
    fake_slack.close(fake_slack.views[0])
    assert refusal(lambda: update(view_id=view["id"], view=modal())) == "not_found"
    client.views_publish(user_id=ALICE, view={"type": "home", "blocks": [section()]})
    assert fake_slack.views[0].content["type"] == "home"


def test_a_response_url_takes_five_answers_within_half_an_hour(
    timed: FakeSlack, now: list[float]
) -> None:
    url = timed.response_url(user=BOB)
    webhook = WebhookClient(url)
    for _ in range(5):
        assert webhook.send(text="x").status_code == 200
    assert (webhook.send(text="x").status_code, webhook.send(text="x").body) == (404, "used_url")
    assert len(timed.ephemerals(BOB)) == 5
    late = WebhookClient(timed.response_url())
    now[0] += 1801
    assert late.send(text="x").body == "expired_url"
    assert WebhookClient(f"{url}0").send(text="x").body == "no_service"


def test_an_answer_replaces_posts_or_removes_a_message(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    client.chat_postEphemeral(channel=PAPERS, user=ALICE, text="one")
    (private,) = fake_slack.ephemerals(ALICE)
    webhook = WebhookClient(fake_slack.response_url(message=private))
    webhook.send(text="two", replace_original=True)
    assert [message.text for message in fake_slack.ephemerals(ALICE)] == ["two"]
    webhook.send(text="for all", response_type="in_channel")
    assert [message.text for message in fake_slack.posted()] == ["for all"]
    bad = webhook.send(text="x", blocks=[section("")])
    assert (bad.status_code, bad.body) == (400, "invalid_blocks")
    with pytest.raises(AssertionError, match="Slack would refuse"):
        fake_slack.check()
    webhook.send(delete_original=True)
    assert fake_slack.ephemerals(ALICE) == []
    assert [response["code"] for response in fake_slack.responses] == [
        "ok",
        "ok",
        "invalid_blocks",
        "ok",
    ]


CARD = [
    section(),
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            button(action_id="yes", value="7"),
            select(action_id="where", options=numbered(3)),
            {"type": "overflow", "action_id": "more", "options": numbered(2)},
        ],
    },
]


def bolt(fake: FakeSlack) -> App:
    """A real app, which reads payloads as the bot does."""
    return App(client=fake.client(), signing_secret=SIGNING_SECRET, process_before_response=True)


def dispatch(app: App, payload: dict[str, Any]) -> int:
    body, headers = http(payload)
    request = BoltRequest(body=body, headers=dict(headers))
    return int(app.dispatch(request).status)


def test_a_click_reaches_a_listener_with_its_trigger_and_response_url(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    client.chat_postMessage(channel=PAPERS, text="card", blocks=CARD)
    (message,) = fake_slack.posted()
    app, seen = bolt(fake_slack), []

    @app.action("yes")
    def yes(ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
        ack()
        seen.append(body)
        client.views_open(trigger_id=body["trigger_id"], view=modal())
        respond(text="thanks", response_type="ephemeral", replace_original=False)

    assert dispatch(app, fake_slack.click(message, "yes", BOB)) == 200
    (body,) = seen
    assert body["actions"][0]["value"] == "7"
    assert body["container"] == {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": PAPERS,
        "is_ephemeral": False,
    }
    assert body["message"]["blocks"] == message.blocks
    assert [view.user for view in fake_slack.views] == [BOB]
    assert [message.text for message in fake_slack.ephemerals(BOB)] == ["thanks"]
    with pytest.raises(AssertionError, match="nothing to click"):
        fake_slack.click(message, "no", BOB)


def test_only_an_option_of_a_select_can_be_chosen(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    client.chat_postMessage(channel=PAPERS, text="card", blocks=CARD)
    (message,) = fake_slack.posted()
    (chosen,) = fake_slack.click(message, "where", selected="2")["actions"]
    assert chosen["selected_option"]["value"] == "2"
    (other,) = fake_slack.click(message, "more", selected="1")["actions"]
    assert (other["type"], other["selected_option"]["value"]) == ("overflow", "1")
    with pytest.raises(AssertionError, match="no option"):
        fake_slack.click(message, "where", selected="9")
    fake_slack.remove(message)
    with pytest.raises(AssertionError, match="is gone"):
        fake_slack.click(message, "yes")


def test_a_click_on_a_private_message_carries_no_message(
    fake_slack: FakeSlack, client: WebClient
) -> None:
    """Slack does not keep it; what a handler needs must be in the button's value."""
    client.chat_postEphemeral(channel=PAPERS, user=ALICE, text="card", blocks=CARD)
    payload = fake_slack.click(fake_slack.ephemerals(ALICE)[0], "yes")
    assert "message" not in payload
    assert payload["container"]["is_ephemeral"] is True
    WebhookClient(payload["response_url"]).send(text="done", replace_original=True)
    assert [message.text for message in fake_slack.ephemerals(ALICE)] == ["done"]


def test_a_submitted_form_reaches_a_listener(fake_slack: FakeSlack, client: WebClient) -> None:
    client.views_open(trigger_id=fake_slack.trigger(), view=modal(private_metadata="7"))
    (view,) = fake_slack.views
    app, seen = bolt(fake_slack), []

    @app.view("form")
    def form(ack: Ack, view: dict[str, Any]) -> None:
        ack()
        seen.append(view)

    assert dispatch(app, fake_slack.submit(view, {"field": "hello"})) == 200
    assert seen[0]["private_metadata"] == "7"
    assert seen[0]["state"]["values"]["field"]["words"]["value"] == "hello"
    with pytest.raises(AssertionError, match="required"):
        fake_slack.submit(view, {})
    with pytest.raises(AssertionError, match="no input"):
        fake_slack.submit(view, {"field": "x", "other": "y"})
    with pytest.raises(AssertionError, match="too long"):
        fake_slack.submit(view, {"field": "x" * 21})


def test_a_shortcut_and_a_command_reach_a_listener(fake_slack: FakeSlack) -> None:
    message = fake_slack.say(ALICE, "look at this")
    app, seen = bolt(fake_slack), []

    @app.shortcut("suggest")
    def suggest(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        seen.append(body["message"]["text"])

    @app.command("/papers")
    def papers(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        ack()
        respond(text=f"{command['text']} for {command['user_id']}", response_type="ephemeral")

    assert dispatch(app, fake_slack.shortcut(message, "suggest", BOB)) == 200
    assert seen == ["look at this"]
    body = fake_slack.command("kv cache", BOB)
    request = BoltRequest(body=body, headers=dict(signed(body)))
    assert app.dispatch(request).status == 200
    assert [message.text for message in fake_slack.ephemerals(BOB)] == [f"kv cache for {BOB}"]
