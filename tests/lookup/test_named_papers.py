"""Laws of lookups that name a paper, over every entry of the list and of another one."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from random import Random

import pytest

from bot.catalog.facts import PaperFacts
from bot.catalog.model import Catalog, Entry, ListInfo, Section, compact
from bot.catalog.names import shipped_names
from bot.lookup.catalog_lookup import CatalogLookup
from tests.bench.queries import slip

_ENDINGS = "er ing ist ful less -X Hub Kit Bench Zip Max Q Y"
ENDINGS = ("", *_ENDINGS.split())
EDITIONS = ("SOSP 2023", "OSDI '24", "ICML'22", "asplos25", "(MLSys 2021)", "2026")


def other_catalog() -> Catalog:
    """A list on another subject, with names that are everyday words."""
    subjects = ("Granite", "Sandstone", "River Ice", "Deep Soil", "Young Volcanoes", "Wet Clay")
    doings = ("Mapping", "Slow Erosion of", "A Survey of", "Seasonal Growth of", "Measuring")
    names = ("Stone", "QuakeNet", "ICE-9", "Lava++", "Drift", "T2", "Sea Floor", "MAGMA", "Vent")
    entries, facts = [], {}
    for number in range(120):
        name = f"{names[number % len(names)]}{ENDINGS[number // len(names)]}"
        subject, doing = subjects[number % 6], doings[number % 5]
        title = f"{doing} {subject} in Basin {number * 7 + 3} by Satellite"
        arxiv = f"24{number % 12 + 1:02d}.{number + 10000:05d}"
        entries.append(
            Entry(
                title=f"{name}: {title}" if number % 4 else title,
                url=f"https://arxiv.org/abs/{arxiv}",
                arxiv=arxiv,
                venue=("GeoConf", "EGU", None)[number % 3],
                year=2015 + number % 9 if number % 3 < 2 else None,
                sections=("rocks" if number % 2 else "rocks/water",),
            )
        )
        if number % 5 == 0:
            facts[f"arxiv:{arxiv}"] = PaperFacts(
                title=f"Tremor{number}: {title} Revisited",
                authors=(f"Ana Núñez{number}", "Jo van der Berg"),
            )
    info = ListInfo(
        title="Stones",
        sections=(
            Section(id="rocks", title="Rocks", sections=(Section(id="water", title="Water"),)),
        ),
        venues={"GeoConf": ("Geo Conference",), "EGU": ()},
    )
    return Catalog(info, tuple(entries), facts)


@pytest.fixture(params=["this list", "another list"], scope="module")
def named_lookup(request: pytest.FixtureRequest, lookup: CatalogLookup) -> CatalogLookup:
    if request.param == "this list":
        return lookup
    return CatalogLookup(other_catalog(), shipped_names())


def missed(
    lookup: CatalogLookup,
    make: Callable[[Entry], Iterable[str]],
    is_meant: Callable[[Entry, Entry], bool],
) -> list[str]:
    """The queries whose first result is not a paper that is meant."""
    wrong = []
    for entry in lookup.catalog.entries:
        for text in make(entry):
            answer = lookup.answer(text, limit=1)
            if not answer.results or not is_meant(entry, answer.results[0]):
                wrong.append(f"{text} -> {answer.results[0].title if answer.results else None}")
    return wrong


def same_name(entry: Entry, other: Entry) -> bool:
    keys = {compact(entry.name or entry.title)}
    return bool(keys & {compact(other.name or other.title), compact(other.title)})


def test_a_name_comes_first_with_its_edition_another_or_none(named_lookup: CatalogLookup) -> None:
    def queries(entry: Entry) -> Iterator[str]:
        if name := entry.name:
            own = " ".join(str(part) for part in (entry.venue, entry.year) if part)
            yield from (f"{name} {edition}".strip() for edition in (own, *EDITIONS))
            yield from (f"the {name} paper", f"what is {name}?", f"{name.lower()} pdf")

    assert not missed(named_lookup, queries, same_name)


def test_a_name_with_any_part_of_its_title_comes_first(named_lookup: CatalogLookup) -> None:
    chance = Random(7)

    def queries(entry: Entry) -> Iterator[str]:
        if name := entry.name:
            words = entry.title.removeprefix(f"{name}: ").split()
            for _ in range(2):
                start = chance.randrange(len(words))
                part = " ".join(words[start : start + chance.randint(1, 4)])
                yield from (f"{name}: {part}", f"{name} {part.lower()}")

    assert not missed(named_lookup, queries, same_name)


def test_a_text_that_holds_a_name_in_its_spelling_is_never_without_a_result(
    named_lookup: CatalogLookup,
) -> None:
    """Whatever else the text says; only a name that is typed as an everyday word may be one."""

    def queries(entry: Entry) -> Iterator[str]:
        if name := entry.name:
            yield f"yesterday Xqzv said {name} beats Wqzj on qwxz hardware"

    assert not missed(named_lookup, queries, same_name)


def test_a_whole_title_comes_first_also_with_a_slip(named_lookup: CatalogLookup) -> None:
    chance = Random(11)

    def queries(entry: Entry) -> Iterator[str]:
        yield from (entry.title, entry.title.lower(), entry.title.replace(":", ""))
        words = entry.title.split()
        longest = max(words, key=len)
        if len(words) > 3 and len(longest) > 5:
            yield entry.title.replace(longest, slip(chance, longest), 1)

    def is_same(entry: Entry, other: Entry) -> bool:
        return compact(entry.title) == compact(other.title)

    assert not missed(named_lookup, queries, is_same)


def test_every_form_of_an_id_comes_first_anywhere_in_a_text(named_lookup: CatalogLookup) -> None:
    def queries(entry: Entry) -> Iterator[str]:
        if arxiv := entry.arxiv:
            yield from (
                arxiv,
                f"{arxiv}v2",
                f"arXiv:{arxiv}v3 [cs.DC] 6 Jun 2024",
                f"have you read https://arxiv.org/pdf/{arxiv}v1.pdf?",
                f"<https://arxiv.org/abs/{arxiv}|{arxiv}>",
                f"https://www.alphaxiv.org/abs/{arxiv}",
                f"https://ar5iv.labs.arxiv.org/html/{arxiv}",
                f"https://huggingface.co/papers/{arxiv}",
                f"https://papers.cool/arxiv/{arxiv}",
                f"https://api.semanticscholar.org/arXiv:{arxiv}",
                f"https://doi.org/10.48550/arXiv.{arxiv}",
            )
        if doi := entry.doi:
            yield from (doi, f"doi: {doi}.", f"(https://dl.acm.org/doi/abs/{doi})")

    def is_same(entry: Entry, other: Entry) -> bool:
        return (entry.arxiv, entry.doi) == (other.arxiv, other.doi)

    assert not missed(named_lookup, queries, is_same)


def test_every_style_of_citation_finds_its_paper(named_lookup: CatalogLookup) -> None:
    def queries(entry: Entry) -> Iterator[str]:
        title, year, venue = entry.title, entry.year or 2024, entry.venue or "Proc. of the VLDB"
        if len(title) < 25 or len(title) % 3:
            return
        many = ", ".join(f"Family{number}, A. B." for number in range(30))
        yield f"@inproceedings{{x24, author={{Doe, Jo}}, title={{{{{title}}}}}, year={{{year}}}}}"
        yield f"TY  - CONF AU  - Doe, J TI  - {title} PY  - {year} ER  -"
        yield f"{many}, & Doe, J. ({year}). {title.capitalize()}. In {venue} (pp. 1-12)."
        yield f'Doe, Jo, et al. "{title}." {venue} 5 ({year}): 606-624.'
        yield f"Jo Doe and Ann Roe. {year}. {title}. In {venue}. ACM, New York, NY, USA, 1–16."

    def is_same(entry: Entry, other: Entry) -> bool:
        return compact(entry.title) == compact(other.title)

    assert not missed(named_lookup, queries, is_same)


def test_a_present_title_and_its_name_find_the_paper(named_lookup: CatalogLookup) -> None:
    facts = named_lookup.catalog.facts

    def queries(entry: Entry) -> Iterator[str]:
        known = facts.get(f"arxiv:{entry.arxiv}")
        if known and known.title:
            yield known.title
            name = known.title.split(": ")[0]
            if name != known.title:
                yield from (name, f"{name} ICML 2024")

    assert not missed(named_lookup, queries, same_name)


def test_an_author_is_found_in_every_form(named_lookup: CatalogLookup) -> None:
    catalog = named_lookup.catalog
    wrong = []
    for entry in catalog.entries:
        known = catalog.facts.get(f"arxiv:{entry.arxiv}")
        for name in known.authors[:6] if known else ():
            first, *_, last = name.replace(".", "").split() if " " in name else (name, name)
            forms = (name, f"{last} {first}", f"{first[0]}. {last}", f"papers by {name.lower()}",
                     f'author:"{name}"', f"{last} et al.")  # fmt: skip
            wrong += [form for form in forms if entry not in named_lookup.answer(form).results]
    assert not wrong


@pytest.mark.parametrize("today", [dt.date(2024, 6, 1), dt.date(2026, 11, 24)])
def test_this_year_is_the_year_of_the_day(lookup: CatalogLookup, today: dt.date) -> None:
    answer = lookup.answer("training papers of this year", today=today)
    assert answer.results
    if today.year == 2024:
        assert answer.complete
    else:
        assert "Nothing of these years" in answer.message
