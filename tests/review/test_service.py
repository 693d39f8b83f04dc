"""Decisions on a paper that has more than one suggestion."""

import datetime as dt

import pytest

from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.review.decision import Action, Approve, DecisionRules, Refusal, Reject, Reopen, Undo
from bot.review.model import Person, Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade

NOW = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
REVIEWER, RULES = Person("U1"), DecisionRules(is_reviewer=True)
PAPER = Entry(title="Omega: A System", arxiv="2603.00001", sections=("serving",))


@pytest.fixture
def review(sqlite: Database) -> ReviewService:
    return ReviewService(sqlite, "C1")


def suggest(review: ReviewService) -> int:
    proposal = Proposal(identity="arxiv:2603.00001", subject=Subject(after=PAPER), source="U2")
    made = review.suggest(proposal, NOW)
    assert isinstance(made, SuggestionMade)
    return made.suggestion.id


@pytest.mark.parametrize("reopening", [Undo(), Reopen("It was published.")])
def test_a_decision_stays_while_another_suggestion_of_the_paper_is_open(
    review: ReviewService, reopening: Action
) -> None:
    """An approved paper that left the list may be suggested again; one suggestion is open."""
    first = suggest(review)
    review.act(first, Approve(), REVIEWER, NOW, RULES)
    second = suggest(review)
    decided = first
    if isinstance(reopening, Reopen):
        review.act(second, Reject("out of scope"), REVIEWER, NOW, RULES)
        review.act(first, Undo(), REVIEWER, NOW, RULES)
        decided = second
    refusal = review.act(decided, reopening, REVIEWER, NOW, RULES)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "suggested again"
