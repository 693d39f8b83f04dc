"""The whole bot as processes: workers and a web server, over a strict Slack and a git repository.

A test suggests papers in its own process, on the same database; people click by signed HTTP. Any
process may be killed at any moment, with the git that it runs or without it.
"""

import contextlib
import datetime as dt
import http.client
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from pytest_httpserver import HTTPServer

from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.demo.standin import free_port
from bot.outbox.store import Outbox
from bot.publishing.queue import PublicationQueue
from bot.review.model import Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade, card_key
from bot.review.store import SuggestionStore
from bot.slack.transport.wsgi import EVENTS
from tests.conftest import opened
from tests.e2e.processes import ROOT, environment, wait_for
from tests.publishing.site import Site, make_site
from tests.slack.fake import BOT, FakeSlack, PostedMessage
from tests.slack.fake import http as signed_http
from tests.slack.fake.payloads import elements
from tests.slack.payloads import BOT_TOKEN, SIGNING_SECRET, signed
from tests.slack.workspace_bot import REVIEW

REVIEWERS = tuple(f"U01{number:02}" for number in range(50))
SOURCES = tuple(f"U02{number:02}" for number in range(50))
NOWHERE = "http://127.0.0.1:9/"  # an arXiv that is never there


def moment() -> dt.datetime:
    """The moment that the processes live in, too."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # see above


@dataclass(eq=False)
class Process:
    """A process of the bot."""

    words: tuple[str, ...]
    popen: subprocess.Popen[bytes]
    log: Path
    port: int = 0

    @property
    def is_alive(self) -> bool:
        return self.popen.poll() is None

    @property
    def told(self) -> str:
        return self.log.read_text()

    def is_up_or_over(self) -> bool:
        """Whether waiting for it has an end."""
        return '"ready"' in self.told or not self.is_alive

    def kill(self, *, children: bool) -> None:
        """End it without any ado, and what it has started, too."""
        group = []
        if children:
            with contextlib.suppress(psutil.Error):
                group = psutil.Process(self.popen.pid).children()
        self.popen.kill()
        for one in group:
            with contextlib.suppress(psutil.Error):
                one.kill()
        self.popen.wait(10)


@dataclass
class Whole:
    """One bot, and the world around it."""

    slack: FakeSlack
    database: Database
    url: str
    site: Site
    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    suggested: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for user in (*REVIEWERS, *SOURCES):
            self.slack.user(user)
        self.slack.channel(REVIEW, "papers-review", members=(BOT, *REVIEWERS))
        self.review = ReviewService(self.database, REVIEW)
        self.suggestions = SuggestionStore(self.database)
        self.outbox = Outbox(self.database)
        self.queue = PublicationQueue(self.database, REVIEW)

    @contextlib.contextmanager
    def ending(self) -> Iterator["Whole"]:
        """Ends what was started."""
        try:
            yield self
        finally:
            for one in self.processes:
                one.popen.kill()
                one.popen.wait(10)

    def start(self, *words: str, port: int = 0, module: str = "bot") -> Process:
        """Start `papers WORDS`; `module` may wrap it."""
        log = self.folder / f"{words[0]}-{len(self.processes)}.log"
        settings = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": self.slack.url,
            "DATABASE_URL": self.url,
            "PAPERS_DATA_DIR": str(self.site.work / "data"),
            "PAPERS_REVIEW_CHANNEL": REVIEW,
            "PAPERS_PUBLISH": "git",
            "PAPERS_HOST": "127.0.0.1",
            "PAPERS_RSS_URL": NOWHERE,
            "PAPERS_API_URL": NOWHERE,
            "PAPERS_LOG_FORMAT": "json",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            **self.site.environment,
            **self.more,
        }
        with log.open("wb") as output:
            popen = subprocess.Popen(  # noqa: S603  # this project's own command
                [sys.executable, "-m", module, *words],
                env={**environment(**settings), "PYTHONPATH": str(ROOT)},
                cwd=ROOT,
                stdout=output,
                stderr=output,
            )
        self.processes.append(Process(words, popen, log, port))
        return self.processes[-1]

    def web(self, port: int = 0) -> Process:
        """Start `papers web`."""
        return self.start("web", port=port or free_port(0))

    def wait_until_up(self, *processes: Process) -> None:
        for one in processes:
            wait_for(one.is_up_or_over, 40, " ".join(one.words))
            assert one.is_alive, one.told[-2000:]

    def suggest(self, source: str | None = None) -> int:
        """Suggest a paper; the number of its suggestion."""
        made = self.review.suggest(proposal(len(self.suggested), source), moment())
        assert isinstance(made, SuggestionMade)
        self.suggested.append(made.suggestion.id)
        return made.suggestion.id

    def card(self, number: int) -> PostedMessage | None:
        """The card as people see it, if it is there."""
        found = self.slack.by_metadata("key", card_key(number))
        return found[0] if found else None

    def wait_for_card(self, number: int, action: str, seconds: float = 40) -> PostedMessage:
        """The card, once it offers an action."""

        def look() -> PostedMessage | None:
            card = self.card(number)
            return card if card and offers(card, action) else None

        return wait_for(look, seconds, f"a card of {number} with {action}")

    def deliver(self, payload: Mapping[str, Any], port: int) -> tuple[int, str]:
        """Deliver an interaction; the answer, its status 0 where nobody answered."""
        return self._post(*signed_http(payload), port)

    def command(self, words: str, port: int) -> tuple[int, str]:
        """Type `/papers WORDS`; the answer."""
        body = self.slack.command(words)
        return self._post(body, signed(body), port)

    def _post(self, body: str, headers: Mapping[str, str], port: int) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", EVENTS, body, dict(headers))
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, str(error)
        else:
            return response.status, text
        finally:
            connection.close()

    def is_calm(self) -> bool:
        """Whether nothing is left to say or to publish."""
        return not self.outbox.depth().due and not self.queue.depth()[0]

    def wait_for_calm(self, seconds: float) -> None:
        """Until nothing is left to do, and nothing has come meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.is_calm():
                time.sleep(0.5)
                if self.is_calm():
                    return
            time.sleep(0.1)
        alive = [one for one in self.processes if one.is_alive]
        logs = "\n".join(f"{one.log.name}: {one.told[-1500:]}" for one in alive)
        raise AssertionError(
            f"{self.outbox.depth()} {self.queue.depth()} after {seconds} s\n{logs}"
        )

    def commits(self) -> dict[str, list[str]]:
        """The commits of the bare remote by the key of their decision."""
        told = self.site.git(
            "log", "--reverse", "--format=%H %(trailers:key=Suggestion,valueonly,separator=%x2C)",
            "main", at="bare.git",
        )  # fmt: skip
        found: dict[str, list[str]] = {}
        for line in told.splitlines():
            commit, _, key = line.partition(" ")
            if key:
                found.setdefault(key, []).append(commit)
        return found

    def lines_of(self, commit: str) -> list[str]:
        """What a commit of the remote added and took away."""
        told = self.site.git("diff", "-U0", f"{commit}^", commit, at="bare.git").splitlines()
        return [line for line in told if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def proposal(number: int, source: str | None) -> Proposal:
    """A paper that nobody knows yet."""
    arxiv = f"2603.{number:05}"
    entry = Entry(
        title=f"Omega {number}: Paper Number {number} of Them All",
        url=f"https://arxiv.org/abs/{arxiv}",
        arxiv=arxiv,
        sections=("serving",),
    )
    return Proposal(identity=f"arxiv:{arxiv}", subject=Subject(after=entry), source=source)


def offers(card: PostedMessage, action: str) -> bool:
    """Whether a message has a button."""
    return any(one["action_id"] == action for _, one in elements(card.blocks))


def entry_lines(number: int, arxiv: str, added: dt.date) -> list[str]:
    """An entry as the list's file has it."""
    which = int(arxiv.partition(".")[2])
    return [
        f'- title: "Omega {which}: Paper Number {which} of Them All"',
        f"  url: https://arxiv.org/abs/{arxiv}",
        f'  arxiv: "{arxiv}"',
        "  sections: [serving]",
        f"  added: {added}",
        f"  by: suggestion-{number}",
    ]


def shown(message: PostedMessage) -> str:
    """All that a message says."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def pick(chance: random.Random, *choices: tuple[int, str]) -> str:
    """One of some things, by weight."""
    return chance.choices([name for _, name in choices], [weight for weight, _ in choices])[0]


@contextlib.contextmanager
def whole(url: str, folder: Path) -> Iterator[Whole]:
    """A bot and its world, on a database, with nothing running yet."""
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(HTTPServer(host="127.0.0.1", threaded=True))
        database = stack.enter_context(opened(url))
        world = Whole(FakeSlack(server), database, url, make_site(folder), folder)
        yield stack.enter_context(world.ending())
        assert not list(server.handler_errors), "the fake itself failed"
