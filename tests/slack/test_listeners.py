"""Laws of commands and clicks, through a real Bolt app with real-shaped, signed requests.

Everybody is answered, in private, also when they click on something old or something breaks.
"""

import json
from collections.abc import Callable
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

from bot.catalog.names import shipped_names
from bot.db.engine import Database
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.service import LookupService
from bot.slack.app import make_app
from bot.slack.blocks.lookup import AGAIN, NEXT, PREVIOUS, SHARE
from bot.slack.request import LATER, PapersRequest
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from tests.conftest import DATA
from tests.slack.house import listeners_of
from tests.slack.payloads import SIGNING_SECRET, click, command, signed


@pytest.fixture(scope="module")
def live() -> LookupService:
    return LookupService(DATA, shipped_names(), lambda: 0.0)


@pytest.fixture
def app(client: WebClient, live: LookupService, sqlite: Database) -> App:
    return make_app(client, SIGNING_SECRET, listeners_of(live, client, sqlite))


@pytest.fixture
def said(web_api: HTTPServer) -> list[dict[str, Any]]:
    """What arrives at the response URL, checked as Slack would check it."""
    messages: list[dict[str, Any]] = []

    def receive(request: WebRequest) -> WebResponse:
        message = request.get_json()
        for block in Block.parse_all(message.get("blocks") or []):
            block.to_dict()
        messages.append(message)
        return WebResponse("ok")

    web_api.expect_request("/respond").respond_with_handler(receive)
    return messages


def dispatch(app: App, body: str) -> WebResponse:
    """Through the WSGI application, as gunicorn would call it."""
    return Client(SlackRequests(app)).post(EVENTS, data=body, headers=dict(signed(body)))


def ask(app: App, text: str) -> dict[str, Any]:
    """What `/papers TEXT` is answered with, in the acknowledgement itself."""
    response = dispatch(app, command(text))
    assert response.status_code == 200
    answer = json.loads(response.get_data(as_text=True))
    assert isinstance(answer, dict)
    return answer


def wait_for(messages: list[dict[str, Any]], app: App) -> dict[str, Any]:
    """The message that a click brings about, once its listener has run."""
    app.listener_runner.listener_executor.shutdown(wait=True)
    assert len(messages) == 1
    return messages[0]


