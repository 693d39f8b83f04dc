"""Laws of crashes: killed at random times, the bot loses nothing and does nothing twice.

Real processes: two `papers worker` (active and standby) and `papers web` under gunicorn, which
takes clicks by signed HTTP. Papers are suggested by the test itself, on the same database,
as a poll or a person would. Each round suggests, approves, rejects or undoes something; Slack
sometimes fails, before or after it carries out a call; and SIGKILL ends a worker or the web
server, with or without the git process that it runs. The git repository has a bare remote.

Both databases are tested at the same time, since most of the time is spent on Slack's rate limit.
Five kills each in `make test`, hundreds in `make proof`; the random choices are seeded, the
scheduler's are not.
"""

import random
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bot.catalog.model import Entry
from bot.catalog.yaml.read import read_catalog
from bot.review.model import Event, Suggestion
from bot.slack.blocks.cards import APPROVE, REJECT, UNDO
from tests.db.postgres import Postgres
from tests.e2e.installation import (
    REVIEWERS,
    SOURCES,
    Installation,
    Process,
    entry_lines,
    offers,
    pick,
    running_installation,
    shown,
)
from tests.lengths import length
from tests.slack.fake import Fault
from tests.slack.workspace_bot import REVIEW

KILLS = length(5, 200)
PAPERS = length(4, 60)
ACTS = length(4, 2)  # at most, in one round: Slack accepts one of the resulting messages a second
IDLE_WITHIN = 60.0 + 2 * KILLS  # seconds, at most
SEED = 20260302
FAULTS = [
    Fault.drop_before,
    Fault.drop_after,
    Fault.http_500,
    Fault.http_500_after,
    Fault.html_after,
    Fault.truncated,
    Fault.ratelimited(1),
    Fault.error("internal_error"),
]
METHODS = [
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.replies",
    "conversations.open",
    "views.open",
    "users.info",
]


