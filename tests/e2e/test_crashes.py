"""The bot is killed at random moments: nothing is lost, nothing is said or published twice.

Real processes: two `papers worker` (one acts, one waits), and `papers web` under gunicorn, which
takes the clicks over signed HTTP. Papers are suggested by the test itself, on the same database,
as a poll or a person would. Each round something is suggested, approved, rejected or undone; Slack
fails now and then, before it did what it was asked or after; and SIGKILL hits a worker or the web
server, with the git that it runs or without it. The git repository has a bare remote.

Both databases go through it at the same time, since most of it is waiting for Slack's rate limit.
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
from tests.e2e.whole import (
    REVIEWERS,
    SOURCES,
    Process,
    Whole,
    entry_lines,
    offers,
    pick,
    shown,
    whole,
)
from tests.lengths import length
from tests.slack.fake import Fault
from tests.slack.workspace_bot import REVIEW

KILLS = length(5, 200)
PAPERS = length(4, 60)
ACTS = length(4, 2)  # a round, at most: Slack takes one message a second of what follows
CALM = 60.0 + 2 * KILLS  # seconds, at most
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
class Storm:
    """What people and fate do to a bot."""

    world: Whole
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    workers: list[Process] = field(default_factory=list)

    def rage(self) -> None:
        """Until so many were killed."""
        self.workers = [self.world.start("worker"), self.world.start("worker")]
        for _ in range(PAPERS // 2):
            self.suggest()
        self.web = self.world.web()
        self.world.wait_until_up(*self.workers, self.web)
        while self.kills.total() < KILLS:
            left = KILLS - self.kills.total()
            for _ in range(self.chance.randint(1, ACTS)):
                self.act(is_late=left * PAPERS < KILLS * (PAPERS - len(self.world.suggested)))
            if self.chance.random() < 0.5:
                method, fault = self.chance.choice(METHODS), self.chance.choice(FAULTS)
                self.world.slack.fail(method, fault)
            time.sleep(self.chance.uniform(0.2, 3.0))
            self.kill()
        self.world.slack.heal()

    def suggest(self) -> None:
        """The bot itself suggests a paper, or a person does."""
        number = len(self.world.suggested)
        self.world.suggest(SOURCES[number % len(SOURCES)] if number % 3 else None)
        self.acts["suggested"] += 1

    def act(self, *, is_late: bool) -> None:
        """Somebody does something."""
        world = self.world
        if len(world.suggested) < PAPERS and (is_late or self.chance.random() < 0.3):
            self.suggest()
            return
        action = pick(self.chance, (5, APPROVE), (2, REJECT), (2, UNDO))
        cards = [(one, card) for one in world.suggested if (card := world.card(one))]
        cards = [(one, card) for one, card in cards if offers(card, action)]
        if not cards:
            return
        self.world.wait_until_up(self.web)
        number, card = self.chance.choice(cards)
        user = self.chance.choice(REVIEWERS)
        try:
            payload = world.slack.click(card, action, user)
        except AssertionError:
            return  # the card has changed under the finger
        status, _ = world.deliver(payload, self.web.port)
        self.acts[action if status == 200 else f"{action} unheard"] += 1
        if action == REJECT and status == 200:
            self.give_reason(number, user)

    def give_reason(self, number: int, user: str) -> None:
        """Fill in the form, if it comes."""
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            for view in self.world.slack.views:
                if view.user == user and view.content["private_metadata"] == str(number):
                    payload = self.world.slack.submit(view, {"reason": "Out of scope"}, user)
                    self.world.slack.close(view)
                    self.world.deliver(payload, self.web.port)
                    return
            time.sleep(0.02)

    def kill(self) -> None:
        """Somebody is hit, and another comes in their place."""
        who = pick(self.chance, (7, "acting worker"), (2, "waiting worker"), (1, "web"))
        children = self.chance.random() < 0.5
        if who == "web" and self.kills[who] >= KILLS // 8:
            who = "acting worker"  # whoever clicks has to wait for it
        self.kills[who] += 1
        if who == "web":
            self.web.kill(children=True)
            self.web = self.world.web(self.web.port)
            return
        victim = self.workers.pop(0 if who.startswith("acting") else -1)
        victim.kill(children=children)
        self.workers.append(self.world.start("worker"))


def is_in_order(world: Whole) -> str:
    """All laws; what was found, in a line."""
    found = [world.suggestions.get(number) for number in world.suggested]
    ones = [one for one in found if one is not None]
    assert len(ones) == len(world.suggested)
    commits, said = world.commits(), Counter[str]()
    for one in ones:
        events = world.suggestions.history(one.id)
        card_is_true(world, one)
        told_once(world, one, events)
        committed_once(world, one, events, commits)
        said.update(event.what for event in events)
    for entries in (listed(world), listed_remotely(world)):
        marks = [entry.by for entry in entries if entry.by]
        assert sorted(marks) == sorted(one.mark for one in ones if one.state == "approved")
    assert not world.site.git("status", "--porcelain"), "nothing is left lying about"
    assert sum(map(len, commits.values())) == said["published"] + said["unpublished"]
    assert (world.outbox.depth().due, world.outbox.depth().dead) == (0, 0)
    assert not world.slack.limited, "the sender kept Slack's pace by itself"
    decisions = said["accepted"] + said["rejected"] + said["undone"]
    made = sum(map(len, commits.values()))
    return f"{len(ones)} suggestions, {decisions} decisions, {made} commits"


def card_is_true(world: Whole, one: Suggestion) -> None:
    """One card in the channel, as things stand; one message of details in its thread."""
    (card,) = world.slack.by_metadata("key", f"suggestion:{one.id}:card")
    assert (card.channel, card.is_reply) == (REVIEW, False)
    told = shown(card)
    assert offers(card, APPROVE) == (one.state == "waiting"), one
    assert offers(card, UNDO) == (one.state in {"approved", "rejected"})
    assert one.decided_by is None or f"<@{one.decided_by}>" in told
    assert ("Added to" in told) == (one.state == "approved")
    assert ("Rejected" in told) == (one.state == "rejected")
    (details,) = world.slack.by_metadata("key", f"suggestion:{one.id}:details")
    assert details.thread_ts == card.ts


def told_once(world: Whole, one: Suggestion, events: tuple[Event, ...]) -> None:
    """Whoever suggested it has one message, once it was decided."""
    if one.source is None:
        return
    key = f"suggestion:{one.id}:outcome:{one.source}"
    decided = any(event.what in {"accepted", "rejected"} for event in events)
    assert len(world.slack.by_metadata("key", key)) == decided, one
    assert len(world.slack.posted(one.source)) <= 1 + len(world.suggested) // len(SOURCES)


def committed_once(
    world: Whole, one: Suggestion, events: tuple[Event, ...], commits: dict[str, list[str]]
) -> None:
    """One commit an approval and one an undo of it, each of the entry's lines alone."""
    mine = {key: found for key, found in commits.items() if key.startswith(f"{one.mark}.")}
    assert all(len(found) == 1 for found in mine.values()), mine
    accepted = [event for event in events if event.what == "accepted"]
    undone = [e for e in events if e.what == "undone" and e.detail["was"] == "approved"]
    assert len(mine) == len(accepted) + len(undone)
    arxiv = one.subject.entry.arxiv or ""
    days = [event.at.date() for event in accepted for _ in range(2)]
    for number, (found,) in enumerate(mine.values()):
        lines = entry_lines(one.id, arxiv, days[number])
        sign = "-" if number % 2 else "+"
        assert world.lines_of(found) == [f"{sign}{line}" for line in lines]


