"""Laws of a slow Slack: every request is acknowledged at once, and answered all the same.

Each listener is tried by its case, with each Web API method that it calls hanging or limited.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from structlog.testing import capture_logs

from bot.db.engine import Database
from bot.slack.blocks.form_offer import OPEN_FORM
from bot.slack.clients import make_clients
from bot.slack.listeners.adapters import BUSY, SORRY
from bot.slack.listeners.declaration import Timing
from bot.slack.listeners.threads import ListenerThreads
from tests.e2e.processes import crowding
from tests.slack.fake import ALICE, PAPERS, FakeSlack, Fault, View
from tests.slack.fake.faults import RESPONSE_URL
from tests.slack.listeners.cases import CASES, LATER, Case, MakeBody, registered
from tests.slack.payloads import BOT_TOKEN
from tests.slack.workspace_bot import REVIEW, Clock, WorkspaceBot, populate

ACKNOWLEDGED = 1.0  # seconds
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
opening_forms = pytest.mark.parametrize(
    "case", [case for case in CASES if case.opens_form], ids=lambda case: case.name
)


@pytest.fixture
def bot(
    slack_server: HTTPServer,
    sqlite: Database,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
) -> Iterator[WorkspaceBot]:
    """The bot with the clients that it has in earnest, and room for two later answers only."""
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    populate(slack)
    threads = ListenerThreads(later_threads=2, later_waiting=0)
    clients = make_clients(BOT_TOKEN, slack.url)
    data = catalog_copy(tmp_path)
    yield WorkspaceBot(slack, sqlite, data, clock, threads=threads, clients=clients)
    slack.check()


def acknowledge(bot: WorkspaceBot, body: str) -> dict[str, Any]:
    """Send a request; the acknowledgement, which has to come in time."""
    began = time.perf_counter()
    answer = bot.post(body)
    assert time.perf_counter() - began < ACKNOWLEDGED * crowding()
    return answer


def traces(bot: WorkspaceBot, user: str, number: int) -> list[int]:
    """Numbers that grow with an answer to a person, and with a decision on a suggestion."""
    return [
        sum(response["status"] == 200 for response in bot.slack.responses),
        len(bot.slack.ephemerals(user)),
        sum(view.user == user for view in bot.slack.views),
        len(bot.slack.posted(user)),
        len(bot.suggestions.history(number)),
    ]


def test_every_listener_has_a_case() -> None:
    assert {case.name for case in CASES} == registered()


@by_name
def test_a_listener_is_acknowledged_and_answers_whatever_method_is_slow(
    bot: WorkspaceBot, case: Case
) -> None:
    """While it hangs, under a long rate limit, and when Slack refuses the token or anything.

    A refusal is a sentence, without a traceback.
    """
    number = bot.suggest()
    make_body = case.prepare(bot, number, ALICE)
    bot.clock.tick(61)  # what Slack has said about people is kept for a minute
    calls = len(bot.slack.calls())
    acknowledge(bot, make_body())
    bot.wait()
    methods = {call.method for call in bot.slack.calls()[calls:]}
    assert ("views.open" in methods) is case.opens_form
    assert not methods or case.timing is Timing.LATER, "at once means without Slack"
    for method in sorted({"*", RESPONSE_URL, *methods}):
        for fault in (Fault.hang(threading.Event()), Fault.ratelimited(20)):
            assert_answered(bot, case, number, make_body, (method, fault))
    for code in ("token_revoked", "internal_error", "invalid_arguments"):
        with capture_logs() as logs:
            answer = assert_answered(bot, case, number, make_body, ("*", Fault.error(code)))
        assert SORRY not in shown(bot, answer)
        assert not [log for log in logs if log["log_level"] in {"error", "critical"}]


def assert_answered(
    bot: WorkspaceBot,
    case: Case,
    number: int,
    make_body: MakeBody,
    trouble: tuple[str, Fault],
) -> dict[str, Any]:
    """Send a request while a method has a fault; it is acknowledged in time, and answered.

    A listener that answers at once answers while Slack hangs.
    """
    method, fault = trouble
    bot.clock.tick(61)  # what Slack has said about people is kept for a minute
    body, before = make_body(), traces(bot, ALICE, number)
    bot.slack.fail(method, fault, times=1_000_000)
    answer = acknowledge(bot, body)
    if case.timing is Timing.AT_ONCE and method != RESPONSE_URL:
        bot.wait()
        assert answer or case.is_silent or traces(bot, ALICE, number) != before
    if fault.gate:
        fault.gate.set()
    bot.wait()
    bot.slack.heal()
    bot.settle(1)
    assert answer or case.is_silent or traces(bot, ALICE, number) != before, trouble
    return answer


@opening_forms
def test_a_form_that_did_not_open_in_time_is_offered_by_a_button(
    bot: WorkspaceBot, case: Case
) -> None:
    make_body = case.prepare(bot, bot.suggest(), ALICE)
    first = opened(bot, make_body())
    expired = Fault.error("expired_trigger_id")
    for fault in (expired, Fault.drop_before, Fault.html, Fault.ratelimited(20)):
        bot.slack.fail("views.open", fault)
        bot.post(make_body())
        bot.wait()
        offer = bot.slack.ephemerals(ALICE)[-1]
        assert "too little time" in offer.text
        again = opened(bot, bot.slack.click(offer, OPEN_FORM, ALICE))
        for part in ("callback_id", "blocks", "private_metadata"):
            assert again.content[part] == first.content[part]


@opening_forms
def test_an_offer_that_comes_by_the_outbox_opens_the_same_form(
    bot: WorkspaceBot, case: Case
) -> None:
    make_body = case.prepare(bot, bot.suggest(), ALICE)
    first = opened(bot, make_body())
    for method in ("views.open", RESPONSE_URL):
        bot.slack.fail(method, Fault.ratelimited(20))
    bot.post(make_body())
    bot.wait()
    bot.settle(2)
    again = opened(bot, bot.slack.click(bot.slack.posted(ALICE)[-1], OPEN_FORM, ALICE))
    for part in ("callback_id", "blocks"):
        assert again.content[part] == first.content[part]


def test_an_offer_that_fails_takes_its_own_place(bot: WorkspaceBot) -> None:
    (case,) = [case for case in CASES if case.name == "/papers suggest"]
    bot.slack.fail("views.open", Fault.error("expired_trigger_id"), times=3)
    bot.post(case.prepare(bot, 0, ALICE)())
    bot.wait()
    for _ in range(2):
        (offer,) = bot.slack.ephemerals(ALICE)
        bot.click(offer, OPEN_FORM, ALICE)
    (offer,) = bot.slack.ephemerals(ALICE)
    opened(bot, bot.slack.click(offer, OPEN_FORM, ALICE))


@pytest.mark.parametrize("length", [1500, 2500, 4000])
def test_a_long_command_keeps_its_link_in_the_offer(bot: WorkspaceBot, length: int) -> None:
    bot.slack.fail("views.open", Fault.error("expired_trigger_id"))
    bot.post(bot.slack.command(f"suggest https://a.example/paper serving {'why ' * length}"))
    bot.wait()
    view = opened(bot, bot.slack.click(bot.slack.ephemerals(ALICE)[-1], OPEN_FORM, ALICE))
    assert "https://a.example/paper" in json.dumps(view.content)


def test_when_too_many_wait_everybody_is_told_so_at_once(bot: WorkspaceBot) -> None:
    """A form stays open with what was typed; lookups and their buttons are answered as ever."""
    number = bot.suggest()
    bodies = [(case, case.prepare(bot, number, ALICE)) for case in CASES]
    bot.clock.tick(61)
    gate = bot.slack.hold("*")
    for _ in range(2):
        bot.post(bot.slack.command("pause 1 day", ALICE))
    for case, make_body in bodies:
        body, before = make_body(), len(bot.slack.responses)
        answer = acknowledge(bot, body)
        assert bot.threads.lookups.drain(5)
        assert bot.threads.notices.drain(5)
        if case.timing is Timing.LATER:
            assert BUSY in shown(bot, answer), case.name
            is_form = case.name.startswith("form")
            assert answer.get("response_action") == ("errors" if is_form else None)
        elif not case.is_silent:
            assert answer or len(bot.slack.responses) > before, case.name
            assert BUSY not in json.dumps([answer, bot.slack.responses[before:]])
    bot.slack.heal()
    gate.set()
    bot.wait()


def test_when_slack_takes_no_answer_it_goes_by_the_outbox(bot: WorkspaceBot) -> None:
    """Every call hangs beyond its time-out; all people at once, each with one request."""
    number = bot.suggest()
    bot.slack.rate_limits.per_second = None
    people = {f"U1{at:03}": case for at, case in enumerate(LATER)}
    for person in people:
        bot.slack.user(person)
        for channel in (PAPERS, REVIEW):
            bot.slack.conversation(channel).members.append(person)
    bot = WorkspaceBot(bot.slack, bot.database, bot.data, bot.clock, clients=bot.clients)
    requests = [(person, case.prepare(bot, number, person)) for person, case in people.items()]
    bot.clock.tick(61)
    gates = [bot.slack.hold("*"), bot.slack.hold(RESPONSE_URL)]
    for _, make_body in requests:
        acknowledge(bot, make_body())
    assert bot.threads.drain(20)
    assert not [person for person in people if bot.slack.ephemerals(person)]
    bot.slack.heal()
    for gate in gates:
        gate.set()
    bot.settle(3)
    for person, case in people.items():
        assert bot.slack.posted(person), case.name


def test_the_same_notice_is_sent_once_in_a_minute(bot: WorkspaceBot) -> None:
    for _ in range(3):
        bot.slack.fail(RESPONSE_URL, Fault.ratelimited(20))
        bot.send(bot.private_click("an:old:button", "x", ALICE))
    bot.settle(5)
    assert len(bot.slack.posted(ALICE)) == 1
    bot.clock.tick(60)
    bot.slack.fail(RESPONSE_URL, Fault.ratelimited(20))
    bot.send(bot.private_click("an:old:button", "x", ALICE))
    bot.settle(5)
    assert len(bot.slack.posted(ALICE)) == 2


def test_a_refused_decision_by_form_is_told_where_the_form_was_opened(bot: WorkspaceBot) -> None:
    """Which was found only after its form had closed."""
    (case,) = [case for case in CASES if case.name == "form review:reopen:form"]
    make_body = case.prepare(bot, bot.suggest(), ALICE)
    before = len(bot.slack.ephemerals(ALICE))
    assert bot.post(make_body()) == {}, "it closes"
    bot.wait()
    (refusal,) = bot.slack.ephemerals(ALICE)[before:]
    assert refusal.channel == PAPERS
    assert "is open" in refusal.text


def opened(bot: WorkspaceBot, request: str | Mapping[str, Any]) -> View:
    """The form that a request opens."""
    before = {view.id for view in bot.slack.views}
    if isinstance(request, str):
        bot.post(request)
        bot.wait()
    else:
        bot.send(request)
    (view,) = [view for view in bot.slack.views if view.id not in before]
    return view


def shown(bot: WorkspaceBot, answer: object) -> str:
    """An acknowledgement, and the latest private messages to alice."""
    messages = [*bot.slack.ephemerals(ALICE)[-1:], *bot.slack.posted(ALICE)[-1:]]
    texts = [[message.text, message.blocks] for message in messages]
    return json.dumps([answer, texts], ensure_ascii=False)
