"""Laws of repeated requests: one changes something once, and a lookup is answered each time."""

import datetime as dt
import json
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from structlog.testing import capture_logs
from werkzeug.test import Client

from bot.app.clock import utc_now
from bot.db.engine import Database, open_database
from bot.slack.blocks.lookup import AGAIN, BACK, NEXT, OPEN, PREVIOUS, SHARE
from bot.slack.transport.request_claims import (
    KEPT,
    RequestClaims,
    changes_something,
    claims,
    delete_old_claims,
    digest,
)
from bot.slack.transport.socket_mode import OverlappingHandler
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from bot.slack.verbs import VERBS
from tests.slack.fake import ALICE
from tests.slack.payloads import SIGNING_SECRET, click, signed
from tests.slack.workspace_bot import START, WorkspaceBot

LOOKUPS = {"help", "recent", "random", "cite", "stats", "pending", "history", "subscriptions"}


def make_claims(database: Database, seconds: float = 20) -> RequestClaims:
    return RequestClaims(database, lambda: START, seconds=seconds)


def test_a_repeated_command_acts_once_and_is_answered_with_nothing(bot: WorkspaceBot) -> None:
    """Of eight that arrive at once, one acts; a lookup is answered each time."""
    http = SlackRequests(bot.app, SIGNING_SECRET, utc_now, make_claims(bot.database).claim)

    def send(body: str) -> str:
        response = Client(http).post(EVENTS, data=body, headers=dict(signed(body, at=now)))
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def answers() -> int:
        bot.wait()
        return len(bot.slack.responses)

    now = time.time()
    body = bot.slack.command("unsubscribe all", ALICE)
    with ThreadPoolExecutor(8) as pool, capture_logs() as logs:
        assert list(pool.map(send, [body] * 8)) == [""] * 8
    assert [log["event"] for log in logs].count("repeated request ignored") == 7
    assert answers() == 1
    send(bot.slack.command("unsubscribe serving", ALICE))
    assert answers() == 2
    now += 1
    send(body)
    assert answers() == 3, "the same words a second later are another request"
    lookup = bot.slack.command("vllm", ALICE)
    assert send(lookup) == send(lookup) != ""


def test_a_forged_repeat_claims_nothing(bot: WorkspaceBot) -> None:
    claim = make_claims(bot.database).claim
    http = Client(SlackRequests(bot.app, SIGNING_SECRET, utc_now, claim))
    body = bot.slack.command("unsubscribe all", ALICE)
    headers = dict(signed(body))
    forged = {**headers, "x-slack-signature": "v0=0"}
    assert http.post(EVENTS, data=body, headers=forged).status_code == 401
    assert http.post(EVENTS, data=body, headers=headers).status_code == 200
    bot.wait()
    assert len(bot.slack.responses) == 1


def test_everything_but_a_lookup_is_claimed() -> None:
    for verb in VERBS:
        is_claimed = changes_something({"command": "/papers", "text": f"{verb} serving"})
        assert is_claimed == (verb not in LOOKUPS), verb
    assert not changes_something({"command": "/papers", "text": "kv cache"})
    reading = {NEXT, PREVIOUS, AGAIN, OPEN, BACK}
    for action in (*reading, SHARE, "review:approve"):
        body = json.loads(dict(parse_qsl(click(action, "1", response_url="x")))["payload"])
        assert changes_something(body) == (action not in reading), action
    assert changes_something({"type": "view_submission", "view": {"callback_id": "x"}})
    assert not changes_something({"type": "url_verification"})


def test_a_claim_is_made_once_by_several_processes(database: Database) -> None:
    request = digest(b"body", "1700000000")
    both = make_claims(database), make_claims(database)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: both[number % 2].claim(request), range(16)))
    assert sorted(results) == [False] * 15 + [True]
    assert both[0].claim(digest(b"body", "1700000001"))
    assert digest(b"ab", "c") != digest(b"a", "bc")


def test_old_claims_are_deleted(database: Database) -> None:
    make_claims(database).claim("old")
    assert delete_old_claims(database, START + KEPT) == 0
    assert delete_old_claims(database, START + KEPT + dt.timedelta(seconds=1)) == 1
    with database.read() as connection:
        assert not connection.execute(sa.select(claims)).all()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_busy_writer_does_not_delay_a_claim(database: Database) -> None:
    """The primary key decides; the writers' lock is not needed."""
    with database.write():
        assert make_claims(database).claim("x")
        assert not make_claims(database).claim("x")


def test_a_database_that_does_not_answer_delays_a_request_by_half_a_second(
    sqlite: Database,
) -> None:
    """Its listener finds out and tells the person."""
    unreachable = open_database("postgresql://u:p@127.0.0.1:9/x")
    assert make_claims(unreachable).claim("x")
    slow = make_claims(sqlite, seconds=0.2)
    began = time.monotonic()
    with sqlite.write(), capture_logs() as logs:
        requests = [threading.Thread(target=slow.claim, args=(str(n),)) for n in range(100)]
        for request in requests:
            request.start()
        for request in requests:
            request.join()
        assert time.monotonic() - began < 5
    assert {log["event"] for log in logs} == {"request not claimed"}
    assert len(logs) == 100


class SocketClient:
    """The part of slack_sdk's client that acknowledges."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.logger = logging.getLogger("socket")

    def send_socket_mode_response(self, response: SocketModeResponse) -> None:
        self.acknowledged.append(response.envelope_id)


def test_an_envelope_that_is_delivered_again_is_acknowledged_and_acts_once(
    bot: WorkspaceBot,
) -> None:
    claims = make_claims(bot.database)
    handler: SocketModeHandler = OverlappingHandler(bot.app, "xapp-made-up", 1, claims.claim)
    socket = SocketClient()
    for envelope, text in (("1", "unsubscribe all"), ("1", "unsubscribe all"), ("2", "vllm")):
        body = dict(parse_qsl(bot.slack.command(text, ALICE)))
        request = SocketModeRequest(type="slash_commands", envelope_id=envelope, payload=body)
        handler.handle(cast("SocketModeClient", socket), request)
    handler.close()
    bot.wait()
    assert len(bot.slack.responses) == 1
    assert socket.acknowledged == ["1", "1", "2"]
    assert claims.claim(digest("1")) is False
    assert claims.claim(digest("2")), "a lookup is not claimed"
