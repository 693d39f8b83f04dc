"""The bot over an upgraded installation, and what it does for each click and each submission.

A reaction is what people and the database see of it, without wording: events, subscriptions,
private answers with their buttons, forms with their fields. `fixtures/v0_1/reactions.json` holds
those of version 0.1.0.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from pytest_httpserver import HTTPServer

from bot.db.engine import Database
from bot.digest.store import DigestStore
from bot.slack.payloads import split_metadata
from tests.slack.elements import options_of
from tests.slack.fake import ALICE, FakeSlack, payloads
from tests.slack.fake.workspace import APP, BOT, BOT_ID, TEAM, PostedMessage, User
from tests.slack.workspace_bot import Clock, WorkspaceBot
from tests.upgrade.installation import Installation, Json
from tests.upgrade.reading import events, states

BLANKS: Mapping[str, str] = {"year": "2025", "url": "https://example.org/filled-in"}
"""What is written into empty fields, by block; "Filled in" elsewhere."""

BY_OUTBOX = "a private answer goes by the outbox"
"""Logged for forms of 0.1, which do not tell in which channel they were opened."""


@dataclass(frozen=True)
class Element:
    """A button or select of a recorded message."""

    message: Json
    block_id: str
    element: Json

    @property
    def action(self) -> str:
        return str(self.element["action_id"])

    @property
    def suggestion(self) -> int:
        """The number of the suggestion that a button of a card is about."""
        return int(self.element["value"])

    @property
    def key(self) -> str:
        """The same for elements that send the same payload."""
        what = self.element.get("value", self.block_id)
        where = "public" if self.message["where"] in {"outbox", "shared"} else "private"
        return f"{where} {self.message['channel']} {self.action} {what}"


def elements_of(installation: Installation) -> dict[str, Element]:
    """Every element of every message; of those that send the same payload, the last."""
    found = (
        Element(message, block_id, element)
        for message in installation.messages
        for block_id, element in payloads.elements(message["blocks"])
        if "url" not in element
    )
    return {element.key: element for element in found}


def forms_of(installation: Installation) -> dict[str, Json]:
    """Every form that can be submitted; views that only say something have no button for it."""
    forms = [form for form in installation.views if form["view"]["submit"]]
    return {
        f"{form['view']['callback_id']} {form['view']['private_metadata']} {form['user']}": form
        for form in forms
    }


class UpgradedBot:
    """A new version's bot, started on the database, the list and the Slack of an old one."""

    def __init__(
        self, server: HTTPServer, database: Database, scratch: Path, installation: Installation
    ) -> None:
        server.clear()
        clock = Clock(now=installation.now + dt.timedelta(minutes=1))
        self.answer: Json = {}
        self.slack = FakeSlack(server, clock=clock.timestamp)
        populate(self.slack, installation)
        self.database = database
        self.workspace_bot = WorkspaceBot(
            self.slack, database, installation.copy_data(scratch), clock, run="upgraded"
        )

    def click(self, element: Element, user: str = ALICE) -> Json:
        """Press a button, or choose the last option of a select; the reaction."""
        selected = list(options_of(element.element))[-1]["value"] if is_select(element) else None
        reaction = self._reaction(lambda: self.send(element, user, selected))
        if '"random"' in str(element.element.get("value")):  # which paper is shown is chance
            for answer in reaction["answers"]:
                answer["buttons"] = [action for action, _ in answer["buttons"]]
        return reaction

    def send(
        self,
        element: Element,
        user: str = ALICE,
        selected: str | None = None,
        state: Mapping[str, object] | None = None,
    ) -> Json:
        """Deliver the `block_actions` of an element, as Slack does."""
        message = element.message
        done = payloads.action(
            message["blocks"],
            element.action,
            value=element.element.get("value"),
            selected=selected,
            at=message.get("ts", "1"),
        )
        is_private = message["where"] not in {"outbox", "shared"}
        payload = {
            **self._interaction("block_actions", user),
            "container": {
                "type": "message",
                "message_ts": message.get("ts", "1"),
                "channel_id": message["channel"],
                "is_ephemeral": is_private,
            },
            "channel": {"id": message["channel"], "name": "any"},
            "state": {"values": state or {}},
            "response_url": self.slack.response_url(message["channel"], user),
            "actions": [done],
        }
        if not is_private:  # Slack keeps no private message, so it cannot show one
            payload["message"] = {"type": "message", "user": BOT, "bot_id": BOT_ID} | {
                key: message[key] for key in ("ts", "text", "blocks")
            }
        return self.workspace_bot.send(payload)

    def submit(self, form: Json, values: Mapping[str, object] | None = None) -> Json:
        """Send a recorded form, its empty fields filled in; the reaction."""
        view = form["view"]
        given = filled(view["blocks"]) if values is None else values
        payload = {
            **self._interaction("view_submission", form["user"]),
            "response_urls": [],
            "view": {
                **view,
                "id": "V0001",
                "team_id": TEAM,
                "app_id": APP,
                "bot_id": BOT_ID,
                "hash": "1.1",
                "external_id": "",
                "state": payloads.state(view["blocks"], given),
            },
        }
        return self._reaction(lambda: self._send(payload))

    def updated_view(self, view: Json) -> Json:
        """A form as the answer to its submission shows it again."""
        shown = self.answer["view"]
        return {**view, **(json.loads(shown) if isinstance(shown, str) else shown)}

    def _send(self, payload: Json) -> Json:
        self.answer = self.workspace_bot.send(payload)
        return self.answer

    def _interaction(self, kind: str, user: str) -> Json:
        person = User(id=user, name=user.lower())
        return payloads.interaction(kind, person, self.slack.trigger(user))

    def _reaction(self, act: Callable[[], Json]) -> Json:
        """Act, and tell what has changed.

        Raises AssertionError when a warning or an error is logged: an unknown button, a failure.
        """
        before = self._situation()
        calls, responses = len(self.slack.calls()), len(self.slack.responses)
        with structlog.testing.capture_logs() as logs:
            answer = act()
        loud = [
            entry
            for entry in logs
            if entry["log_level"] not in {"debug", "info"} and entry["event"] != BY_OUTBOX
        ]
        assert not loud, loud
        after = self._situation()
        self.slack.check()
        found = {
            "events": after.events[len(before.events) :],
            "states": {
                number: state
                for number, state in after.states.items()
                if before.states.get(number) != state
            },
            "subscriptions": {
                number: after.subscriptions.get(number)
                for number in sorted({*before.subscriptions, *after.subscriptions})
                if before.subscriptions.get(number) != after.subscriptions.get(number)
            },
            "answers": [
                _answer(response["body"]) for response in self.slack.responses[responses:]
            ],
            "forms": [
                _form(call.args["view"])
                for call in self.slack.calls()[calls:]
                if call.method == "views.open"
            ],
            "joined": [
                call.args["channel"]
                for call in self.slack.calls()[calls:]
                if call.method == "conversations.join"
            ],
            "response": _response(answer),
            "notices": after.notices - before.notices,
        }
        return {name: value for name, value in found.items() if value}

    def _situation(self) -> "_Situation":
        return _Situation(
            events=events(self.database),
            states=states(self.database),
            notices=sum(row.kind == "notice" for row in self.workspace_bot.outbox.pending_rows()),
            subscriptions={
                str(entry.id): f"{entry.topic.text or 'everything'}, {entry.schedule.rhythm}"
                for entry in DigestStore(self.database).active()
            },
        )

    def deliver(self) -> None:
        """Let the sender work alone until nothing is due, then a little longer."""
        for _ in range(300):
            self.workspace_bot.sender.step(lambda: True)
            self.workspace_bot.clock.tick(1.0)
            if not self.workspace_bot.outbox.depth().due:
                break
        for _ in range(5):
            self.workspace_bot.sender.step(lambda: True)
            self.workspace_bot.clock.tick(1.0)


