"""Laws of the manifest: it holds exactly the commands, shortcuts, events and scopes in use."""

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt import App
from slack_sdk import WebClient

from bot.db.engine import Database
from bot.slack.listeners.registration import register
from bot.slack.listeners.threads import ListenerThreads
from bot.slack.manifest import manifest
from tests.slack.scopes import SCOPES
from tests.slack.workspace_bot import make_container

CODE = Path(__file__).parents[2] / "bot"


def document() -> dict[str, Any]:
    loaded = yaml.safe_load(manifest())
    assert isinstance(loaded, dict)
    return loaded


class Recorder:
    """Stands in for the Bolt app, and keeps the ids that are registered."""

    def __init__(self) -> None:
        self.registered: dict[str, list[object]] = defaultdict(list)

    def __getattr__(self, kind: str) -> Callable[[object], Callable[..., None]]:
        def register(key: object) -> Callable[..., None]:
            self.registered[kind].append(key)
            return lambda *_, **__: None

        return register


@pytest.fixture
def registered(sqlite: Database) -> dict[str, list[object]]:
    recorder = Recorder()
    context = make_container(WebClient(), sqlite).listener_context()
    register(cast("App", recorder), context, ListenerThreads())
    return recorder.registered


def test_the_manifest_names_exactly_the_registered_commands_and_shortcuts(
    registered: dict[str, list[object]],
) -> None:
    features = document()["features"]
    commands = [command["command"] for command in features["slash_commands"]]
    assert registered["command"] == commands
    assert registered["shortcut"] == [item["callback_id"] for item in features["shortcuts"]]


def test_the_manifest_asks_for_exactly_the_scopes_in_use() -> None:
    families = "|".join(sorted({method.partition(".")[0] for method in SCOPES}))
    used = {
        method.replace("_", ".")
        for path in CODE.rglob("*.py")
        for method in re.findall(rf"\.((?:{families})_\w+)\(", path.read_text())
    }
    assert used <= set(SCOPES), "a Web API method whose scope is not known here"
    needed = {"commands"}.union(*(SCOPES[method] for method in used))
    assert set(document()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_manifest_subscribes_to_exactly_the_events_listened_to(
    registered: dict[str, list[object]],
) -> None:
    subscribed = document()["settings"].get("event_subscriptions", {}).get("bot_events", [])
    assert sorted(subscribed) == sorted(map(str, registered["event"]))


def test_texts_are_within_slacks_limits() -> None:
    """App manifest reference: name 35, description 140, long description 174 to 4,000."""
    shown = document()["display_information"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    for command in document()["features"]["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_the_manifest_for_http_has_the_address_in_every_place() -> None:
    loaded = yaml.safe_load(manifest("https://papers.example.org/"))
    url = "https://papers.example.org/slack/events"
    assert loaded["settings"]["socket_mode_enabled"] is False
    assert loaded["settings"]["interactivity"]["request_url"] == url
    assert [command["url"] for command in loaded["features"]["slash_commands"]] == [url]
