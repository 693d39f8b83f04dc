"""Laws of lookups, on the real list."""

import datetime as dt
import random
from collections.abc import Callable

import pytest

from bot.catalog.identity import year_of
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.lookup.answers import LookupAnswer
from bot.lookup.catalog_lookup import CatalogLookup


def titles(answer: LookupAnswer) -> list[str]:
    return [entry.title for entry in answer.results]


def first(lookup: CatalogLookup, text: str) -> str:
    answer = lookup.answer(text)
    assert answer.results, f"{text}: {answer.message}"
    return answer.results[0].title


def test_every_entry_is_found_by_its_name(lookup: CatalogLookup, catalog: Catalog) -> None:
    """A remembered name or a copied title brings the paper first."""
    for entry in catalog.entries:
        for text in {entry.name or entry.title, entry.title}:
            expected = {
                other.title
                for other in catalog.entries
                if text.lower() in {(other.name or "").lower(), other.title.lower()}
            }
            answer = lookup.answer(text)
            if answer.kind == "section":
                answer = lookup.answer(f'"{text}"')
            assert set(titles(answer)[: len(expected)]) == expected, text


def test_every_entry_is_found_by_its_link(lookup: CatalogLookup, catalog: Catalog) -> None:
    for entry in catalog.entries:
        if entry.url:
            answer = lookup.answer(entry.url)
            assert answer.kind == "paper"
            assert entry in answer.results


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("vllm", "vLLM"),
        ("orca", "Orca:"),
        ("zero++", "ZeRO++:"),
        ("zero", "ZeRO:"),
        ("ZERO", "ZeRO:"),
        ("déjàvu", "DéjàVu:"),
        ("deja-vu", "Deja Vu:"),
        ("deja vu", "Deja Vu:"),
        ("flashatention", "FlashAttention:"),
        ("flash attention", "FlashAttention:"),
        ("flash-attention 3", "FlashAttention-3:"),
        ("dsitserve", "DistServe:"),
        ("dist serve", "DistServe:"),
        ("speculatve decodng", "Optimizing Speculative Decoding"),
        ("zreo++", "ZeRO++:"),
        ("infinte llm", "Infinite-LLM:"),
        ("llm in flash", "LLM in a flash:"),
        ("hpa", "HAP:"),
        ("megatron", "Megatron"),
        ("megatronlm", "Megatron-LM:"),
        ("skeleton of thought", "Skeleton-of-Thought:"),
        ("Channel Permutations for N:M Sparsity", "Channel Permutations for N:M Sparsity"),
        ("moe", "MoE-Lightning:"),
        ("mixture-of-experts", "ScheMoE:"),
        ("pd disaggregation", "DistServe:"),
        ("kvcache", "Infinite-LLM:"),
        ("paging", "vLLM:"),
        ("paged", "vLLM:"),
        ("rlhf", "OpenRLHF"),
        ("preemptable instance", "SpotServe:"),
        ("ring attention", "Ring Attention with"),
    ],
)
def test_the_right_paper_comes_first(lookup: CatalogLookup, text: str, title: str) -> None:
    """Exact names come first; case, accents, hyphens, word forms and slips do not matter."""
    assert first(lookup, text).startswith(title)


@pytest.mark.parametrize(
    ("text", "all_of"),
    [
        ("vllm", {"vLLM", "vLLM: Easy, Fast, and Cheap LLM Serving with PagedAttention"}),
        ("optimus", {"Optimus: Accelerating", "Optimus: Warming"}),
        ("dejavu", {"DéjàVu:", "Deja Vu:"}),
        ("deja vu", {"DéjàVu:", "Deja Vu:"}),
    ],
)
def test_papers_with_the_same_name_come_together(
    lookup: CatalogLookup, text: str, all_of: set[str]
) -> None:
    best = titles(lookup.answer(text))[: len(all_of)]
    assert all(any(title.startswith(start) for title in best) for start in all_of)


def test_a_name_with_one_slip_is_found(lookup: CatalogLookup, catalog: Catalog) -> None:
    """With a letter dropped, doubled or swapped, 98 % of names are in the first three results."""
    chance = random.Random(20260101)
    names = [e.name for e in catalog.entries if e.name and e.name.isalpha() and len(e.name) >= 6]
    missed = []
    for name in names:
        at = chance.randrange(1, len(name) - 2)
        slips = {
            "drop": name[:at] + name[at + 1 :],
            "double": name[:at] + name[at] + name[at:],
            "swap": name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        }
        for typed in slips.values():
            best = lookup.answer(typed).results[:3]
            if not any((entry.name or "").lower() == name.lower() for entry in best):
                missed.append(typed)
    assert len(missed) <= len(names) * 3 * 0.02, missed