@dataclass(frozen=True)
class _Situation:
    events: Sequence[Json]
    states: Mapping[str, str]
    notices: int
    """Private answers that go by the outbox."""
    subscriptions: Mapping[str, str]


def populate(slack: FakeSlack, installation: Installation) -> None:
    """The people, channels and messages of an installation's Slack."""
    for user in installation.workspace["users"]:
        slack.user(user["id"], user["name"], tz=user["tz"], is_bot=user["is_bot"])
    for channel in installation.workspace["channels"]:
        known = {key: channel[key] for key in ("is_private", "is_archived", "is_im")}
        slack.channel(channel["id"], channel["name"], channel["members"], **known)
    for message in standing(installation):
        slack.put_back(message)


def standing(installation: Installation) -> list[PostedMessage]:
    """The bot's messages in Slack, each as it was last edited."""
    found: dict[tuple[str, str], PostedMessage] = {}
    for message in installation.messages:
        if message["where"] not in {"outbox", "shared"}:
            continue
        found[message["channel"], message["ts"]] = PostedMessage(
            channel=message["channel"],
            ts=message["ts"],
            user=BOT,
            text=message["text"],
            blocks=message["blocks"],
            metadata=message["metadata"],
            thread_ts=message.get("thread_ts"),
            broadcast=message.get("broadcast", False),
        )
    return list(found.values())


