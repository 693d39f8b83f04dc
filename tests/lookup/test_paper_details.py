"""Laws of the details of a paper: authors, editions and similar papers."""

import pytest

from bot.catalog.facts import PaperFacts
from bot.catalog.identity import same_paper
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.lookup.catalog_lookup import CatalogLookup
from bot.lookup.paper_details import author_line, edition, short_authors

A, B, C, D, E = "Ada One", "Bo Two", "Cy Three", "Di Four", "Ed Five"


@pytest.mark.parametrize(
    ("facts", "short", "whole"),
    [
        (PaperFacts(), "", ""),
        (PaperFacts(authors=(A,)), A, A),
        (PaperFacts(authors=(A,), more_authors=True), f"{A} et al.", f"{A} et al."),
        (PaperFacts(authors=(A, B)), f"{A} and {B}", f"{A}, {B}"),
        (PaperFacts(authors=(A, B, C, D)), f"{A} et al.", f"{A}, {B}, {C}, {D}"),
        (
            PaperFacts(authors=(A, B, C, D, E)),
            f"{A} et al.",
            f"{A}, {B}, {C}, … {E} (5 authors)",
        ),
        (
            PaperFacts(authors=(A, B, C, D, E), more_authors=True),
            f"{A} et al.",
            f"{A}, {B}, {C} et al.",
        ),
    ],
)
def test_authors_are_named_as_far_as_they_are_known(
    facts: PaperFacts, short: str, whole: str
) -> None:
    assert short_authors(facts) == short
    assert author_line(facts) == whole


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        (Entry(title="A", venue="OSDI", year=2024, sections=("s",)), "OSDI 2024"),
        (Entry(title="A", venue="OSDI", sections=("s",)), "OSDI"),
        (Entry(title="A", arxiv="2305.00001", sections=("s",)), "2023"),
        (Entry(title="A", venue="ICLR", arxiv="2305.00001", sections=("s",)), "ICLR · 2023"),
        (Entry(title="A", sections=("s",)), ""),
    ],
)
def test_a_year_that_the_list_does_not_state_is_no_edition(entry: Entry, text: str) -> None:
    info = ListInfo(title="List", sections=(Section(id="s", title="S"),))
    assert edition(Catalog(info, (entry,)), entry) == text


def test_similar_papers_share_words_and_are_other_papers(lookup: CatalogLookup) -> None:
    for entry in lookup.catalog.entries:
        similar = lookup.similar(entry)
        assert len(similar) <= 3
        assert len({each.title for each in similar}) == len(similar)
        assert not any(same_paper(each, entry) for each in similar)
    (flash,) = lookup.answer("flashattention: fast and memory-efficient").results[:1]
    assert any("FlashAttention-3" in entry.title for entry in lookup.similar(flash))