@pytest.mark.parametrize(
    ("text", "title", "count"),
    [
        ("serving", "Serving", 70),
        ("Serving", "Serving", 70),
        ("servng", "Serving", 70),
        ("inference serving", "Serving", 70),
        ("pretraining", "Pre-Training", 32),
        ("pre-training", "Pre-Training", 32),
        ("pre training", "Pre-Training", 32),
        ("edge", "Serving at the edge", 3),
        ("serving at the edge", "Serving at the edge", 3),
        ("fault tolerance", "Fault Tolerance / Straggler Mitigation", 6),
        ("straggler mitigation", "Fault Tolerance / Straggler Mitigation", 6),
        ("courses", "MLSys Courses", 3),
        ("course", "MLSys Courses", 3),
        ("surveys", "Survey Paper", 4),
        ("frameworks", "LLM Frameworks", 12),
        ("fine-tuning", "Fine-tuning Systems", 1),
        ("finetuning", "Fine-tuning Systems", 1),
        ("ml systems", "ML Systems", 32),
        ("leaderboard", "LLM Benchmark / Leaderboard ? Traces", 7),
    ],
)
def test_a_bare_section_name_is_that_section(
    lookup: CatalogLookup, text: str, title: str, count: int
) -> None:
    answer = lookup.answer(text)
    assert answer.kind == "section"
    assert answer.place
    assert answer.place.section.title == title
    own = lookup.catalog.within(answer.place.path)
    assert len(own) == count
    assert answer.results[:count] == own
    assert answer.total == len(answer.results)


@pytest.mark.parametrize("text", ["serving", "Pre-Training", "edge", "fault tolerance", "surveys"])
def test_a_sections_title_or_a_part_of_it_is_that_section_alone(
    lookup: CatalogLookup, text: str
) -> None:
    answer = lookup.answer(text)
    assert answer.place
    assert answer.results == lookup.catalog.within(answer.place.path)


@pytest.mark.parametrize(
    ("alias", "title"),
    [("multimodal", "DISTMM:"), ("on-device", "LLMCad:"), ("inference serving", "INFaaS:")],
)
def test_an_alias_of_a_section_does_not_hide_a_paper_with_the_word_in_its_title(
    lookup: CatalogLookup, alias: str, title: str
) -> None:
    answer = lookup.answer(alias)
    assert answer.kind == "section"
    assert any(found.startswith(title) for found in titles(answer))


def test_a_section_has_its_own_entries_before_those_of_subsections_in_list_order(
    lookup: CatalogLookup,
) -> None:
    answer = lookup.answer("serving")
    homes = [entry.home for entry in answer.results]
    own = [home for home in homes if home == "llm-systems/serving"]
    assert homes[: len(own)] == own
    assert answer.results[0].title.startswith("Orca:")
    positions = [lookup.catalog.entries.index(entry) for entry in answer.results]
    assert positions == sorted(positions)


def test_quotes_force_a_search(lookup: CatalogLookup) -> None:
    """Quotes, straight or curly, search for a word that is also the name of a section."""
    for text in ('"serving"', "“serving”"):
        answer = lookup.answer(text)
        assert answer.kind == "search"
        assert answer.total > 0
    assert lookup.answer('"random forests"').kind == "empty"
    assert titles(lookup.answer('"attention with io"')) == [
        "FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2401.09670",
        "arXiv:2401.09670v3",
        "https://arxiv.org/pdf/2401.09670v1.pdf",
        "<https://arxiv.org/abs/2401.09670>",
        "http://www.arxiv.org/abs/2401.09670?utm_source=x",
        "huggingface.co/papers/2401.09670",
        "10.48550/arXiv.2401.09670",
    ],
)
def test_every_form_of_an_id_or_link_finds_the_paper(lookup: CatalogLookup, text: str) -> None:
    answer = lookup.answer(text)
    assert answer.kind == "paper"
    assert first(lookup, text).startswith("DistServe:")
    assert "LLM Systems › Serving" in answer.message


def test_a_doi_of_two_entries_finds_both(lookup: CatalogLookup) -> None:
    answer = lookup.answer("https://doi.org/10.1145/3627703.3650074")
    assert [title.split(":")[0] for title in titles(answer)] == ["HAP", "GMorph"]