def shown(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def press(message: dict[str, Any], label: str) -> tuple[str, str]:
    """A button of a message: its action and its value."""
    for block in message["blocks"]:
        for element in block.get("elements", []):
            if (
                element.get("text")
                and element["type"] == "button"
                and element["text"]["text"] == label
            ):
                return element["action_id"], element["value"]
    raise AssertionError(f"no button {label}")


@pytest.mark.parametrize(
    ("text", "says"),
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
    app: App, text: str, says: str
) -> None:
    answer = ask(app, text)
    assert answer["response_type"] == "ephemeral"
    assert answer["text"]
    assert says in shown(answer)


@pytest.mark.parametrize("verb", LATER)
def test_a_verb_that_comes_later_says_so(app: App, verb: str) -> None:
    """And help shows only what works."""
    assert "not there yet" in ask(app, verb)["text"]
    assert f"/papers {verb}" not in shown(ask(app, "help"))


def test_next_and_previous_change_the_private_message_in_place(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer
) -> None:
    action, value = press(ask(app, "serving"), "Next")
    assert action == NEXT
    response = dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert response.status_code == 200
    message = wait_for(said, app)
    assert message["replace_original"] is True
    assert message["response_type"] == "ephemeral"
    assert "9–16 of 70" in shown(message)
    assert press(message, "Previous")[0] == PREVIOUS


def test_a_button_works_in_a_process_that_never_saw_the_question(
    client: WebClient, said: list[dict[str, Any]], web_api: HTTPServer, sqlite: Database
) -> None:
    value = PapersRequest("search", "serving", 8).to_value()
    live = LookupService(DATA, shipped_names(), lambda: 0.0)
    restarted = make_app(client, SIGNING_SECRET, listeners_of(live, client, sqlite, seed=2))
    dispatch(restarted, click(NEXT, value, response_url=web_api.url_for("/respond")))
    assert "65–70 of 70" in shown(wait_for(said, restarted))


def test_a_page_beyond_the_end_shows_the_last_one(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer
) -> None:
    """The list may have shrunk since the button was made."""
    value = PapersRequest("search", "serving", 99).to_value()
    dispatch(app, click(NEXT, value, response_url=web_api.url_for("/respond")))
    assert "65–70 of 70" in shown(wait_for(said, app))


def test_share_posts_the_shown_page_for_all_and_names_who_shared_it(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer
) -> None:
    value = PapersRequest("search", "serving", 1).to_value()
    dispatch(app, click(SHARE, value, response_url=web_api.url_for("/respond")))
    message = wait_for(said, app)
    assert message["response_type"] == "in_channel"
    assert message["replace_original"] is False
    assert "<@U0002> shared" in shown(message)
    assert "9–16 of 70" in shown(message)
    assert "button" not in shown(message)


def test_a_shared_card_is_the_paper_that_was_shown(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer
) -> None:
    """Chance is not asked again: what was shown is what is shared."""
    answer = ask(app, "random edge")
    title = answer["blocks"][1]["text"]["text"]
    action, value = press(answer, "Share in channel")
    dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert title in shown(wait_for(said, app)).replace('\\"', '"')


def test_another_random_paper_takes_the_place_of_the_first(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer
) -> None:
    action, value = press(ask(app, "random"), "Another")
    assert action == AGAIN
    dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert wait_for(said, app)["replace_original"] is True


@pytest.mark.parametrize(
    ("action", "value"),
    [(NEXT, "from an older version"), (SHARE, "{}"), ("gone:button", "x"), (NEXT, "")],
)
def test_a_click_on_something_old_is_answered(
    app: App, said: list[dict[str, Any]], web_api: HTTPServer, action: str, value: str
) -> None:
    response = dispatch(app, click(action, value, response_url=web_api.url_for("/respond")))
    assert response.status_code == 200
    assert "older message" in wait_for(said, app)["text"]


def test_a_share_that_slack_refuses_is_said_and_not_repeated(
    app: App, web_api: HTTPServer
) -> None:
    """A repeated call could post twice, so it is sent once, and the person is told."""
    calls: list[dict[str, Any]] = []

    def refuse(request: WebRequest) -> WebResponse:
        calls.append(request.get_json())
        return WebResponse("expired_url", status=404 if len(calls) == 1 else 200)

    web_api.expect_request("/refuse").respond_with_handler(refuse)
    value = PapersRequest("search", "serving").to_value()
    dispatch(app, click(SHARE, value, response_url=web_api.url_for("/refuse")))
    app.listener_runner.listener_executor.shutdown(wait=True)
    assert [call["response_type"] for call in calls] == ["in_channel", "ephemeral"]
    assert "did not take" in calls[1]["text"]


class Broken(LookupService):
    def current(self) -> CatalogLookup:
        raise RuntimeError("secret detail")


def test_when_something_breaks_the_person_is_told_and_no_detail_leaks(
    client: WebClient, said: list[dict[str, Any]], web_api: HTTPServer, sqlite: Database
) -> None:
    broken = Broken(DATA, shipped_names(), lambda: 0.0)
    app = make_app(client, SIGNING_SECRET, listeners_of(broken, client, sqlite))
    answer = ask(app, "serving")
    assert "went wrong" in answer["text"]
    assert answer["response_type"] == "ephemeral"
    value = PapersRequest("search", "serving").to_value()
    dispatch(app, click(NEXT, value, response_url=web_api.url_for("/respond")))
    message = wait_for(said, app)
    assert "went wrong" in message["text"]
    assert "secret detail" not in shown(message) + shown(answer)


def test_a_change_of_the_files_is_answered_from_at_once(
    client: WebClient,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
    sqlite: Database,
) -> None:
    folder = catalog_copy(tmp_path)
    clock = iter(range(0, 1000, 5))
    live = LookupService(folder, shipped_names(), lambda: float(next(clock)))
    app = make_app(client, SIGNING_SECRET, listeners_of(live, client, sqlite))
    path = folder / "papers" / "survey-paper.yaml"
    path.write_text(path.read_text() + "- title: Quokka Survey\n  sections: [survey-paper]\n")
    assert "Quokka Survey" in shown(ask(app, "quokka"))
