"""Laws of the facts file: what recordings prove of listed papers, and nothing else."""

import datetime as dt
import json
from pathlib import Path

import pytest

from bot.catalog.facts import PaperFacts, merge_facts
from bot.catalog.identity import facts_of, year_of
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.facts import facts_text, read_facts
from bot.catalog.yaml.read import read_catalog
from bot.discovery.author_names import NameForms
from bot.discovery.facts_file import update_facts

TODAY = dt.date(2026, 11, 24)
LISTED = """
- {title: "Owl: Night Vision for Small Birds", url: "https://arxiv.org/abs/2401.00001", arxiv: "2401.00001", sections: [birds]}
- {title: "Wren: Songs of the Reeds", url: "https://arxiv.org/abs/2401.00002", arxiv: "2401.00002", sections: [birds]}
"""  # noqa: E501  # one entry a line


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "papers").mkdir()
    (tmp_path / "list.yaml").write_text("title: Birds\nsections: [{id: birds, title: Birds}]\n")
    (tmp_path / "papers" / "birds.yaml").write_text(LISTED)
    return tmp_path


def recording(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "recording.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("written", "names", "has_more"),
    [
        (["Li Zhuohan", "Ré Christopher"], ("Zhuohan Li", "Christopher Ré"), False),
        (["Li Zhuohan", "Del Giorno Allie"], ("Zhuohan Li", "Allie Del Giorno"), False),
        (["Zhuohan Li et al."], ("Zhuohan Li",), True),
        (["Zhuohan Li", "et al."], ("Zhuohan Li",), True),
        (["Zhuohan Li", "Christo"], ("Zhuohan Li",), True),
        (["[zhuohan Li", "ann Unseen", ""], ("Zhuohan Li", "Ann Unseen"), True),
        (['"Tri Dao', 'Christopher R\\xE9"'], ("Tri Dao", "Christopher Ré"), False),
        (["Ann Unseen", "Bo Unseen"], ("Ann Unseen", "Bo Unseen"), False),
    ],
)
def test_names_are_put_right_where_other_lists_prove_their_form(
    written: list[str], names: tuple[str, ...], has_more: object
) -> None:
    forms = NameForms([["Zhuohan Li", "Christopher Ré"], ["Zhuohan Li"], written])
    repaired = forms.repair(written)
    assert (repaired.names, repaired.has_more) == (names, has_more)


def test_facts_are_those_of_the_same_paper_alone(folder: Path) -> None:
    path = recording(
        folder,
        {"id": "2401.00001", "title": "Owl2: Night Vision for Small Birds", "authors": ["A Bee"]},
        {"id": "2401.00002", "title": "A Theory of Cement", "authors": ["C Dee"]},
        {"id": "2401.00009", "title": "Not on the list", "authors": ["E Eff"]},
    )
    assert update_facts(folder, [path], (), "arXiv", TODAY) == (1, 1)
    owl, wren = read_catalog(folder).catalog.entries
    catalog = read_catalog(folder).catalog
    facts = facts_of(catalog, owl)
    assert (facts.title, facts.authors) == ("Owl2: Night Vision for Small Birds", ("A Bee",))
    assert facts.sources == {"arXiv": TODAY}
    assert facts_of(catalog, wren) == PaperFacts()


def test_a_second_run_with_the_same_facts_changes_no_byte(folder: Path) -> None:
    path = recording(
        folder,
        {"id": "2401.00001", "title": "Owl: Night Vision for Small Birds", "authors": ["A Bee"]},
    )
    update_facts(folder, [path], (), "arXiv", TODAY)
    before = (folder / "facts.yaml").read_text()
    assert update_facts(folder, [path], (), "arXiv", TODAY + dt.timedelta(9)) == (1, 0)
    assert (folder / "facts.yaml").read_text() == before


def test_what_a_person_wrote_into_the_file_stays() -> None:
    mine = PaperFacts(authors=("Ann Bee",), categories=("cs.DC",))
    assert merge_facts(mine, PaperFacts(authors=("A Bee", "C Dee"), categories=("x",))) == mine
    cut = PaperFacts(authors=("Ann Bee",), more_authors=True)
    whole = PaperFacts(authors=("Ann Bee", "C Dee"))
    assert merge_facts(cut, whole) == whole


def test_the_file_reads_back_as_it_was_written(catalog: Catalog) -> None:
    facts, problems = read_facts(facts_text(catalog.facts))
    assert facts == catalog.facts
    assert not problems
    assert len(facts) > 60


def test_a_mistake_excludes_one_paper_and_is_reported_with_its_line(folder: Path) -> None:
    text = '"arxiv:2401.00001":\n  authors: 7\n"arxiv:2401.00002":\n  year: 2024\n"x:y": {}\n'
    (folder / "facts.yaml").write_text(text)
    loaded = read_catalog(folder)
    assert [(problem.file, problem.line) for problem in loaded.problems] == [("facts.yaml", 1)]
    assert facts_of(loaded.catalog, loaded.catalog.entries[1]).year == 2024


@pytest.mark.parametrize("text", ["", "[]", "7", "a: [", '"k": 7', "&a [*a]", "k: {k: &x [*x]}"])
def test_no_file_breaks_the_list(folder: Path, text: str) -> None:
    (folder / "facts.yaml").write_text(text)
    assert len(read_catalog(folder).catalog.entries) == 2


def test_an_entrys_own_year_wins_over_its_facts_and_its_id(catalog: Catalog) -> None:
    entry = Entry(title="X", arxiv="2309.00001", sections=("s",))
    facts = {"arxiv:2309.00001": PaperFacts(year=2024)}
    assert year_of(Catalog(catalog.info, ()), entry) == 2023
    assert year_of(Catalog(catalog.info, (), facts), entry) == 2024
    stated = Entry(title="X", arxiv="2309.00001", year=2025, sections=("s",))
    assert year_of(Catalog(catalog.info, (), facts), stated) == 2025
