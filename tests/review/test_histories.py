"""Any history of review leaves the list that its remaining approvals make, and valid cards.

With the real review, database, publisher and files; several people, a quorum of one to three.
"""

import datetime as dt
import functools
import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from bot.catalog.identity import same_paper
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.edit import apply_to_folder
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.lookup.service import with_decisions
from bot.outbox.store import Outbox
from bot.publishing.publisher import Publisher
from bot.publishing.queue import PublicationQueue
from bot.publishing.targets.files import FilesTarget
from bot.review.actions import (
    Action,
    Approve,
    DecisionRules,
    Edit,
    Postpone,
    Refusal,
    Reject,
    Reopen,
    Second,
    Transition,
    Undo,
)
from bot.review.decision import decide
from bot.review.model import OPEN, Event, Person, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade, card_key
from bot.review.store import SuggestionStore
from bot.slack.blocks.cards import APPROVE, EDIT, LATER, REJECT, UNDO, card, details
from tests.publishing.site import FILES, NAMES
from tests.slack.fake.payloads import elements
from tests.slack.limits import MOST_CHARACTERS, characters, message_faults
from tests.slack.workspace_bot import REVIEW, START

REVIEWERS = [Person(f"U000{number}", f"Reviewer {number}") for number in range(3)]
PEOPLE = [*REVIEWERS, Person("U0009", "Somebody")]
SECTIONS = ["serving", "training"]
TITLES = [
    "Omega: A System",
    "<!channel> & <@U0001>: *bold* `code` \u202e right to left",
    ("Long: " + "serving large language models with paged caches " * 10).strip(),
    "Ω — naïve 分布式 🚀: \\\"quotes\\\" and 'others', # no comment",
]
NUMBERS: Bundle[int] = Bundle("numbers")