def listed(world: Whole) -> tuple[Entry, ...]:
    loaded = read_catalog(world.site.work / "data")
    assert not loaded.problems
    return loaded.catalog.entries


def listed_remotely(world: Whole) -> tuple[Entry, ...]:
    """What a fresh clone of the remote has."""
    folder = world.folder / "fresh"
    world.site.git("clone", "-q", "bare.git", "fresh", at=".")
    try:
        return read_catalog(folder / "data").catalog.entries
    finally:
        shutil.rmtree(folder)


def test_killed_at_any_moment_nothing_is_lost_and_nothing_done_twice(
    sqlite_template: Path, postgres: Postgres, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "papers.db")
    urls = {"sqlite": f"sqlite:///{tmp_path}/papers.db", "postgresql": postgres.url("papers")}

    def weather(name: str) -> None:
        began = time.monotonic()
        with whole(urls[name], tmp_path / name) as world:
            storm = Storm(world, random.Random(f"{SEED} {name}"))
            storm.rage()
            raged = time.monotonic() - began
            world.wait_for_calm(CALM)
            told = is_in_order(world)
        seconds = time.monotonic() - began
        kills = f"{storm.kills.total()} kills {dict(storm.kills)}"
        took = f"{raged:.0f} + {seconds - raged:.0f} s"
        figures = f"{name}: {kills}, {told} in {took}; {dict(storm.acts)}"
        print(figures, flush=True)  # noqa: T201  # of the proof, also if the other one fails

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(weather, urls))
    postgres.empty("papers")