def test_an_unlisted_paper_is_reported_as_not_on_the_list(lookup: CatalogLookup) -> None:
    for text in ("2599.99999", "10.1145/1.2", "https://example.org/nothing"):
        answer = lookup.answer(text)
        assert answer.kind == "empty"
        assert "not on the list" in answer.message


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("venue:osdi", lambda e: e.venue == "OSDI"),
        ('venue:"usenix atc"', lambda e: e.venue == "ATC"),
        ("venue:eurosys year:2023", lambda e: (e.venue, e.year) == ("EuroSys", 2023)),
        ("venue:osdi venue:sosp", lambda e: e.venue in {"OSDI", "SOSP"}),
        ("org:thu", lambda e: "Tsinghua" in e.orgs),
        ("org:huggingface", lambda e: "Hugging Face" in e.orgs),
        ('org:"UC Berkeley"', lambda e: "UCB" in e.orgs),
        ("section:serving", lambda e: "llm-systems/serving" in " ".join(e.sections)),
        ("org:uc berkeley", lambda e: "UCB" in e.orgs),
        ("venue:usenix atc year:2022", lambda e: (e.venue, e.year) == ("ATC", 2022)),
        ("section:fault tolerance", lambda e: "fault-tolerance" in " ".join(e.sections)),
        ("section:edge", lambda e: "llm-systems/serving/serving-at-the-edge" in e.sections),
    ],
)  # fmt: skip
def test_a_filter_gives_exactly_the_entries_that_pass_it(
    lookup: CatalogLookup, catalog: Catalog, text: str, holds: Callable[[Entry], bool]
) -> None:
    expected = [entry.title for entry in catalog.entries if holds(entry)]
    assert expected
    assert sorted(titles(lookup.answer(text))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("year:2023..2024", 2023, 2024), ("year:2024..2023", 2023, 2024),
        ("year:2024..", 2024, 9999), ("year:..2021", 0, 2021), ("year:2024", 2024, 2024),
        ("2024", 2024, 2024), ("up to 2022", 0, 2022), ("after 2021", 2022, 9999),
        ("papers since 2024", 2024, 9999), ("between 2021 and 2023", 2021, 2023),
        ("before 2023", 0, 2022), ("2022 or earlier", 0, 2022), ("2021-2022", 2021, 2022),
    ],
)  # fmt: skip
def test_a_year_is_the_entrys_own_or_else_that_of_its_record(
    lookup: CatalogLookup, catalog: Catalog, text: str, first: int, last: int
) -> None:
    years = {entry.title: year_of(catalog, entry) for entry in catalog.entries}
    expected = [title for title, year in years.items() if year and first <= year <= last]
    assert sorted(titles(lookup.answer(text))) == sorted(expected)


def test_filters_combine_with_words_sections_and_phrases(lookup: CatalogLookup) -> None:
    assert {e.venue for e in lookup.answer("serving venue:osdi").results} == {"OSDI"}
    assert lookup.answer("serving venue:osdi").kind == "section"
    assert titles(lookup.answer("moe venue:eurosys"))[0].startswith("ScheMoE")
    narrowed = lookup.answer('"language model" year:2024').results
    assert narrowed
    assert {year_of(lookup.catalog, entry) for entry in narrowed} == {2024}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("venue:osid", "venue:OSDI"),
        ("author:daoo", "Tri Dao"),
        ('-author:"nobody at all"', "no author"),
        ("org:microsft", "org:Microsoft"),
        ("section:servin", "Serving"),
        ("section:nowhere", "top sections"),
        ("year:soon", "year:2024"),
        ("year:20242025", "year:2024"),
        ("x" * 301, "301"),
    ],
)
def test_a_mistake_is_answered_with_the_nearest_valid_value(
    lookup: CatalogLookup, text: str, says: str
) -> None:
    answer = lookup.answer(text)
    assert answer.kind == "error"
    assert not answer.results
    assert says in answer.message


def test_an_unknown_filter_is_text(lookup: CatalogLookup) -> None:
    """A word with a colon that is no filter is searched; one that is nearly a filter is named."""
    assert first(lookup, "note:vllm").startswith("vLLM")
    assert first(lookup, "re: orca").startswith("Orca:")
    assert "`venue:osdi`" in lookup.answer("venu:osdi").message


def test_no_result_is_answered_with_sections_and_nearest_names(
    lookup: CatalogLookup,
) -> None:
    answer = lookup.answer("qwertzuiop")
    assert answer.kind == "empty"
    assert "LLM Systems" in answer.message
    assert "Helix" in lookup.answer('"helixx"').message


def test_an_empty_query_is_answered_with_the_section_counts(
    lookup: CatalogLookup,
) -> None:
    answer = lookup.answer("  ")
    assert answer.kind == "empty"
    assert "Serving: 70" in answer.message


@pytest.mark.parametrize("text", ["osdi 2024", "osdi24", "OSDI'24", "osdi '24"])
def test_an_edition_is_found_in_every_usual_spelling(lookup: CatalogLookup, text: str) -> None:
    filtered = titles(lookup.answer("venue:osdi year:2024"))
    assert set(titles(lookup.answer(text))[: len(filtered)]) == set(filtered)


def test_words_that_fit_every_paper_do_not_count(lookup: CatalogLookup) -> None:
    assert titles(lookup.answer("papers about moe")) == titles(lookup.answer("moe"))


