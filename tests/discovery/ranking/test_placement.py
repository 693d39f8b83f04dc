"""Laws of placement: similar papers share a section, a section's name in the title decides."""

import pytest

from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.discovery.ranking.placement import Placement
from bot.discovery.ranking.placement_sections import (
    PlacedPaper,
    name_key,
    names_by_section,
    paper_sections,
    title_keys,
)
from tests.discovery.made_up import paper

PLACES = {"systems/serving": "serving", "systems/training": "training", "arts": "poetry"}
ENTRIES = [
    PlacedPaper(item.arxiv or "", item.title, item.abstract, (section,))
    for section, topic in PLACES.items()
    for item in [paper(at, topic) for at in range(8)]
]


def sections(placement: Placement, title: str, abstract: str = "") -> list[str]:
    return [choice.section for choice in placement.choose(title, abstract)]


@pytest.mark.parametrize(("section", "topic"), PLACES.items())
def test_a_paper_is_placed_beside_similar_papers_which_are_the_reason(
    section: str, topic: str
) -> None:
    placement = Placement(ENTRIES)
    new = paper(500, topic)
    choices = placement.choose(new.title, new.abstract)
    assert choices[0].section == section
    assert len({choice.section for choice in choices}) == 3
    titles = {item.title for item in ENTRIES if section in item.sections}
    assert len(choices[0].nearest) == 2
    assert all(near.title in titles and 0 < near.cosine <= 1 for near in choices[0].nearest)


def test_a_title_alone_is_enough() -> None:
    assert sections(Placement(ENTRIES), "A scheduler for batching and prefill")[0] == (
        "systems/serving"
    )


def test_a_section_named_in_the_title_comes_first_with_that_reason() -> None:
    placement = Placement(ENTRIES, {"arts": ("verse", "fine art")})
    first = placement.choose("Batching throughput for Fine-Arts prefill")[0]
    assert (first.section, first.named) == ("arts", "fine art")
    assert sections(placement, "Batching throughput, versed prefill")[0] == "systems/serving"


def test_a_name_shared_by_two_sections_decides_nothing() -> None:
    names = {"arts": ("cache",), "systems/training": ("caches",)}
    choice = Placement(ENTRIES, names).choose("Paged cache batching decode throughput")[0]
    assert (choice.section, choice.named) == ("systems/serving", None)


def test_only_allowed_sections_are_proposed() -> None:
    placement = Placement(ENTRIES, {"arts": ("sonnet",)}, ["systems/training", "systems/serving"])
    assert set(sections(placement, "Sonnet rhyme metre")) == {
        "systems/training",
        "systems/serving",
    }


@pytest.mark.parametrize("count", range(4))
def test_few_entries_are_enough(count: int) -> None:
    few = [ENTRIES[0], ENTRIES[8], ENTRIES[16]][:count]
    allowed = list(PLACES)
    found = sections(Placement(few, {}, allowed), ENTRIES[8].title, ENTRIES[8].abstract)
    assert sorted(found) == sorted(allowed)
    if count > 1:
        assert found[0] == "systems/training"


def test_a_single_section_is_always_proposed_and_without_sections_nothing() -> None:
    assert sections(Placement(ENTRIES[:8]), "Sonnets") == ["systems/serving"]
    assert sections(Placement([]), "Sonnets") == []
    assert sections(Placement([], {"b": ("sonnet",)}, ["a", "b"]), "Sonnets") == ["b", "a"]


@pytest.mark.parametrize("title", ["", "…", "\x00", "a", "日本語", "of the and"])
def test_titles_without_words_are_placed_too(title: str) -> None:
    assert len(sections(Placement(ENTRIES), title)) == 3
    odd = [PlacedPaper("", title, "", ("a",)), PlacedPaper("", title, "", ("b", "a"))]
    assert set(sections(Placement(odd), title)) == {"a", "b"}


def test_an_entry_in_two_sections_counts_for_both() -> None:
    both = [
        PlacedPaper("", item.title, item.abstract, ("systems/serving", "x"))
        for item in ENTRIES[:8]
    ]
    new = paper(501, "serving")
    first = sections(Placement([*both, *ENTRIES[8:]]), new.title, new.abstract)[:2]
    assert set(first) == {"systems/serving", "x"}


def test_papers_are_placed_in_sections_that_hold_papers(catalog: Catalog) -> None:
    allowed = paper_sections(catalog)
    assert {"llm-systems/serving", "survey-paper", "ml-systems"} <= allowed
    assert not allowed & {"llm-frameworks", "mlsys-courses", "other-reading", "llm-systems"}


def test_a_list_without_links_to_papers_can_be_placed_into() -> None:
    info = ListInfo(title="T", sections=(Section(id="a", title="A"), Section(id="b", title="B")))
    assert paper_sections(Catalog(info, (Entry(title="x", sections=("b",)),))) == {"b"}


def test_section_names_are_aliases_and_parts_of_the_title(catalog: Catalog) -> None:
    names = names_by_section(catalog.places.values())
    assert "edge" in names["llm-systems/serving/serving-at-the-edge"]
    assert (
        "Straggler Mitigation"
        in names["llm-systems/pre-training/fault-tolerance-straggler-mitigation"]
    )
    assert "Serving" not in names["llm-systems/serving"]
    assert not names["ml-systems"]
    assert not names["llm-systems"]


@pytest.mark.parametrize(
    ("name", "title", "leads"),
    [
        ("multimodal", "Fast Multi-Modal Models", True),
        ("Pre-Training", "Pretraining at scale", True),
        ("stragglers", "A Straggler's tale", True),
        ("RAG", "Memory fragmentation", False),
        ("edge", "Knowledge graphs", False),
        ("on-device", "LLMs on device", True),
        ("OS", "An O for you", False),
    ],
)
def test_section_names_match_whole_words_of_titles(name: str, title: str, *, leads: bool) -> None:
    assert (name_key(name) in title_keys(title)) is leads