class Histories(RuleBasedStateMachine):
    """One list, some papers, and people who act in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="papers-histories-"))
        self.database = fresh(self.folder / "papers.db")
        for name, text in FILES.items():
            path = self.folder / "list" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.data = self.folder / "list/data"
        shutil.copytree(self.data, self.folder / "original")
        self.review, self.now = ReviewService(self.database, REVIEW), START
        self.suggestions, self.outbox = SuggestionStore(self.database), Outbox(self.database)
        self.queue = PublicationQueue(self.database, REVIEW)
        self.seen: dict[int, tuple[Event, ...]] = {}
        self.shown: dict[int, dict[int, Suggestion]] = {}
        self.runs = 0
        self.restart()

    def teardown(self) -> None:
        self.database.engine.dispose()
        shutil.rmtree(self.folder)

    @initialize(quorum=st.integers(1, 3), self_approval=st.booleans())
    def set_rules(self, quorum: int, *, self_approval: bool) -> None:
        self.quorum, self.self_approval = quorum, self_approval

    @rule(target=NUMBERS, paper=st.integers(0, 3), source=st.sampled_from([None, *PEOPLE]))
    def suggest(self, paper: int, source: Person | None) -> int:
        """A suggested paper is not suggested again before it is approved."""
        entry = Entry(
            title=TITLES[paper],
            url=f"https://arxiv.org/abs/2603.0000{paper}",
            arxiv=f"2603.0000{paper}",
            sections=(SECTIONS[paper % 2],),
        )
        existing = self.suggestions.find_by_identity(f"arxiv:{entry.arxiv}")
        proposal = Proposal(
            identity=f"arxiv:{entry.arxiv}",
            subject=Subject(after=entry, abstract="Words. " * 300, authors=("Ada Lark",) * 40),
            source=source.id if source else None,
        )
        outcome = self.review.suggest(proposal, self.tick())
        if isinstance(outcome, SuggestionMade):
            assert existing is None or existing.state == "approved"
            return outcome.suggestion.id
        assert existing is not None
        return existing.id

    @rule(
        number=NUMBERS,
        what=st.sampled_from(
            [Approve, Approve, Approve, Reject, Postpone, Edit, Undo, Undo, Reopen, Second]
        ),
        person=st.sampled_from(PEOPLE),
        choice=st.integers(0, 2),
        behind=st.sampled_from([None, 0, 0, 1, 2, 4]),
    )
    def act(
        self, number: int, what: type[Action], person: Person, choice: int, behind: int | None
    ) -> None:
        """An action is applied as a whole, or refused and changes nothing.

        A review by a person who saw a version some versions `behind` is of what they saw.
        """
        before, now = self.get(number), self.tick()
        seen = None if behind is None else max(1, before.version - behind)
        action = self.action(what, before, choice, now)
        events, queued = self.suggestions.history(number), self.queued()
        rules = replace(self.rules_for(before, person), seen=seen)
        outcome = self.review.act(number, action, person, now, rules)
        after = self.get(number)
        if isinstance(outcome, Refusal):
            assert after == before == outcome.suggestion
            assert self.suggestions.history(number) == events
            assert self.queued() == queued
            return
        assert isinstance(outcome, Transition)
        assert after == outcome.suggestion
        assert after.version == before.version + 1
        assert self.suggestions.history(number) == (*events, outcome.event)
        assert person in REVIEWERS or what in {Reopen, Second}
        if seen is not None and what not in {Reopen, Second}:
            self.check_sight(before, seen, person)
        if what is Undo:
            again = Approve() if choice else Reject("no")
            assert isinstance(decide(after, again, REVIEWERS[0], now, REVIEWER), Transition)

    def check_sight(self, before: Suggestion, seen: int, person: Person) -> None:
        """A reviewer saw the section, and all fields but those that they edited since."""
        shown = self.shown[before.id].get(seen)
        if shown is None:  # a version that only existed while a card was published
            return
        entry, then = before.subject.entry, shown.subject.entry
        assert entry.sections == then.sections
        if replace(entry, added=None, by=None) != replace(then, added=None, by=None):
            events = self.suggestions.history(before.id)
            later = [event for event in events if event.detail.get("version", 0) > seen]
            editors = {event.actor for event in later if event.what == "edited"}
            assert person.id in editors
            assert all(
                event.actor == person.id or not event.detail["changed"]
                for event in later
                if event.what == "edited"
            )
        if person.id not in {event.actor for event in self.suggestions.history(before.id)}:
            assert (before.state in OPEN) == (shown.state in OPEN)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule()
    def wake(self) -> None:
        for suggestion in self.suggestions.expired_postponements(self.now):
            self.review.wake(suggestion, self.tick())
            assert self.get(suggestion.id).state == "waiting"

    @rule()
    def restart(self) -> None:
        """Publish from another process."""
        self.runs += 1
        self.publisher = Publisher(
            self.queue,
            self.data,
            FilesTarget(self.data, "README.md", NAMES),
            run=f"run {self.runs}",
            link=lambda _: None,
        )

    @rule()
    def publish(self) -> None:
        """The published files are those that the remaining approvals alone would make."""
        for _ in range(100):
            if not self.publisher.publish_due(self.tick()):
                break
        assert self.queue.depth() == (0, ())
        assert self.publisher.reconcile() == 0, "nothing was lost"
        plain = self.folder / "plain"
        shutil.copytree(self.folder / "original", plain)
        approved = [each for each in self.all() if each.state == "approved"]
        for suggestion in sorted(approved, key=lambda each: each.decided_at or START):
            apply_to_folder(plain, suggestion.change)
        for path in sorted(plain.rglob("*.yaml")):
            published = (self.data / path.relative_to(plain)).read_text()
            assert published == path.read_text(), path.name
        shutil.rmtree(plain)
        assert not read_catalog(self.data).problems

    @invariant()
    def state_is_consistent(self) -> None:
        every, files = self.all(), read_catalog(self.data).catalog
        marks = [entry.by for entry in with_decisions(files, self.suggestions).entries if entry.by]
        approved = [each.mark for each in every if each.state == "approved"]
        assert sorted(marks) == sorted(approved), "lookups show the approved papers"
        for suggestion in every:
            self.shown.setdefault(suggestion.id, {})[suggestion.version] = suggestion
            self.check_suggestion(suggestion, files)

    def check_suggestion(self, suggestion: Suggestion, catalog: Catalog) -> None:
        number = suggestion.id
        events = self.suggestions.history(number)
        before = self.seen.get(number, ())
        assert events[: len(before)] == before, "history is never rewritten"
        self.seen[number] = events
        assert self.outbox.get(card_key(number)) is not None
        shown = blocks_of(card(suggestion, catalog, self.quorum))
        buttons = {each["action_id"] for _, each in elements(shown) if "value" in each}
        is_open = suggestion.state in OPEN
        assert buttons == ({APPROVE, REJECT, LATER, EDIT} if is_open else {UNDO})
        assert "<!channel>" not in json.dumps(shown)
        blocks_of(details(suggestion, catalog))

    def rules_for(self, suggestion: Suggestion, person: Person) -> DecisionRules:
        """The rules as the listeners find them."""
        catalog = with_decisions(read_catalog(self.data).catalog, self.suggestions)
        return replace(
            REVIEWER,
            is_reviewer=person in REVIEWERS,
            quorum=self.quorum,
            self_approval=self.self_approval,
            is_listed=any(same_paper(each, suggestion.subject.entry) for each in catalog.entries),
        )

    def action(
        self, what: type[Action], suggestion: Suggestion, choice: int, now: dt.datetime
    ) -> Action:
        if what is Approve:
            return Approve([None, *SECTIONS][choice])
        if what is Reject:
            return Reject(["", "out of scope", "x" * 900][choice])
        if what is Postpone:
            return Postpone(now + dt.timedelta(days=7 * choice + 1))
        if what is Edit:
            sections = (SECTIONS[choice % 2], *SECTIONS[1 - choice % 2 :][: choice // 2])
            entry = replace(suggestion.subject.entry, sections=tuple(dict.fromkeys(sections)))
            venue = [None, "OSDI", "A Workshop of Some Length"][choice]
            return Edit(replace(entry, venue=venue, year=2026 if venue else None))
        if what is Reopen:
            return Reopen(["", "it was published", "y" * 900][choice])
        return Undo() if what is Undo else Second()

    def all(self) -> list[Suggestion]:
        return [*self.suggestions.open(), *self.suggestions.decided_since(START)]

    def get(self, number: int) -> Suggestion:
        suggestion = self.suggestions.get(number)
        assert suggestion is not None
        return suggestion

    def queued(self) -> list[Any]:
        """The messages and publications in the queues."""
        with self.database.read() as connection:
            return [
                *connection.exec_driver_sql("SELECT key, version, state FROM outbox ORDER BY id"),
                *connection.exec_driver_sql("SELECT id, state FROM publications ORDER BY id"),
            ]

    def tick(self) -> dt.datetime:
        self.now += dt.timedelta(minutes=1)
        return self.now


REVIEWER = DecisionRules(is_reviewer=True)


def blocks_of(message: Any) -> list[dict[str, Any]]:
    """The blocks of a message, checked against Slack's limits."""
    shown = [block.to_dict() for block in message.blocks]
    assert message_faults(shown) == []
    assert characters(shown) < MOST_CHARACTERS - 1000
    assert message.text.strip()
    return shown


@functools.cache
def template() -> Path:
    path = Path(tempfile.mkdtemp(prefix="papers-histories-")) / "template.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.engine.dispose()
    return path


def fresh(path: Path) -> Database:
    """An empty database that does not wait for the disk."""
    shutil.copy(template(), path)
    database = open_database(f"sqlite:///{path}")

    @sa.event.listens_for(database.engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    return database


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=max(10, settings().max_examples // 20), stateful_step_count=25
)
