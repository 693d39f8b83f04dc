"""An installation of the bot: workers and a web server, over a strict Slack and a git repository.

A test suggests papers in its own process, on the same database; clicks arrive by signed HTTP. Any
process may be killed at any time, with or without the git process that it runs.
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
UNREACHABLE = "http://127.0.0.1:9/"  # nothing listens there


def utc_now() -> dt.datetime:
    """Current time in UTC, by the real clock that the processes use too."""
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
    def log_text(self) -> str:
        return self.log.read_text()

    def is_ready_or_dead(self) -> bool:
        """Whether the process has logged that it is ready, or has ended."""
        return '"ready"' in self.log_text or not self.is_alive

    def kill(self, *, children: bool) -> None:
        """Send SIGKILL to the process and, with `children`, to its children."""
        descendants = []
        if children:
            with contextlib.suppress(psutil.Error):
                descendants = psutil.Process(self.popen.pid).children()
        self.popen.kill()
        for child in descendants:
            with contextlib.suppress(psutil.Error):
                child.kill()
        self.popen.wait(10)


@dataclass
class Installation:
    """The bot's processes, with the Slack, database and repository that they use."""

    slack: FakeSlack
    database: Database
    url: str
    site: Site
    folder: Path
    extra_settings: Mapping[str, str] = field(default_factory=dict)
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
    def stopping_processes(self) -> Iterator["Installation"]:
        """Kill every started process when the block ends."""
        try:
            yield self
        finally:
            for process in self.processes:
                process.popen.kill()
                process.popen.wait(10)

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
            "PAPERS_RSS_URL": UNREACHABLE,
            "PAPERS_API_URL": UNREACHABLE,
            "PAPERS_LOG_FORMAT": "json",
            "PORT": str(port),
            "WEB_CONCURRENCY": "1",
            **self.site.environment,
            **self.extra_settings,
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
        for process in processes:
            wait_for(process.is_ready_or_dead, 40, " ".join(process.words))
            assert process.is_alive, process.log_text[-2000:]

    def suggest(self, source: str | None = None) -> int:
        """Suggest a paper and return the number of its suggestion."""
        made = self.review.suggest(proposal(len(self.suggested), source), utc_now())
        assert isinstance(made, SuggestionMade)
        self.suggested.append(made.suggestion.id)
        return made.suggestion.id

    def card(self, number: int) -> PostedMessage | None:
        """The card of a suggestion as Slack shows it, or None before it is posted."""
        cards = self.slack.by_metadata("key", card_key(number))
        return cards[0] if cards else None

    def wait_for_card(self, number: int, action: str, seconds: float = 40) -> PostedMessage:
        """Wait until the card has the button of an action, and return the card."""

        def card_with_action() -> PostedMessage | None:
            card = self.card(number)
            return card if card and offers(card, action) else None

        return wait_for(card_with_action, seconds, f"a card of {number} with {action}")

    def deliver(self, payload: Mapping[str, Any], port: int) -> tuple[int, str]:
        """Deliver an interaction; return status and body, status 0 without a response."""
        return self._post(*signed_http(payload), port)

    def command(self, words: str, port: int) -> tuple[int, str]:
        """Send `/papers WORDS`; return status and body, status 0 without a response."""
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

    def is_idle(self) -> bool:
        """Whether no message is due and no decision waits for publication."""
        return not self.outbox.depth().due and not self.queue.depth()[0]

    def wait_until_idle(self, seconds: float) -> None:
        """Wait until the outbox and the publication queue stay empty for half a second."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.is_idle():
                time.sleep(0.5)
                if self.is_idle():
                    return
            time.sleep(0.1)
        alive = [process for process in self.processes if process.is_alive]
        logs = "\n".join(f"{each.log.name}: {each.log_text[-1500:]}" for each in alive)
        raise AssertionError(
            f"{self.outbox.depth()} {self.queue.depth()} after {seconds} s\n{logs}"
        )

    def commits(self) -> dict[str, list[str]]:
        """The commits of the bare remote by the key of their decision."""
        log = self.site.git(
            "log", "--reverse", "--format=%H %(trailers:key=Suggestion,valueonly,separator=%x2C)",
            "main", at="bare.git",
        )  # fmt: skip
        commits: dict[str, list[str]] = {}
        for line in log.splitlines():
            commit, _, key = line.partition(" ")
            if key:
                commits.setdefault(key, []).append(commit)
        return commits

    def lines_of(self, commit: str) -> list[str]:
        """Lines that a commit of the remote added and removed."""
        diff = self.site.git("diff", "-U0", f"{commit}^", commit, at="bare.git").splitlines()
        return [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def proposal(number: int, source: str | None) -> Proposal:
    """Proposal of a new paper, made from its number."""
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
    return any(element["action_id"] == action for _, element in elements(card.blocks))


def entry_lines(number: int, arxiv: str, added: dt.date) -> list[str]:
    """Lines of an entry in the list's file."""
    paper = int(arxiv.partition(".")[2])
    return [
        f'- title: "Omega {paper}: Paper Number {paper} of Them All"',
        f"  url: https://arxiv.org/abs/{arxiv}",
        f'  arxiv: "{arxiv}"',
        "  sections: [serving]",
        f"  added: {added}",
        f"  by: suggestion-{number}",
    ]


def shown(message: PostedMessage) -> str:
    """Text and blocks of a message as JSON."""
    return json.dumps([message.text, message.blocks], ensure_ascii=False)


def pick(chance: random.Random, *choices: tuple[int, str]) -> str:
    """Choose a name at random from (weight, name) pairs."""
    return chance.choices([name for _, name in choices], [weight for weight, _ in choices])[0]


@contextlib.contextmanager
def running_installation(url: str, folder: Path) -> Iterator[Installation]:
    """Installation on a database, without processes yet; those it starts end with the block."""
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(HTTPServer(host="127.0.0.1", threaded=True))
        database = stack.enter_context(opened(url))
        installation = Installation(FakeSlack(server), database, url, make_site(folder), folder)
        yield stack.enter_context(installation.stopping_processes())
        assert not list(server.handler_errors), "the fake itself failed"
