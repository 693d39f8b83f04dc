"""The questions of `questions.yaml`, and the check of their answers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from bot.catalog.identity import year_of
from bot.catalog.model import Entry
from bot.lookup.catalog_lookup import CatalogLookup

_FIRST_FEW = 5


class Question(NamedTuple):
    """A query of a kind with its expected answer; every other one is held out of tuning."""

    kind: str
    text: str
    expected: str
    is_held_out: bool


def questions() -> Iterator[Question]:
    """All questions, in the order of the file."""
    document = yaml.safe_load(Path(__file__).with_name("questions.yaml").read_text("utf-8"))
    for kind, items in document.items():
        for number, (text, expected) in enumerate(items):
            yield Question(kind, str(text), expected, number % 2 == 1)


def is_answered(lookup: CatalogLookup, question: Question) -> bool:
    """Tell whether the lookup gives the expected answer."""
    answer = lookup.answer(question.text)
    expected = question.expected
    if expected == "none":
        return not answer.results
    if expected.startswith("# "):
        return answer.place is not None and answer.place.section.title == expected[2:]
    if expected.startswith("all "):
        holds = [_holds(lookup, entry, expected) for entry in answer.results[: answer.complete]]
        return bool(holds) and all(holds)
    if expected.startswith("&"):
        results = answer.results
    else:
        results = answer.results[: _FIRST_FEW if expected.startswith("~") else 1]
    starts = tuple(expected.lstrip("&~").split("|"))
    return any(entry.title.startswith(starts) for entry in results)


def _holds(lookup: CatalogLookup, entry: Entry, expected: str) -> bool:
    venues = re.search(r"venue=(\S+)", expected)
    years = re.search(r"year=(\d+)\.\.(\d+)", expected)
    year = year_of(lookup.catalog, entry) or 0
    return (not venues or (entry.venue or "").split()[0] in venues[1].split(",")) and (
        not years or int(years[1]) <= year <= int(years[2])
    )