def test_papers_with_all_words_come_before_papers_with_some(lookup: CatalogLookup) -> None:
    answer = lookup.answer("kv cache compression")
    assert 0 < answer.complete < answer.total
    complete, rest = answer.results[: answer.complete], answer.results[answer.complete :]
    assert all("compress" in entry.title.lower() for entry in complete)
    assert all("compress" not in entry.title.lower() for entry in rest)


def test_the_pages_together_are_the_whole_answer(lookup: CatalogLookup) -> None:
    """Paging shows every result once, also where results with some of the words begin."""
    for text in ("kv cache compression", "serving", "venue:osdi", "flash attention", '"serving"'):
        whole = lookup.answer(text)
        paged = [
            entry
            for offset in range(0, whole.total, 3)
            for entry in lookup.answer(text, offset=offset, limit=3).results
        ]
        assert paged == list(whole.results), text
        assert len(whole.results) == whole.total == len({id(entry) for entry in paged})


@pytest.mark.parametrize(
    "text",
    [
        "(", '"', '""', "venue:", ":", "*", "\\", "AND OR NOT", "a:b:c", "+-", "'; drop table",
        "{}[]", "\u202e", "🚀", "模型", 'venue:"', "year:..", "https://", "http://[", "<>", "%",
        "~", "^2", "title:", "10.", "section:/", "\u200f", "\x00", "＂x＂",
    ],
)  # fmt: skip
def test_no_input_breaks_a_lookup(lookup: CatalogLookup, text: str) -> None:
    answer = lookup.answer(text)
    assert answer.results or answer.message


def test_random_draws_papers_of_the_section(lookup: CatalogLookup) -> None:
    chance = random.Random(1)
    seen = {lookup.random("edge", chance).results[0].title for _ in range(60)}
    assert seen == {entry.title for entry in lookup.answer("edge").results}
    assert lookup.random("", chance).results
    assert lookup.random("no such section", chance).kind == "error"


def test_recent_begins_with_the_latest_additions() -> None:
    """Entries without a date of addition follow, by the date of the paper."""

    def entry(title: str, arxiv: str | None = None, added: dt.date | None = None) -> Entry:
        return Entry(
            title=title,
            sections=("s",),
            arxiv=arxiv,
            added=added,
            url=f"https://example.org/{title}",
        )

    info = ListInfo(title="L", sections=(Section(id="s", title="S"),))
    entries = (
        entry("old", "2001.00001"),
        entry("new", "2412.00001"),
        entry("undated"),
        entry("added", "1901.00001", dt.date(2026, 1, 2)),
        entry("added later", "1801.00001", dt.date(2026, 2, 2)),
    )
    recent = CatalogLookup(Catalog(info, entries), shipped_names()).recent()
    assert titles(recent) == ["added later", "added", "new", "old", "undated"]


def test_the_synonyms_and_aliases_of_a_list_are_found() -> None:
    info = ListInfo(
        title="Birds",
        sections=(Section(id="owls", title="Owls", aliases=("night birds",)),),
        synonyms=(("hooter", "strix"),),
    )
    entries = (
        Entry(title="Strix Aluco", sections=("owls",)),
        Entry(title="Tyto Alba", sections=("owls",)),
    )
    lookup = CatalogLookup(Catalog(info, entries), shipped_names())
    assert titles(lookup.answer("hooter")) == ["Strix Aluco"]
    assert lookup.answer("night bird").kind == "section"


def test_an_empty_list_answers_every_query() -> None:
    lookup = CatalogLookup(Catalog(ListInfo(title="Empty", sections=()), ()), shipped_names())
    for text in ("", "anything", "venue:osdi", "2401.09670"):
        assert lookup.answer(text).kind in {"empty", "error"}
    assert lookup.random("", random.Random(1)).kind == "empty"
    assert lookup.recent().total == 0


@pytest.mark.parametrize("text", ["serving", "kv cache", "year:2024", '"large language"', "vllm"])
@pytest.mark.parametrize("offset", [-1, -(2**40), 10**9, 2**31, 2**63, 2**64, 10**30])
def test_any_offset_and_limit_are_answered(
    catalog: Catalog, lookup: CatalogLookup, text: str, offset: int
) -> None:
    """The index ends the process when it is asked for too many results."""
    whole = lookup.answer(text)
    for limit in (-1, 0, 1, 8, 10**9, 2**63, 10**30):
        answer = lookup.answer(text, offset=offset, limit=limit)
        assert answer.total == whole.total
        begin = max(offset, 0)
        assert answer.results == whole.results[begin : begin + max(limit, 0)]
        recent = lookup.recent(offset=offset, limit=limit)
        assert len(recent.results) <= max(limit, 0)
    assert len(whole.results) <= len(catalog.entries)