def is_select(element: Element) -> bool:
    return bool(element.element["type"] != "button")


def filled(blocks: Sequence[Json]) -> dict[str, object]:
    """Something for each field of a form in which nothing stands."""
    values: dict[str, object] = {}
    for block in blocks:
        element = block.get("element")
        if element is None or any(key.startswith("initial_") for key in element):
            continue
        if element["type"] == "plain_text_input":
            values[block["block_id"]] = BLANKS.get(block["block_id"], "Filled in")
        elif element["type"] == "multi_static_select":
            values[block["block_id"]] = [next(options_of(element))["value"]]
        else:
            values[block["block_id"]] = next(options_of(element))["value"]
    return values


def _answer(body: Json) -> Json:
    """Who sees an answer, whether it takes the message's place, and its buttons."""
    return {
        "to": body["response_type"],
        "replaces": body["replace_original"],
        "buttons": [
            [element["action_id"], element.get("value")]
            for _, element in payloads.elements(_with_ids(body.get("blocks") or []))
        ],
    }


def _form(view: object) -> Json:
    """What a form is about, its fields, and what stands in them."""
    found: Json = json.loads(view) if isinstance(view, str) else view  # type: ignore[assignment]
    return {
        "callback_id": found.get("callback_id", ""),
        "private_metadata": split_metadata(found.get("private_metadata", ""))[1],
        "fields": {
            block["block_id"]: {
                "action_id": block["element"]["action_id"],
                "holds": [_value(held) for held in payloads.initial(block["element"]).values()],
            }
            for block in found["blocks"]
            if block["type"] == "input"
        },
    }


def _value(held: object) -> object:
    """A text, or the value of the option that is chosen; of several in their order."""
    match held:
        case {"value": value}:
            return value
        case list():
            return [_value(option) for option in held]
        case _:
            return held


def _response(answer: Json) -> Json:
    """What Slack is told to do with a form that was submitted."""
    found: Json = {key: answer[key] for key in ("response_action", "errors") if key in answer}
    if "errors" in found:
        found["errors"] = sorted(found["errors"])
    if "view" in answer:
        found["form"] = _form(answer["view"])
    return found


def _with_ids(blocks: Sequence[Json]) -> list[Json]:
    """Slack gives an id to each block that has none."""
    return [{"block_id": str(number), **block} for number, block in enumerate(blocks)]
