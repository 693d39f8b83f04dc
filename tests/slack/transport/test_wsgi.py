"""Laws of HTTP mode: only what Slack signed just now is served; all else is refused, calmly."""

import time

import pytest
from slack_sdk import WebClient
from structlog.testing import capture_logs
from werkzeug.test import Client, TestResponse

from bot.db.engine import Database
from bot.slack.app import make_app
from bot.slack.transport.wsgi import EVENTS, LARGEST, SlackRequests
from tests.slack.payloads import SIGNING_SECRET, command, signed
from tests.slack.workspace_bot import make_container


@pytest.fixture
def http(client: WebClient, sqlite: Database) -> Client:
    context = make_container(client, sqlite).listener_context()
    return Client(SlackRequests(make_app(context, SIGNING_SECRET)))


def post(http: Client, body: str | bytes, headers: dict[str, str]) -> TestResponse:
    return http.post(EVENTS, data=body, headers=headers)


def test_a_signed_command_is_answered(http: Client) -> None:
    body = command("vllm")
    response = post(http, body, dict(signed(body)))
    assert response.status_code == 200
    assert "PagedAttention" in response.get_data(as_text=True)


def test_a_command_with_the_word_payload_is_a_command(http: Client) -> None:
    """Bolt's own parser would take the form for a click and lose the question."""
    body = command("payload compression")
    assert "payload compression" in post(http, body, dict(signed(body))).get_data(as_text=True)


def test_a_wrong_signature_is_refused(http: Client) -> None:
    body = command("vllm")
    for headers in (
        dict(signed(body, secret="another")),
        {**signed(body), "x-slack-signature": "v0=0"},
        {name: value for name, value in signed(body).items() if name != "x-slack-signature"},
        dict(signed(command("other"))),
    ):
        assert post(http, body, headers).status_code == 401


@pytest.mark.parametrize("age", [301, 86_400, -301])
def test_a_stale_or_future_timestamp_is_refused(http: Client, age: int) -> None:
    """A recorded request cannot be played again."""
    body = command("vllm")
    assert post(http, body, dict(signed(body, at=time.time() - age))).status_code == 401


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "٣"])
def test_a_timestamp_that_is_no_number_is_refused(http: Client, timestamp: str) -> None:
    body = command("vllm")
    response = post(http, body, {**signed(body), "x-slack-request-timestamp": timestamp})
    assert response.status_code == 401


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("payload={not json", "application/x-www-form-urlencoded"),
        ("payload=[]", "application/x-www-form-urlencoded"),
        ("payload=1", "application/x-www-form-urlencoded"),
        ("{", "application/json"),
        ("[1]", "application/json"),
        ('{"event": "text", "team": 1, "enterprise": 3}', "application/json"),
        ('{"team": {"id": []}, "user": 7, "channel": null}', "application/json"),
        ('payload={"type":"block_actions","actions":[]}', "application/x-www-form-urlencoded"),
        ("", "application/json"),
        ("\x00" * 50, "text/plain"),
    ],
)  # fmt: skip
def test_a_malformed_body_is_refused_and_nothing_breaks(
    http: Client, body: str, content_type: str
) -> None:
    """Signed or not: a status below 500, and the next request is served."""
    for headers in (dict(signed(body, content_type=content_type)), {"content-type": content_type}):
        assert 400 <= post(http, body, headers).status_code < 500
    good = command("vllm")
    assert post(http, good, dict(signed(good))).status_code == 200


def test_a_body_that_is_no_text_or_too_large_is_refused(http: Client) -> None:
    headers = dict(signed("x"))
    assert post(http, b"\xff\xfe\xfa", headers).status_code == 400
    assert post(http, b"x" * (LARGEST + 1), headers).status_code == 413


def test_other_paths_and_methods_are_refused(http: Client) -> None:
    assert http.get("/").status_code == 404
    assert http.get(EVENTS).status_code == 405


def test_a_refusal_is_logged_without_the_body(http: Client) -> None:
    with capture_logs() as logs:
        post(http, b"\xffsecret", {})
    assert [log["event"] for log in logs] == ["request refused"]
    assert "secret" not in str(logs)


def test_slacks_own_check_of_the_address_is_answered(http: Client) -> None:
    """Slack asks once when the address is entered (url_verification)."""
    body = '{"token":"legacy","challenge":"abc123","type":"url_verification"}'
    response = post(http, body, dict(signed(body, content_type="application/json")))
    assert response.status_code == 200
    assert "abc123" in response.get_data(as_text=True)
