"""Realistic queries of every kind are answered (`questions.yaml`)."""

from collections import Counter

from bot.lookup.catalog_lookup import CatalogLookup
from tests.lookup.questions import is_answered, questions

LEAST = 0.95


def test_questions_of_every_kind_are_answered(lookup: CatalogLookup) -> None:
    asked: Counter[str] = Counter()
    missed: dict[str, list[str]] = {}
    for question in questions():
        asked[question.kind] += 1
        if not is_answered(lookup, question):
            missed.setdefault(question.kind, []).append(question.text)
    assert sum(asked.values()) >= 200
    assert sum(map(len, missed.values())) <= (1 - LEAST) * sum(asked.values()), missed
    for kind, texts in missed.items():
        assert len(texts) <= 0.2 * asked[kind], (kind, texts)


def test_half_of_the_questions_are_held_out_of_tuning() -> None:
    held_out = [question.is_held_out for question in questions()]
    assert abs(sum(held_out) - len(held_out) / 2) < len(held_out) / 10
