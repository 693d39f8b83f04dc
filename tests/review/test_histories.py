"""Laws of review over any history: what people do in any order leaves a list that only the
remaining approvals explain, and cards that offer what makes sense.

The real review, database, publisher and files; several people, a quorum of one to three.
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
from bot.review.decision import (
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
    decide,
)
from bot.review.model import OPEN, Event, Person, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade, card_key
from bot.review.store import SuggestionStore
from bot.slack.blocks.cards import APPROVE, EDIT, LATER, REJECT, UNDO, card, details
from tests.publishing.targets.test_git import FILES, NAMES
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
ONES: Bundle[int] = Bundle("ones")


class Histories(RuleBasedStateMachine):
    """One list, some papers, and people who do as they like."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="papers-histories-"))
        self.database = fresh(self.folder / "papers.db")
        for name, text in FILES.items():
            path = self.folder / "list" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.data = self.folder / "list/data"
        shutil.copytree(self.data, self.folder / "begun")
        self.review, self.now = ReviewService(self.database, REVIEW), START
        self.suggestions, self.outbox = SuggestionStore(self.database), Outbox(self.database)
        self.queue = PublicationQueue(self.database, REVIEW)
        self.seen: dict[int, tuple[Event, ...]] = {}
        self.runs = 0
        self.restart()

    def teardown(self) -> None:
        self.database.engine.dispose()
        shutil.rmtree(self.folder)

    @initialize(quorum=st.integers(1, 3), self_approval=st.booleans())
    def rules_are(self, quorum: int, *, self_approval: bool) -> None:
        self.quorum, self.self_approval = quorum, self_approval

    @rule(target=ONES, paper=st.integers(0, 3), source=st.sampled_from([None, *PEOPLE]))
    def suggest(self, paper: int, source: Person | None) -> int:
        """Somebody suggests a paper; one that is known stays one."""
        entry = Entry(
            title=TITLES[paper],
            url=f"https://arxiv.org/abs/2603.0000{paper}",
            arxiv=f"2603.0000{paper}",
            sections=(SECTIONS[paper % 2],),
        )
        known = self.suggestions.find_by_identity(f"arxiv:{entry.arxiv}")
        proposal = Proposal(
            identity=f"arxiv:{entry.arxiv}",
            subject=Subject(after=entry, abstract="Words. " * 300, authors=("Ada Lark",) * 40),
            source=source.id if source else None,
        )
        outcome = self.review.suggest(proposal, self.tick())
        if isinstance(outcome, SuggestionMade):
            assert known is None or known.state == "approved"
            return outcome.suggestion.id
        assert known is not None, "a paper that nobody knew"
        return known.id

    @rule(
        number=ONES,
        what=st.sampled_from(
            [Approve, Approve, Approve, Reject, Postpone, Edit, Undo, Undo, Reopen, Second]
        ),
        who=st.sampled_from(PEOPLE),
        choice=st.integers(0, 2),
    )
    def act(self, number: int, what: type[Action], who: Person, choice: int) -> None:
        """Somebody does something to a suggestion; it is taken whole, or refused and nothing."""
        before, now = self.get(number), self.tick()
        action = self.action(what, before, choice, now)
        events, said = self.suggestions.history(number), self.said()
        taken = self.review.act(number, action, who, now, self.rules_for(before, who))
        after = self.get(number)
        if isinstance(taken, Refusal):
            assert after == before == taken.suggestion
            assert self.suggestions.history(number) == events
            assert self.said() == said
            return
        assert isinstance(taken, Transition)
        assert after == taken.suggestion
        assert after.version == before.version + 1
        assert self.suggestions.history(number) == (*events, taken.event)
        assert who in REVIEWERS or what in {Reopen, Second}
        if what is Undo:
            again = Approve() if choice else Reject("no")
            assert isinstance(decide(after, again, REVIEWERS[0], now, REVIEWER), Transition)

    @rule(days=st.integers(1, 20))
    def time_passes(self, days: int) -> None:
        self.now += dt.timedelta(days=days)

    @rule()
    def wake(self) -> None:
        for one in self.suggestions.expired_postponements(self.now):
            self.review.wake(one, self.tick())
            assert self.get(one.id).state == "waiting"

    @rule()
    def restart(self) -> None:
        """Another process publishes from now on."""
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
        """Everything is published: the files are as if only the approvals that remain had been."""
        for _ in range(100):
            if not self.publisher.publish_due(self.tick()):
                break
        assert self.queue.depth() == (0, ())
        assert self.publisher.reconcile() == 0, "nothing was lost"
        plain = self.folder / "plain"
        shutil.copytree(self.folder / "begun", plain)
        approved = [one for one in self.all() if one.state == "approved"]
        for one in sorted(approved, key=lambda one: one.decided_at or START):
            apply_to_folder(plain, one.change)
        for path in sorted(plain.rglob("*.yaml")):
            found = (self.data / path.relative_to(plain)).read_text()
            assert found == path.read_text(), f"{path.name} is not what the approvals make of it"
        shutil.rmtree(plain)
        assert not read_catalog(self.data).problems

    @invariant()
    def all_is_in_order(self) -> None:
        ones, files = self.all(), read_catalog(self.data).catalog
        marks = [entry.by for entry in with_decisions(files, self.suggestions).entries if entry.by]
        approved = [one.mark for one in ones if one.state == "approved"]
        assert sorted(marks) == sorted(approved), "lookups have what is approved"
        for one in ones:
            self.is_in_order(one, files)

    def is_in_order(self, one: Suggestion, catalog: Catalog) -> None:
        events = self.suggestions.history(one.id)
        before = self.seen.get(one.id, ())
        assert events[: len(before)] == before, "history is never rewritten"
        self.seen[one.id] = events
        assert self.outbox.get(card_key(one.id)) is not None
        shown = blocks_of(card(one, catalog, self.quorum))
        offered = {found["action_id"] for _, found in elements(shown) if "value" in found}
        assert offered == ({APPROVE, REJECT, LATER, EDIT} if one.state in OPEN else {UNDO})
        assert "<!channel>" not in json.dumps(shown)
        blocks_of(details(one, catalog))

    def rules_for(self, one: Suggestion, who: Person) -> DecisionRules:
        """As the desk finds them."""
        catalog = with_decisions(read_catalog(self.data).catalog, self.suggestions)
        return replace(
            REVIEWER,
            is_reviewer=who in REVIEWERS,
            quorum=self.quorum,
            self_approval=self.self_approval,
            is_listed=any(same_paper(entry, one.subject.entry) for entry in catalog.entries),
        )

    def action(self, what: type[Action], one: Suggestion, choice: int, now: dt.datetime) -> Action:
        if what is Approve:
            return Approve([None, *SECTIONS][choice])
        if what is Reject:
            return Reject(["", "out of scope", "x" * 900][choice])
        if what is Postpone:
            return Postpone(now + dt.timedelta(days=7 * choice + 1))
        if what is Edit:
            sections = (SECTIONS[choice % 2], *SECTIONS[1 - choice % 2 :][: choice // 2])
            entry = replace(one.subject.entry, sections=tuple(dict.fromkeys(sections)))
            venue = [None, "OSDI", "A Workshop of Some Length"][choice]
            return Edit(replace(entry, venue=venue, year=2026 if venue else None))
        if what is Reopen:
            return Reopen(["", "it was published", "y" * 900][choice])
        return Undo() if what is Undo else Second()

    def all(self) -> list[Suggestion]:
        return [*self.suggestions.open(), *self.suggestions.decided_since(START)]

    def get(self, number: int) -> Suggestion:
        found = self.suggestions.get(number)
        assert found is not None
        return found

    def said(self) -> list[Any]:
        """All that is to be said or published."""
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
    """What Slack would be sent, within its limits."""
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
    """An empty database that waits for no disk."""
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