@dataclass
class CrashScenario:
    """Random suggestions, clicks, Slack failures and kills, from a seed."""

    installation: Installation
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    workers: list[Process] = field(default_factory=list)

    def run(self) -> None:
        """Run rounds until KILLS processes have been killed."""
        self.workers = [self.installation.start("worker"), self.installation.start("worker")]
        for _ in range(PAPERS // 2):
            self.suggest()
        self.web = self.installation.web()
        self.installation.wait_until_up(*self.workers, self.web)
        while self.kills.total() < KILLS:
            left = KILLS - self.kills.total()
            for _ in range(self.chance.randint(1, ACTS)):
                self.act(
                    is_late=left * PAPERS < KILLS * (PAPERS - len(self.installation.suggested))
                )
            if self.chance.random() < 0.5:
                method, fault = self.chance.choice(METHODS), self.chance.choice(FAULTS)
                self.installation.slack.fail(method, fault)
            time.sleep(self.chance.uniform(0.2, 3.0))
            self.kill()
        self.installation.slack.heal()

    def suggest(self) -> None:
        """Suggest a paper, as the poll or as a member."""
        number = len(self.installation.suggested)
        self.installation.suggest(SOURCES[number % len(SOURCES)] if number % 3 else None)
        self.acts["suggested"] += 1

    def act(self, *, is_late: bool) -> None:
        """Suggest a paper or press a random button of a random card."""
        installation = self.installation
        if len(installation.suggested) < PAPERS and (is_late or self.chance.random() < 0.3):
            self.suggest()
            return
        action = pick(self.chance, (5, APPROVE), (2, REJECT), (2, UNDO))
        cards = [
            (number, card)
            for number in installation.suggested
            if (card := installation.card(number))
        ]
        cards = [(number, card) for number, card in cards if offers(card, action)]
        if not cards:
            return
        self.installation.wait_until_up(self.web)
        number, card = self.chance.choice(cards)
        user = self.chance.choice(REVIEWERS)
        try:
            payload = installation.slack.click(card, action, user)
        except AssertionError:
            return  # the card has changed since it was chosen
        status, _ = installation.deliver(payload, self.web.port)
        self.acts[action if status == 200 else f"{action} undelivered"] += 1
        if action == REJECT and status == 200:
            self.give_reason(number, user)

    def give_reason(self, number: int, user: str) -> None:
        """Submit the form of rejection if it opens within a second."""
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            for view in self.installation.slack.views:
                if view.user == user and view.content["private_metadata"] == str(number):
                    payload = self.installation.slack.submit(
                        view, {"reason": "Out of scope"}, user
                    )
                    self.installation.slack.close(view)
                    self.installation.deliver(payload, self.web.port)
                    return
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill a random process and start another in its place."""
        target = pick(self.chance, (7, "active worker"), (2, "standby worker"), (1, "web"))
        children = self.chance.random() < 0.5
        if target == "web" and self.kills[target] >= KILLS // 8:
            target = "active worker"  # clicks have to wait for the web server
        self.kills[target] += 1
        if target == "web":
            self.web.kill(children=True)
            self.web = self.installation.web(self.web.port)
            return
        victim = self.workers.pop(0 if target.startswith("active") else -1)
        victim.kill(children=children)
        self.workers.append(self.installation.start("worker"))


def assert_consistent(installation: Installation) -> str:
    """Assert every law over the stored state; return a line of figures."""
    rows = [installation.suggestions.get(number) for number in installation.suggested]
    suggestions = [row for row in rows if row is not None]
    assert len(suggestions) == len(installation.suggested)
    commits, counts = installation.commits(), Counter[str]()
    for suggestion in suggestions:
        events = installation.suggestions.history(suggestion.id)
        assert_card_matches(installation, suggestion)
        assert_source_notified_once(installation, suggestion, events)
        assert_committed_once(installation, suggestion, events, commits)
        counts.update(event.what for event in events)
    for entries in (listed(installation), listed_remotely(installation)):
        marks = [entry.by for entry in entries if entry.by]
        assert sorted(marks) == sorted(
            suggestion.mark for suggestion in suggestions if suggestion.state == "approved"
        )
    assert not installation.site.git("status", "--porcelain"), "no uncommitted file is left"
    assert sum(map(len, commits.values())) == counts["published"] + counts["unpublished"]
    assert (installation.outbox.depth().due, installation.outbox.depth().dead) == (0, 0)
    assert not installation.slack.limited, "the sender kept Slack's pace by itself"
    decisions = counts["accepted"] + counts["rejected"] + counts["undone"]
    made = sum(map(len, commits.values()))
    return f"{len(suggestions)} suggestions, {decisions} decisions, {made} commits"


def assert_card_matches(installation: Installation, suggestion: Suggestion) -> None:
    """There is one card that shows the stored state, and one message of details in its thread."""
    (card,) = installation.slack.by_metadata("key", f"suggestion:{suggestion.id}:card")
    assert (card.channel, card.is_reply) == (REVIEW, False)
    text = shown(card)
    assert offers(card, APPROVE) == (suggestion.state == "waiting"), suggestion
    assert offers(card, UNDO) == (suggestion.state in {"approved", "rejected"})
    assert suggestion.decided_by is None or f"<@{suggestion.decided_by}>" in text
    assert ("Added to" in text) == (suggestion.state == "approved")
    assert ("Rejected" in text) == (suggestion.state == "rejected")
    (details,) = installation.slack.by_metadata("key", f"suggestion:{suggestion.id}:details")
    assert details.thread_ts == card.ts


def assert_source_notified_once(
    installation: Installation, suggestion: Suggestion, events: tuple[Event, ...]
) -> None:
    """The person who suggested the paper has one message exactly when it was decided."""
    if suggestion.source is None:
        return
    key = f"suggestion:{suggestion.id}:outcome:{suggestion.source}"
    decided = any(event.what in {"accepted", "rejected"} for event in events)
    assert len(installation.slack.by_metadata("key", key)) == decided, suggestion
    assert len(installation.slack.posted(suggestion.source)) <= 1 + len(
        installation.suggested
    ) // len(SOURCES)


def assert_committed_once(
    installation: Installation,
    suggestion: Suggestion,
    events: tuple[Event, ...],
    commits: dict[str, list[str]],
) -> None:
    """Each approval and each undo of one has one commit, of the entry's lines alone."""
    mine = {
        key: hashes for key, hashes in commits.items() if key.startswith(f"{suggestion.mark}.")
    }
    assert all(len(hashes) == 1 for hashes in mine.values()), mine
    accepted = [event for event in events if event.what == "accepted"]
    undone = [e for e in events if e.what == "undone" and e.detail["was"] == "approved"]
    assert len(mine) == len(accepted) + len(undone)
    arxiv = suggestion.subject.entry.arxiv or ""
    days = [event.at.date() for event in accepted for _ in range(2)]
    for number, (commit,) in enumerate(mine.values()):
        lines = entry_lines(suggestion.id, arxiv, days[number])
        sign = "-" if number % 2 else "+"
        assert installation.lines_of(commit) == [f"{sign}{line}" for line in lines]


def listed(installation: Installation) -> tuple[Entry, ...]:
    loaded = read_catalog(installation.site.work / "data")
    assert not loaded.problems
    return loaded.catalog.entries


def listed_remotely(installation: Installation) -> tuple[Entry, ...]:
    """Entries of a fresh clone of the remote."""
    folder = installation.folder / "fresh"
    installation.site.git("clone", "-q", "bare.git", "fresh", at=".")
    try:
        return read_catalog(folder / "data").catalog.entries
    finally:
        shutil.rmtree(folder)


def test_processes_killed_at_any_time_lose_nothing_and_repeat_nothing(
    sqlite_template: Path, postgres: Postgres, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "papers.db")
    urls = {"sqlite": f"sqlite:///{tmp_path}/papers.db", "postgresql": postgres.url("papers")}

    def run_scenario(name: str) -> None:
        began = time.monotonic()
        with running_installation(urls[name], tmp_path / name) as installation:
            scenario = CrashScenario(installation, random.Random(f"{SEED} {name}"))
            scenario.run()
            run_seconds = time.monotonic() - began
            installation.wait_until_idle(IDLE_WITHIN)
            summary = assert_consistent(installation)
        seconds = time.monotonic() - began
        kills = f"{scenario.kills.total()} kills {dict(scenario.kills)}"
        took = f"{run_seconds:.0f} + {seconds - run_seconds:.0f} s"
        figures = f"{name}: {kills}, {summary} in {took}; {dict(scenario.acts)}"
        print(figures, flush=True)  # noqa: T201  # the proof's figures, also if the other database fails

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run_scenario, urls))
    postgres.empty("papers")
