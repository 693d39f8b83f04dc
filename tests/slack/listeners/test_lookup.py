"""Laws of lookups in Slack, through a real Bolt app with signed requests in Slack's shapes.

Everybody is answered, in private, also after a click on an old button or when something fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.models.blocks import Block
from werkzeug import Request as WebRequest
from werkzeug import Response as WebResponse
from werkzeug.test import Client

from bot.app.clock import utc_now
from bot.db.engine import Database
from bot.lookup.catalog_lookup import CatalogLookup
from bot.slack.app import make_app
from bot.slack.blocks.lookup import AGAIN, BACK, NEXT, OPEN, PREVIOUS, SHARE
from bot.slack.context import ListenerContext
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.lookup_request import LookupRequest
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from bot.slack.verbs import VERBS
from tests.slack.payloads import SIGNING_SECRET, click, command, signed
from tests.slack.workspace_bot import Clock, make_container

RESERVED = [verb.name for verb in VERBS.values() if verb.handler is None]


@pytest.fixture
def context(client: WebClient, sqlite: Database) -> ListenerContext:
    return make_container(client, sqlite).listener_context()


@pytest.fixture
def threads() -> ListenerThreads:
    return ListenerThreads()


@pytest.fixture
def app(context: ListenerContext, threads: ListenerThreads) -> App:
    return make_app(context, threads)


@dataclass
class Replies:
    """The messages that arrive at the response URL."""

    threads: ListenerThreads
    messages: list[dict[str, Any]] = field(default_factory=list)

    def only(self) -> dict[str, Any]:
        """The one reply to a click, once its listener has ended."""
        assert self.threads.drain(10)
        (reply,) = self.messages
        return reply


@pytest.fixture
def replies(web_api: HTTPServer, threads: ListenerThreads) -> Replies:
    """Replies that slack_sdk has checked."""
    replies = Replies(threads)

    def receive(request: WebRequest) -> WebResponse:
        message = request.get_json()
        for block in Block.parse_all(message.get("blocks") or []):
            block.to_dict()
        replies.messages.append(message)
        return WebResponse("ok")

    web_api.expect_request("/respond").respond_with_handler(receive)
    return replies


def dispatch(app: App, body: str) -> WebResponse:
    """Send a request through the WSGI application, as gunicorn does."""
    return Client(SlackRequests(app, SIGNING_SECRET, utc_now)).post(
        EVENTS, data=body, headers=dict(signed(body))
    )


def ask(app: App, text: str) -> dict[str, Any]:
    """Type `/papers TEXT`; the answer, from the acknowledgement."""
    response = dispatch(app, command(text))
    assert response.status_code == 200
    answer = json.loads(response.get_data(as_text=True))
    assert isinstance(answer, dict)
    return answer


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def button(message: dict[str, Any], label: str) -> tuple[str, str]:
    """The action and the value of a message's button."""
    for block in message["blocks"]:
        for element in block.get("elements", []):
            if element["type"] == "button" and element["text"]["text"] == label:
                return element["action_id"], element["value"]
    raise AssertionError(f"no button {label}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("serving", "70 papers in LLM Systems › Serving"),
        ("kv cache", "DéjàVu"),
        ("2401.09670", "On the list, in LLM Systems › Serving"),
        ("", "Sections"),
        ("help", "/papers recent"),
        ("recent", "latest"),
        ("random edge", "By chance, from Serving at the edge"),
        ("nosuchthingatall", "Nothing found"),
        ("venue:osid", "venue:OSDI"),
        ("2599.99999", "not on the list"),
        ("random forests", "random forests"),
        ("payload", "“payload”"),
    ],
)
def test_a_command_is_answered_with_its_acknowledgement_in_private(
    app: App, text: str, expected: str
) -> None:
    answer = ask(app, text)
    assert answer["response_type"] == "ephemeral"
    assert answer["text"]
    assert expected in shown(answer)


@pytest.mark.parametrize("verb", RESERVED)
def test_a_reserved_verb_is_not_there_yet_and_not_in_help(app: App, verb: str) -> None:
    assert "not there yet" in ask(app, verb)["text"]
    assert f"/papers {verb}" not in shown(ask(app, "help"))


