"""Laws of HTTP mode: only what Slack signed just now is served; all else is refused, calmly."""

import hmac
import json
import time
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient
from structlog.testing import capture_logs
from werkzeug.test import Client, EnvironBuilder, TestResponse, run_wsgi_app

from bot.app.clock import utc_now
from bot.db.engine import Database
from bot.slack.app import make_app
from bot.slack.transport.signed_request import FORM, JSON
from bot.slack.transport.wsgi import EVENTS, LARGEST, SlackRequests
from tests.slack.payloads import SIGNING_SECRET, command, signed
from tests.slack.workspace_bot import make_container


@pytest.fixture
def http(client: WebClient, sqlite: Database) -> Client:
    context = make_container(client, sqlite).listener_context()
    return Client(SlackRequests(make_app(context), SIGNING_SECRET, utc_now))


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


ABSURD_TIMESTAMPS = ["", "soon", "-1", "1e9", "٣", "²", "9" * 400, "1" + "0" * 4400, " 1", "1.5",
                     "nan", "0x10", "1_000", "\xff"]  # fmt: skip
ABSURD_SIGNATURES = ["", "v0=", "v0=0", "v0=é", "v0=\xff\xfe", "v1=" + "0" * 64, "v0=" + "٣" * 64,
                     "v0=" + "A" * 70_000]  # fmt: skip


@pytest.mark.parametrize("timestamp", ABSURD_TIMESTAMPS, ids=lambda text: repr(text)[:12])
def test_a_timestamp_that_is_no_number_is_refused_in_one_line(
    http: Client, timestamp: str
) -> None:
    body = command("vllm")
    assert_refused(http, body, {**signed(body), "x-slack-request-timestamp": timestamp}, 401)


@pytest.mark.parametrize("signature", ABSURD_SIGNATURES, ids=lambda text: repr(text)[:12])
def test_an_absurd_signature_is_refused_in_one_line(http: Client, signature: str) -> None:
    body = command("vllm")
    assert_refused(http, body, {**signed(body), "x-slack-signature": signature}, 401)


def assert_refused(http: Client, body: str | bytes, headers: dict[str, str], status: int) -> None:
    """Check the status, and that the log has one line without anything of the request.

    The headers reach the application as a server decodes them: as Latin-1.
    """
    environ = EnvironBuilder(EVENTS, method="POST", data=body).get_environ()
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        raw = value.encode("utf-8").decode("latin-1")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = raw
    with capture_logs() as logs:
        answer = run_wsgi_app(http.application, environ)
    assert answer[1].startswith(str(status))
    (line,) = logs
    assert line["event"] == "request refused"
    assert len(str(line)) < 200


HOSTILE_BODIES: dict[str, tuple[str | bytes, str]] = {
    "a form that begins with a brace": ('{"type":"url_verification","challenge":"x"}', FORM),
    "a form that begins with blanks and a brace": (' \n{"type":"url_verification"}', FORM),
    "a form of the wrong type": (command("vllm"), "text/plain"),
    "no type": (command("vllm"), ""),
    "several parts": (command("vllm"), "multipart/form-data; boundary=x"),
    "many fields": ("a=&" * 300_000, FORM),
    "deep arrays": ("[" * 100_000, JSON),
    "deep and whole arrays": ('{"a":' + "[" * 900 + "]" * 900 + "}", JSON),
    "deep objects": ('{"a":' * 60 + "1" + "}" * 60, JSON),
    "deep objects in a form": ("payload=" + '{"a":' * 100_000, FORM),
    "an absurd number": ('{"type":' + "9" * 5000 + "}", JSON),
    "no number": ('{"type": NaN}', JSON),
    "no text": (b"payload=\xff", FORM),
    "half a character": (b'{"a": "\xed\xa0\x80"}', JSON),
}


@pytest.mark.parametrize("case", HOSTILE_BODIES)
def test_a_hostile_body_is_refused_in_one_line_signed_or_not(http: Client, case: str) -> None:
    body, content_type = HOSTILE_BODIES[case]
    headers = {**signed_bytes(body), "content-type": content_type}
    assert_refused(http, body, headers, 400)
    assert_refused(http, body, {**headers, "x-slack-signature": "v0=0"}, 401)


def signed_bytes(body: str | bytes) -> dict[str, str]:
    """The headers of a body that need not be text."""
    timestamp = str(int(time.time()))
    raw = body.encode() if isinstance(body, str) else body
    mac = hmac.new(SIGNING_SECRET.encode(), f"v0:{timestamp}:".encode() + raw, "sha256")
    return {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={mac.hexdigest()}",
    }


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["type", "actions", "action_id", "view", "callback_id", "user", "id",
                         "team", "state", "values", "channel", "message", "response_url",
                         "authorizations", "enterprise", "event", "command", "text", "value"]),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip
KINDS = ["block_actions", "view_submission", "message_action", "shortcut", "event_callback",
         "block_suggestion", "view_closed", "url_verification", "x"]  # fmt: skip


@given(kind=st.sampled_from(KINDS), payload=JSONS, as_form=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_signed_payload_of_any_shape_is_no_server_error_and_no_traceback(
    http: Client, kind: str, payload: object, *, as_form: bool
) -> None:
    fields = payload if isinstance(payload, dict) else {"actions": payload, "view": payload}
    whole = json.dumps({**fields, "type": kind})
    body = urlencode({"payload": whole}) if as_form else whole
    headers = {**signed_bytes(body), "content-type": FORM if as_form else JSON}
    with capture_logs() as logs:
        assert post(http, body, headers).status_code < 500
    assert not [log for log in logs if "exc_info" in log or log["log_level"] == "error"]


def test_an_unsigned_check_of_the_certificate_is_refused(http: Client) -> None:
    """Bolt answers it with 200 before it verifies anything."""
    assert post(http, "ssl_check=1&token=x", {"content-type": FORM}).status_code == 401


def test_a_header_that_slack_does_not_sign_chooses_no_listener(http: Client) -> None:
    """Bolt runs a part of a listener alone when it is named by a header."""
    body = command("vllm")
    headers = {**signed(body), "x-slack-bolt-lazy-only": "1",
               "x-slack-bolt-lazy-function-name": "x"}  # fmt: skip
    assert "PagedAttention" in post(http, body, headers).get_data(as_text=True)


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
    raw = b"\xff\xfe\xfa"
    assert post(http, raw, {**signed_bytes(raw), "content-type": FORM}).status_code == 400
    assert post(http, b"x" * (LARGEST + 1), dict(signed("x"))).status_code == 413
    for length in ("-1", "x", "1e3", "٣", "9" * 5000):
        environ = EnvironBuilder(EVENTS, method="POST").get_environ()
        answer = run_wsgi_app(http.application, {**environ, "CONTENT_LENGTH": length})
        assert answer[1][:3] in {"400", "413"}


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
