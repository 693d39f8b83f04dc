"""The whole bot in one process: listeners, review, sender, publisher and the strict fake Slack.

Tests move the clock; nothing waits for real seconds.
"""

import datetime as dt
import json
import random
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from slack_bolt import App
from slack_sdk import WebClient
from werkzeug.test import Client

from bot.app.container import Container, bootstrap
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database
from bot.publishing.publisher import Target
from bot.review.intake import Intake
from bot.review.model import Subject
from bot.review.service import Proposal, SuggestionMade, card_key
from bot.settings import Settings
from bot.slack.app import make_app
from bot.slack.clients import SlackClients
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from tests.slack.fake import BOB, BOT, PAPERS, FakeSlack, PostedMessage
from tests.slack.payloads import SIGNING_SECRET, signed

DATA = Path(__file__).parents[2] / "data"
REVIEW = "C0REVIEW"
CAROL = "U0003"
"""A member of the workspace who is not in the review channel."""
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
SERVING = "llm-systems/serving"
"""The section in which tests list papers."""
WORKSPACE = "https://example.slack.com/"
_PATIENCE = 60  # seconds; the time-outs of the real clients are not these tests' subject


@dataclass
class Clock:
    """The time of day and monotonic seconds, moved by hand."""

    now: dt.datetime = START
    seconds: float = 1000.0

    def timestamp(self) -> float:
        """The time of day, in seconds since the epoch."""
        return self.now.timestamp()

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.now += dt.timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class WorkspaceBot:
    """One bot with its list, its database and its workspace."""

    slack: FakeSlack
    database: Database
    data: Path
    clock: Clock
    target: Target | None = None
    run: str = "first"
    _futures: list["Future[Any]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = self.slack.client(timeout=_PATIENCE)
        self.container = make_container(client, self.database, self.data, self.clock)
        self.suggestions, self.lookup = self.container.suggestions, self.container.lookup
        self.review, self.outbox = self.container.review, self.container.outbox
        self.subscriptions = self.container.subscriptions
        self.app = make_app(self.container.listener_context(), SIGNING_SECRET)
        self._remember_futures(self.app)
        self.sender = self.container.sender()
        self.publisher = self.container.publisher(self.run, self.target)

    @property
    def catalog(self) -> Catalog:
        """The list as lookups have it."""
        return self.lookup.current().catalog

    @property
    def files(self) -> Catalog:
        """The list as the files have it."""
        return read_catalog(self.data).catalog

    @property
    def titles(self) -> list[str]:
        """The titles of the entries in the files."""
        return [entry.title for entry in self.files.entries]

    @property
    def intake(self) -> Intake:
        """The way from discovery to review."""
        return Intake(self.review, self.catalog)

    def suggest(
        self,
        title: str = "Made Up: A System",
        arxiv: str = "2603.00001",
        section: str = SERVING,
        source: str | None = None,
    ) -> int:
        """Suggest a paper and post its card; the suggestion's number."""
        entry = Entry(
            title=title, url=f"https://arxiv.org/abs/{arxiv}", arxiv=arxiv, sections=(section,)
        )
        proposal = Proposal(identity=f"arxiv:{arxiv}", subject=Subject(after=entry), source=source)
        made = self.review.suggest(proposal, self.clock.now)
        assert isinstance(made, SuggestionMade)
        self.settle(3)
        return made.suggestion.id

    def settle(self, seconds: int = 30) -> None:
        """Let the sender and the publisher work for some seconds."""
        for _ in range(seconds * 2):
            self.publisher.publish_due(self.clock.now)
            self.sender.step(lambda: True)
            self.clock.tick(0.5)

    def card(self, number: int) -> PostedMessage:
        """The only card of a suggestion; an error if there is none or several."""
        (card,) = self.slack.by_metadata("key", card_key(number))
        return card

    def command(self, words: str, user: str, channel: str = PAPERS) -> dict[str, Any]:
        """Type `/papers WORDS`; the answer, from the acknowledgement."""
        return self._post(self.slack.command(words, user, channel))

    def click(self, *args: Any, state: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Click on an element of a message, and wait for the listener."""
        payload = self.slack.click(*args, **kwargs)
        if state:
            payload["state"] = {"values": state}
        self.send(payload)

    def click_private(
        self, action: str, value: object, user: str = BOB, channel: str | None = PAPERS
    ) -> None:
        """Click on a button of an answer to a command, which the fake does not keep."""
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": user, "name": "somebody", "team_id": "T0001"},
            "team": {"id": "T0001", "domain": "example"},
            "container": {"type": "message", "is_ephemeral": True, "channel_id": channel},
            "trigger_id": self.slack.trigger(user),
            "response_url": self.slack.response_url(channel or PAPERS, user),
            "actions": [
                {
                    "type": "button",
                    "action_id": action,
                    "block_id": "x",
                    "value": value,
                    "action_ts": "1.0",
                }
            ],
        }
        if channel:
            payload["channel"] = {"id": channel, "name": "somewhere"}
        self.send(payload)

    def submit(self, values: Mapping[str, object], user: str) -> dict[str, Any]:
        """Fill in the open modal and send it; what Slack is told to do with it."""
        view = self.slack.views[-1]
        answer = self.send(self.slack.submit(view, values, user))
        if not answer.get("response_action"):
            self.slack.close(view)
        return answer

    def send(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Deliver an interaction as Slack does, and wait for the listener."""
        answer = self._post(urlencode({"payload": json.dumps(payload)}))
        self.wait()
        return answer

    def wait(self) -> None:
        """Wait until every listener has ended."""
        while self._futures:
            self._futures.pop().result(timeout=10)

    def private(self, user: str) -> str:
        """The latest private message to a person."""
        messages = self.slack.ephemerals(user)
        assert messages, f"{user} has no private message"
        return json.dumps([messages[-1].text, messages[-1].blocks], ensure_ascii=False)

    def _post(self, body: str) -> dict[str, Any]:
        response = Client(SlackRequests(self.app)).post(
            EVENTS, data=body, headers=dict(signed(body))
        )
        text = response.get_data(as_text=True)
        assert response.status_code == 200, text
        answer = json.loads(text) if text.startswith("{") else {}
        assert isinstance(answer, dict)
        return answer

    def _remember_futures(self, app: App) -> None:
        """Keep the futures of lazy listeners, to wait for them."""
        executor = app.listener_runner.listener_executor
        submit = executor.submit

        def remembering(*args: Any, **kwargs: Any) -> "Future[Any]":
            future = submit(*args, **kwargs)
            self._futures.append(future)
            return future

        setattr(executor, "submit", remembering)  # noqa: B010  # mypy refuses the assignment


def make_container(
    client: WebClient,
    database: Database,
    data: Path = DATA,
    clock: Clock | None = None,
    seed: int = 1,
) -> Container:
    """The bot's services over a Slack, a database and a list; `client` serves for every call."""
    clock = clock or Clock()
    return bootstrap(
        Settings.model_validate({"PAPERS_DATA_DIR": str(data), "PAPERS_REVIEW_CHANNEL": REVIEW}),
        now=lambda: clock.now,
        clock=lambda: clock.seconds,
        sleep=clock.tick,
        rng=random.Random(seed),
        clients=SlackClients(interactive=client, repeatable=client, once_only=client),
        database=database,
        workspace=WORKSPACE,
    )


def populate(slack: FakeSlack) -> None:
    """Add the channels and people of a small workspace."""
    slack.channel(REVIEW, "papers-review", members=(BOT, "U0001", "U0002"))
    slack.user(CAROL, "carol")
