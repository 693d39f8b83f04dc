"""The bot at work in one process: listeners, review, sender and publisher over a strict Slack.

Time is the test's: nothing waits for a real second.
"""

import datetime as dt
import json
import random
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from slack_sdk import WebClient
from werkzeug.test import Client

from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames, shipped_names
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.publishing.publisher import Publisher, Target
from bot.publishing.queue import PublicationQueue
from bot.publishing.targets.files import FilesTarget
from bot.review.intake import Intake
from bot.review.service import ReviewService, card_key
from bot.review.store import SuggestionStore
from bot.slack.app import make_app
from bot.slack.context import ListenerContext
from bot.slack.delivery.renderer import Renderer
from bot.slack.delivery.sender import Sender
from bot.slack.directory import Directory
from bot.slack.listeners import Listeners
from bot.slack.transport.wsgi import EVENTS, SlackRequests
from tests.slack.fake import BOT, PAPERS, FakeSlack, PostedMessage
from tests.slack.payloads import SIGNING_SECRET, signed

REVIEW = "C0REVIEW"
START = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)


@dataclass
class Clock:
    """The time of day and the seconds, moved by hand."""

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
class House:
    """One bot, its list, its database and its workspace."""

    slack: FakeSlack
    database: Database
    data: Path
    clock: Clock
    target: Target | None = None
    run: str = "first"
    _futures: list["Future[Any]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        now: Callable[[], dt.datetime] = lambda: self.clock.now  # noqa: E731  # a clock in a line
        seconds: Callable[[], float] = lambda: self.clock.seconds  # noqa: E731  # as above
        self.client = WebClient(token="xoxb-made-up", base_url=self.slack.url, retry_handlers=[])
        self.suggestions = SuggestionStore(self.database)
        self.review = ReviewService(self.database, REVIEW)
        self.outbox = Outbox(self.database)
        self.lookup = LookupService(self.data, shipped_names(), seconds, self.suggestions)
        names = KnownNames.of(self.catalog.info).merged(shipped_names())
        self.desk = ListenerContext(
            review=self.review,
            suggestions=self.suggestions,
            lookup=self.lookup,
            people=Directory(self.client, seconds),
            outbox=self.outbox,
            subscribing=subscribing_of(self.database, self.lookup),
            workspace="https://example.slack.com/",
            now=now,
            channel=REVIEW,
        )
        self.app = make_app(
            self.client, SIGNING_SECRET, Listeners(self.desk, names, random.Random(1))
        )
        executor = self.app.listener_runner.listener_executor
        submit = executor.submit

        def remembered(*args: Any, **kwargs: Any) -> "Future[Any]":
            future = submit(*args, **kwargs)
            self._futures.append(future)
            return future

        setattr(executor, "submit", remembered)  # noqa: B010  # to wait for what a click does
        self.sender = self.new_sender()
        self.publisher = Publisher(
            PublicationQueue(self.database, REVIEW),
            self.data,
            self.target
            or FilesTarget(self.data, self.catalog.info.publish.markdown, shipped_names()),
            run=self.run,
            link=self.link,
        )

    def new_sender(self) -> Sender:
        """A sender as after a restart."""
        render = Renderer(self.suggestions, self.lookup, self.desk.workspace).render
        return Sender(
            self.outbox,
            self.client,
            render,
            now=lambda: self.clock.now,
            clock=lambda: self.clock.seconds,
        )

    @property
    def catalog(self) -> Catalog:
        """The list as lookups have it."""
        return self.lookup.current().catalog

    @property
    def files(self) -> Catalog:
        """The list as data/ has it."""
        return read_catalog(self.data).catalog

    @property
    def intake(self) -> Intake:
        """From discovery to review."""
        return Intake(self.review, self.catalog)

    def link(self, number: int) -> str | None:
        """The address of a card."""
        item = self.outbox.get(card_key(number))
        return f"https://example.slack.com/archives/{REVIEW}/{item.ts}" if item else None

    def settle(self, seconds: int = 30) -> None:
        """Let the sender and the publisher work, for as long as they have something to do."""
        for _ in range(seconds * 2):
            self.publisher.publish_due(self.clock.now)
            self.sender.step(lambda: True)
            self.clock.tick(0.5)

    def card(self, number: int) -> PostedMessage:
        """The one card of a suggestion; an error if there are none or several."""
        (found,) = self.slack.by_metadata("key", card_key(number))
        return found

    def command(self, words: str, user: str, channel: str = PAPERS) -> dict[str, Any]:
        """Type `/papers WORDS`; the answer, from the acknowledgement."""
        return self._post(self.slack.command(words, user, channel))

    def click(self, *args: Any, state: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        """Press a button, and wait until what it does is done."""
        payload = self.slack.click(*args, **kwargs)
        if state:
            payload["state"] = {"values": state}
        self.send(payload)

    def submit(self, values: Mapping[str, object], user: str) -> dict[str, Any]:
        """Fill in the modal that is open, and send it; what Slack is told to do then."""
        view = self.slack.views[-1]
        answer = self.send(self.slack.submit(view, values, user))
        if not answer.get("response_action"):
            self.slack.close(view)
        return answer

    def send(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Deliver an interaction as Slack does."""
        answer = self._post(urlencode({"payload": json.dumps(payload)}))
        self.wait()
        return answer

    def wait(self) -> None:
        """Until every listener has done its work."""
        while self._futures:
            self._futures.pop().result(timeout=10)

    def private(self, user: str) -> str:
        """What the person was last told in private."""
        found = self.slack.ephemerals(user)
        assert found, f"{user} was told nothing"
        return json.dumps([found[-1].text, found[-1].blocks], ensure_ascii=False)

    def _post(self, body: str) -> dict[str, Any]:
        response = Client(SlackRequests(self.app)).post(
            EVENTS, data=body, headers=dict(signed(body))
        )
        assert response.status_code == 200, response.get_data(as_text=True)
        text = response.get_data(as_text=True)
        answer = json.loads(text) if text.startswith("{") else {}
        assert isinstance(answer, dict)
        return answer


def listeners_of(
    live: LookupService, client: WebClient, database: Database, seed: int = 1
) -> Listeners:
    """Everything that the bot listens to, over a lookup, a Slack and a database."""
    suggestions = SuggestionStore(database)
    desk = ListenerContext(
        review=ReviewService(database, REVIEW),
        suggestions=suggestions,
        lookup=live,
        people=Directory(client, lambda: 0.0),
        outbox=Outbox(database),
        subscribing=subscribing_of(database, live),
        workspace="https://example.slack.com/",
        now=lambda: START,
        channel=REVIEW,
    )
    return Listeners(desk, shipped_names(), random.Random(seed))


def subscribing_of(database: Database, live: LookupService) -> SubscriptionService:
    """The use cases of subscriptions."""
    editor = Composer(database, lambda: live.current().catalog, shipped_names())
    return SubscriptionService(DigestStore(database), editor, live.current)


def furnish(slack: FakeSlack) -> None:
    """The channels and people of a small workspace."""
    slack.channel(REVIEW, "papers-review", members=(BOT, "U0001", "U0002"))
    slack.user("U0003", "carol")
