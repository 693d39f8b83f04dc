"""Laws of versions: who saw what, on both databases and with people who act at the same time."""

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.outbox.store import Outbox
from bot.outbox.tables import outbox as outbox_table
from bot.review.actions import (
    Action,
    Approve,
    DecisionRules,
    Edit,
    Postpone,
    Refusal,
    Reject,
    Second,
    Transition,
    Undo,
)
from bot.review.changes import changes_since, lapsed_approvals, last_editor
from bot.review.model import Event, EventKind, Person, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade, card_key
from bot.review.store import SuggestionStore

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
ANN, BEN, CAT = Person("U1", "Ann"), Person("U2", "Ben"), Person("U3", "Cat")
PAPER = Entry(title="Omega: A System", arxiv="2603.00001", sections=("serving",))
RULES = DecisionRules(is_reviewer=True)
Outcome = Transition | Refusal | None


class Reviews:
    """One suggestion, and people who act on a version of it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.service = ReviewService(database, "C1")
        self.store = SuggestionStore(database)
        self.number = self.suggest(1)

    def suggest(self, number: int) -> int:
        paper = replace(PAPER, arxiv=f"2603.0000{number}", title=f"Omega {number}: A System")
        proposal = Proposal(
            identity=f"arxiv:{paper.arxiv}", subject=Subject(after=paper), source=None
        )
        made = self.service.suggest(proposal, NOW)
        assert isinstance(made, SuggestionMade)
        return made.suggestion.id

    @property
    def present(self) -> Suggestion:
        suggestion = self.store.get(self.number)
        assert suggestion is not None
        return suggestion

    def act(
        self, action: Action, person: Person, seen: int | None = None, quorum: int = 1
    ) -> Outcome:
        rules = replace(RULES, seen=seen, quorum=quorum)
        return self.service.act(self.number, action, person, NOW, rules)

    def at_once(self, *acts: Callable[[], Outcome]) -> list[Outcome]:
        """Carry actions out in threads that begin together."""
        barrier = threading.Barrier(len(acts))

        def run(act: Callable[[], Outcome]) -> Outcome:
            barrier.wait(10)
            return act()

        with ThreadPoolExecutor(len(acts)) as executor:
            return list(executor.map(run, acts))


@pytest.fixture
def reviews(database: Database) -> Reviews:
    return Reviews(database)


def reason(outcome: Outcome) -> str | None:
    return outcome.reason if isinstance(outcome, Refusal) else None


def test_an_approval_and_an_edit_at_the_same_moment_never_list_what_was_not_seen(
    reviews: Reviews,
) -> None:
    """One of them comes first: then the approval is of the old text, or it is refused."""
    for number in range(2, 8):
        reviews.number = reviews.suggest(number)
        seen = reviews.present
        edited = replace(seen.subject.entry, title="Another Title")
        approval, edit = reviews.at_once(
            lambda: reviews.act(Approve(), ANN, seen=1),
            lambda entry=edited: reviews.act(Edit(entry), BEN, seen=1),  # type: ignore[misc]
        )
        after = reviews.present
        if isinstance(edit, Transition):
            assert reason(approval) == "stale"
            assert after.state == "waiting"
            assert isinstance(approval, Refusal)
            assert [event.actor for event in approval.changes] == [BEN.id]
        else:
            assert reason(edit) == "stale"
            assert isinstance(approval, Transition)
            assert after.subject.entry.title == seen.subject.entry.title


def test_votes_and_edits_at_the_same_moment_count_only_for_the_present_text(
    reviews: Reviews,
) -> None:
    for number in range(2, 8):
        reviews.number = reviews.suggest(number)
        edited = replace(reviews.present.subject.entry, venue="OSDI")
        ann, ben, edit = reviews.at_once(
            lambda: reviews.act(Approve(), ANN, seen=1, quorum=3),
            lambda: reviews.act(Approve(), BEN, seen=1, quorum=3),
            lambda entry=edited: reviews.act(Edit(entry), CAT),  # type: ignore[misc]
        )
        assert isinstance(edit, Transition)
        for outcome in (ann, ben):
            assert isinstance(outcome, Transition) or reason(outcome) == "stale"
        assert reviews.present.approvals == ()
        voters = {ANN.id for _ in [ann] if isinstance(ann, Transition)}
        voters |= {BEN.id for _ in [ben] if isinstance(ben, Transition)}
        assert set(lapsed_approvals(reviews.store.history(reviews.number))) == voters


def test_the_second_of_two_edits_of_one_version_is_refused_under_the_lock(
    reviews: Reviews,
) -> None:
    """So the caller merges it into the first."""
    entry = reviews.present.subject.entry
    outcomes = reviews.at_once(
        lambda: reviews.act(Edit(replace(entry, venue="OSDI")), ANN, seen=1),
        lambda: reviews.act(Edit(replace(entry, year=2026)), BEN, seen=1),
    )
    assert sorted(map(reason, outcomes), key=str) == [None, "stale"]


@pytest.mark.parametrize(
    "action", [Approve(), Approve("training"), Reject("no"), Postpone(NOW), Edit(PAPER), Undo()]
)
def test_no_review_of_an_unseen_change(reviews: Reviews, action: Action) -> None:
    reviews.act(Edit(replace(PAPER, venue="OSDI")), BEN)
    refused = reviews.act(action, ANN, seen=1)
    assert isinstance(refused, Refusal)
    assert (refused.reason, len(refused.changes)) == ("stale", 1)
    assert reviews.present.version == 2
    assert reason(reviews.act(action, ANN, seen=2)) != "stale"


def test_support_and_a_colleagues_vote_change_no_content(reviews: Reviews) -> None:
    reviews.act(Second(), CAT)
    reviews.act(Approve(), ANN, quorum=2)
    assert isinstance(reviews.act(Approve(), BEN, seen=1, quorum=2), Transition)


def test_a_person_who_does_not_review_is_not_told_the_changes(reviews: Reviews) -> None:
    reviews.act(Edit(replace(PAPER, venue="OSDI")), BEN)
    rules = DecisionRules(seen=1)
    assert reason(reviews.service.act(reviews.number, Approve(), ANN, NOW, rules)) == (
        "not a reviewer"
    )


def test_a_card_is_edited_once_for_its_new_buttons(reviews: Reviews) -> None:
    """Its row is one of an earlier release, without the number of the layout."""
    outbox, key = Outbox(reviews.database), card_key(reviews.number)

    def version() -> int:
        row = outbox.get(key)
        assert row is not None
        return row.version

    for _ in range(3):
        reviews.service.refresh_card(reviews.number, NOW)
        assert version() == 1
    with reviews.database.write() as connection:
        content = {"suggestion": reviews.number, "version": 1}
        connection.execute(outbox_table.update().values(content=content))
    for _ in range(3):
        reviews.service.refresh_card(reviews.number, NOW)
        assert version() == 2


# Histories of earlier releases, whose events have no version


def events(*kinds: EventKind, **details: Mapping[str, object]) -> tuple[Event, ...]:
    return tuple(
        Event(suggestion=1, at=NOW, actor="U9", what=kind, detail=details.get(kind, {}))
        for kind in kinds
    )


def test_events_without_a_version_come_before_every_button_with_one() -> None:
    """Publishing has no version of its own, so it may not count as one."""
    old = events("suggested", "accepted", "published", "undone", "unpublished", "edited")
    assert changes_since(old, 4, "U1") == ()
    new = events("edited", edited={"version": 5, "changed": {"venue": [None, "OSDI"]}})
    assert changes_since(old + new, 4, "U1") == new
    assert changes_since(old + new, 5, "U1") == ()
    rolled_back = events("edited")
    assert changes_since(old + new + rolled_back, 5, "U1") == rolled_back


def test_an_edit_without_recorded_fields_counts_as_one_of_the_title() -> None:
    assert last_editor(events("suggested", "edited")) == "U9"
    of_venue = {"changed": {"venue": [None, "OSDI"]}}
    assert last_editor(events("suggested", "edited", edited=of_venue)) is None