def test_next_and_previous_change_the_private_message_in_place(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    action, value = button(ask(app, "serving"), "Next")
    assert action == NEXT
    response = dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert response.status_code == 200
    reply = replies.only()
    assert reply["replace_original"] is True
    assert reply["response_type"] == "ephemeral"
    assert "9–16 of 70" in shown(reply)
    assert button(reply, "Previous")[0] == PREVIOUS


def test_a_button_works_in_a_process_that_never_saw_the_question(
    client: WebClient,
    replies: Replies,
    web_api: HTTPServer,
    sqlite: Database,
    threads: ListenerThreads,
) -> None:
    value = LookupRequest("search", "serving", 8).to_value()
    container = make_container(client, sqlite, seed=2)
    restarted = make_app(container.listener_context(), threads)
    dispatch(restarted, click(NEXT, value, response_url=web_api.url_for("/respond")))
    assert "65–70 of 70" in shown(replies.only())


def test_a_page_beyond_the_end_shows_the_last_one(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    """The list may have fewer pages than when the button was made."""
    value = LookupRequest("search", "serving", 99).to_value()
    dispatch(app, click(NEXT, value, response_url=web_api.url_for("/respond")))
    assert "65–70 of 70" in shown(replies.only())


def test_share_posts_the_shown_page_for_all_and_names_the_person(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    value = LookupRequest("search", "serving", 1).to_value()
    dispatch(app, click(SHARE, value, response_url=web_api.url_for("/respond")))
    reply = replies.only()
    assert reply["response_type"] == "in_channel"
    assert reply["replace_original"] is False
    assert "<@U0002> shared" in shown(reply)
    assert "9–16 of 70" in shown(reply)
    assert "button" not in shown(reply)


def test_a_shared_card_is_the_paper_that_was_shown(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    """A random paper is not drawn again."""
    answer = ask(app, "random edge")
    title = answer["blocks"][1]["text"]["text"]
    action, value = button(answer, "Share in channel")
    dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert title in shown(replies.only()).replace('\\"', '"')


def opened(message: dict[str, Any], title: str) -> tuple[str, str]:
    """The action and the value of the button on a result's line."""
    for block in message["blocks"]:
        if title in block.get("text", {}).get("text", "") and "accessory" in block:
            return block["accessory"]["action_id"], block["accessory"]["value"]
    raise AssertionError(f"no line of {title}")


def test_a_line_opens_its_paper_in_place_and_back_shows_the_page_again(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    url = web_api.url_for("/respond")
    dispatch(app, click(NEXT, LookupRequest("search", "serving", 1).to_value(), response_url=url))
    page = replies.only()
    lines = [block["text"]["text"] for block in page["blocks"] if "accessory" in block]
    assert len(lines) == 8
    for line in lines:
        title = line.split("|")[1].split(">")[0]
        action, value = opened(page, title)
        assert action == OPEN
        replies.messages.clear()
        dispatch(app, click(action, value, response_url=url))
        paper = replies.only()
        assert paper["replace_original"] is True
        assert title in shown(paper)
        assert "*Similar*" in shown(paper)
        action, value = button(paper, "Back")
        assert action == BACK
        replies.messages.clear()
        dispatch(app, click(action, value, response_url=url))
        assert replies.only()["blocks"] == page["blocks"]


def test_an_opened_paper_is_shared_alone(app: App, replies: Replies, web_api: HTTPServer) -> None:
    url = web_api.url_for("/respond")
    dispatch(app, click(*opened(ask(app, "kv cache"), "InfiniGen"), response_url=url))
    action, value = button(replies.only(), "Share in channel")
    replies.messages.clear()
    dispatch(app, click(action, value, response_url=url))
    reply = replies.only()
    assert reply["response_type"] == "in_channel"
    assert "<@U0002> shared a paper" in shown(reply)
    assert "InfiniGen" in shown(reply)


def test_a_paper_that_left_its_page_is_opened_and_one_that_left_the_list_shows_the_page(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    url = web_api.url_for("/respond")
    _, value = opened(ask(app, "kv cache"), "InfiniGen")
    elsewhere = {**json.loads(value), "q": "training"}
    dispatch(app, click(OPEN, json.dumps(elsewhere), response_url=url))
    assert "InfiniGen" in shown(replies.only())
    replies.messages.clear()
    gone = {**json.loads(value), "k": "0" * 16}
    dispatch(app, click(OPEN, json.dumps(gone), response_url=url))
    assert "for “kv cache”" in shown(replies.only())


def test_another_random_paper_takes_the_place_of_the_first(
    app: App, replies: Replies, web_api: HTTPServer
) -> None:
    action, value = button(ask(app, "random"), "Another")
    assert action == AGAIN
    dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert replies.only()["replace_original"] is True


@pytest.mark.parametrize(
    ("action", "value"),
    [(NEXT, "from an older version"), (SHARE, "{}"), ("gone:button", "x"), (NEXT, "")],
)
def test_a_click_on_an_old_button_is_answered(
    app: App, replies: Replies, web_api: HTTPServer, action: str, value: str
) -> None:
    response = dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert response.status_code == 200
    assert "older message" in replies.only()["text"]


def test_a_share_that_slack_refuses_is_told_and_not_repeated(
    app: App, web_api: HTTPServer, threads: ListenerThreads
) -> None:
    """A repeated call could post twice."""
    calls: list[dict[str, Any]] = []

    def refuse(request: WebRequest) -> WebResponse:
        calls.append(request.get_json())
        return WebResponse("expired_url", status=404 if len(calls) == 1 else 200)

    web_api.expect_request("/refuse").respond_with_handler(refuse)
    value = LookupRequest("search", "serving").to_value()
    dispatch(app, click(SHARE, value, response_url=web_api.url_for("/refuse")))
    assert threads.drain(10)
    assert [call["response_type"] for call in calls] == ["in_channel", "ephemeral"]
    assert "did not take" in calls[1]["text"]


def test_after_a_failure_the_person_is_told_and_no_detail_leaks(
    app: App,
    context: ListenerContext,
    replies: Replies,
    web_api: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> CatalogLookup:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(context.lookup, "current", fail)
    answer = ask(app, "serving")
    assert "went wrong" in answer["text"]
    assert answer["response_type"] == "ephemeral"
    value = LookupRequest("search", "serving").to_value()
    dispatch(app, click(NEXT, value, response_url=web_api.url_for("/respond")))
    reply = replies.only()
    assert "went wrong" in reply["text"]
    assert "secret detail" not in shown(reply) + shown(answer)


def test_lookups_follow_a_change_of_the_files(
    client: WebClient,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
    sqlite: Database,
) -> None:
    folder, clock = catalog_copy(tmp_path), Clock()
    container = make_container(client, sqlite, folder, clock)
    app = make_app(container.listener_context())
    path = folder / "papers" / "survey-paper.yaml"
    path.write_text(path.read_text() + "- title: Quokka Survey\n  sections: [survey-paper]\n")
    clock.tick(1)
    assert "Quokka Survey" in shown(ask(app, "quokka"))
