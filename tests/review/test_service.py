"""Laws of suggestions and decisions that need a database."""

import datetime as dt
import random
from dataclasses import replace

import pytest

from bot.catalog.identity import title_key
from bot.catalog.links import read_reference
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.review.actions import (
    Action,
    Approve,
    DecisionRules,
    Edit,
    Refusal,
    Reject,
    Reopen,
    Transition,
    Undo,
)
from bot.review.model import Person, Subject
from bot.review.service import AlreadySuggested, Proposal, ReviewService, SuggestionMade

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


@pytest.mark.parametrize("sections", [("gone",), ("serving", "gone")])
def test_no_paper_is_approved_or_edited_into_a_section_that_is_not_on_the_list(
    review: ReviewService, sections: tuple[str, ...]
) -> None:
    """Also one that left the list after the suggestion, and one of a cross-listing."""
    rules = replace(RULES, sections={"serving", "training"})
    number = suggest(review)
    lost = replace(PAPER, sections=sections)
    for action in (Edit(lost), Approve("gone")):
        refusal = review.act(number, action, REVIEWER, NOW, rules)
        assert isinstance(refusal, Refusal)
        assert refusal.reason == "no section"
    review.act(number, Edit(lost), REVIEWER, NOW, RULES)  # it was on the list then
    refusal = review.act(number, Approve(), REVIEWER, NOW, rules)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "no section"
    review.act(number, Edit(PAPER), REVIEWER, NOW, rules)
    assert isinstance(review.act(number, Approve("training"), REVIEWER, NOW, rules), Transition)


def test_no_paper_is_approved_with_an_address_as_its_title(review: ReviewService) -> None:
    """A feed can give such a title; a person writes the right one."""
    named = replace(PAPER, title="bank.example/login")
    proposal = Proposal(identity="title:x", subject=Subject(after=named), source=None)
    made = review.suggest(proposal, NOW)
    assert isinstance(made, SuggestionMade)
    refusal = review.act(made.suggestion.id, Approve(), REVIEWER, NOW, RULES)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "address as title"
    review.act(made.suggestion.id, Edit(PAPER), REVIEWER, NOW, RULES)
    approved = review.act(made.suggestion.id, Approve(), REVIEWER, NOW, RULES)
    assert isinstance(approved, Transition)


def test_a_paper_with_a_long_address_or_title_is_suggested_once(database: Database) -> None:
    """On both databases: PostgreSQL bounds columns, and the bytes of what it indexes."""
    review, chance = ReviewService(database, "C1"), random.Random(1)
    letters = [chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(1_900)]
    link = read_reference(f"https://a.example/{''.join(letters)}")
    assert link is not None
    nul = read_reference("https://a.example/%00")
    assert nul is not None
    titled = Entry(title="".join(letters), sections=("serving",))
    linked = Entry(title="A Paper", url=link.url, sections=("serving",))
    for identity, entry in (
        (link.key, linked),
        (title_key(titled), titled),
        (nul.key, replace(linked, title="Another Paper")),
    ):
        proposal = Proposal(identity=identity, subject=Subject(after=entry), source="U2")
        made = review.suggest(proposal, NOW)
        assert isinstance(made, SuggestionMade)
        assert review.suggest(proposal, NOW) == AlreadySuggested(made.suggestion)
