"""Laws of changes to a list: applying one twice has no further effect, and undo restores all."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.change import Change, apply, is_done
from bot.catalog.model import Catalog, Entry
from bot.catalog.yaml.edit import apply_to_folder, edit_data
from bot.catalog.yaml.read import CatalogError, read_catalog, read_texts

LIST = """\
title: Small List  # ours
sections:
  - id: serving
    title: Serving
    sections: [{id: edge, title: Edge}]
  - {id: training, title: Training}
"""
SERVING = """\
# serving papers

- title: "Alpha: the first paper"   # a favourite
  url: https://a.example/alpha
  sections: [serving]
# --- edge ---
- title: Gamma on quite small machines
  url: https://a.example/gamma
  sections: [serving/edge]
"""
TEXTS = {
    "list.yaml": LIST,
    "papers/serving.yaml": SERVING,
    "papers/training.yaml": "# none yet\n[]\n",
}
HOMES = ["serving", "serving/edge", "training"]
NEW = Entry(
    title="Omega: the last of papers",
    url="https://a.example/omega",
    sections=("serving",),
    added=dt.date(2026, 1, 2),
    by="suggestion-1",
)
ADDITION = Change(before=None, after=NEW)


def edited(texts: Mapping[str, str], *changes: Change) -> dict[str, str]:
    result = dict(texts)
    for change in changes:
        result.update(edit_data(result.get, change))
    return result


def catalog_of(texts: Mapping[str, str]) -> Catalog:
    loaded = read_texts(texts.get)
    assert not loaded.problems
    return loaded.catalog


def write_folder(folder: Path, texts: Mapping[str, str] = TEXTS) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def test_an_addition_is_undone_by_its_reverse() -> None:
    """Both the files and the list in memory are as before."""
    with_it = edited(TEXTS, ADDITION)
    assert with_it["papers/serving.yaml"].count("\n") == SERVING.count("\n") + 5
    assert edited(with_it, ADDITION.reverse) == TEXTS
    assert apply(catalog_of(TEXTS), ADDITION) == catalog_of(with_it)
    assert apply(catalog_of(with_it), ADDITION.reverse) == catalog_of(TEXTS)


@pytest.mark.parametrize(
    "other",
    [
        replace(NEW, title="Renamed by hand", url="https://b.example/else"),
        replace(NEW, by=None, added=None, sections=("training",)),
        replace(NEW, by="suggestion-2", url="https://a.example/omega?utm_source=x"),
    ],
    ids=["the same suggestion", "added by hand", "another suggestion"],
)
def test_a_paper_that_is_on_the_list_is_not_added_again(other: Entry) -> None:
    """A paper is listed once, and a person's edit is right."""
    texts = edited(TEXTS, Change(before=None, after=other))
    assert is_done(catalog_of(texts), ADDITION)
    assert not edit_data(texts.get, ADDITION)
    assert apply(catalog_of(texts), ADDITION) == catalog_of(texts)


def test_an_undo_does_not_remove_an_entry_added_by_hand() -> None:
    """An approval that added nothing has nothing to undo."""
    by_hand = edited(TEXTS, Change(before=None, after=replace(NEW, by=None)))
    assert edited(by_hand, ADDITION, ADDITION.reverse) == by_hand


@pytest.mark.parametrize(
    ("what", "became"),
    [('"Omega: the last of papers"', "Omega renamed"), ("url: https://a.example/o", "u: o")],
    ids=["edited", "broken"],
)
def test_an_undo_removes_the_entry_even_if_a_person_edited_or_broke_it(
    what: str, became: str
) -> None:
    """The entry is found by its suggestion; repeating the addition adds no second entry."""
    texts = edited(TEXTS, ADDITION)
    assert what in texts["papers/serving.yaml"]
    texts["papers/serving.yaml"] = texts["papers/serving.yaml"].replace(what, became)
    assert edited(texts, ADDITION) == texts
    assert edited(texts, ADDITION.reverse) == TEXTS


def test_an_undone_removal_lists_the_paper_again() -> None:
    """An entry without a suggestion is found by all of its values; it returns as the last one."""
    alpha = catalog_of(TEXTS).entries[0]
    removal = Change(before=alpha, after=None)
    removed = edited(TEXTS, removal)
    assert alpha not in catalog_of(removed).entries
    assert is_done(catalog_of(removed), removal)
    assert apply(catalog_of(TEXTS), removal) == catalog_of(removed)
    assert alpha in catalog_of(edited(removed, removal.reverse)).entries


def test_a_corrected_entry_keeps_its_place_and_its_undo_too() -> None:
    alpha = catalog_of(TEXTS).entries[0]
    change = Change(before=alpha, after=replace(alpha, venue="OSDI", year=2024))
    corrected = edited(TEXTS, change)
    assert corrected["papers/serving.yaml"] == SERVING.replace(
        "alpha\n", "alpha\n  venue: OSDI\n  year: 2024\n"
    )
    assert apply(catalog_of(TEXTS), change) == catalog_of(corrected)
    assert is_done(catalog_of(corrected), change)
    assert edited(corrected, change) == corrected
    assert edited(corrected, change.reverse) == TEXTS


def test_a_correction_is_done_if_a_person_has_edited_the_entry() -> None:
    """The person is right; nothing is left to correct."""
    alpha = catalog_of(TEXTS).entries[0]
    change = Change(before=alpha, after=replace(alpha, year=2024))
    corrected_by_hand = edited(TEXTS, Change(before=alpha, after=replace(alpha, year=2022)))
    assert is_done(catalog_of(corrected_by_hand), change)
    assert edited(corrected_by_hand, change) == corrected_by_hand


@pytest.mark.parametrize("home", ["serving/edge", "training"])
def test_a_correction_can_move_an_entry_to_another_section(home: str) -> None:
    """It becomes the last of that section, in the same file or another."""
    texts = edited(TEXTS, ADDITION)
    change = Change(before=NEW, after=replace(NEW, sections=(home, "serving")))
    moved = edited(texts, change)
    assert apply(catalog_of(texts), change) == catalog_of(moved)
    assert edited(moved, change.reverse) == texts
    assert edited(moved, Change(before=change.after, after=None)) == TEXTS


def test_a_move_interrupted_between_two_files_is_completed_when_repeated(tmp_path: Path) -> None:
    """The paper is listed at any time; after the repetition it is listed once."""
    texts = edited(TEXTS, ADDITION)
    moved = replace(NEW, sections=("training",))
    change = Change(before=NEW, after=moved)
    first, second = edit_data(texts.get, change).items()
    assert (first[0], second[0]) == ("papers/training.yaml", "papers/serving.yaml")
    folder = write_folder(tmp_path, {**texts, first[0]: first[1]})
    assert not is_done(read_catalog(folder).catalog, change)
    assert apply_to_folder(folder, change)
    assert read_catalog(folder).catalog == catalog_of(edited(texts, change))
    assert not apply_to_folder(folder, change)


def test_a_repeated_change_writes_no_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    assert apply_to_folder(folder, ADDITION)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert not apply_to_folder(folder, ADDITION)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == after
    assert len(after) == len(TEXTS)


def test_a_new_papers_file_names_its_schema_for_editors() -> None:
    texts = {name: text for name, text in TEXTS.items() if "training" not in name}
    with_it = edited(texts, Change(before=None, after=replace(NEW, sections=("training",))))
    assert with_it["papers/training.yaml"].startswith("# yaml-language-server: $schema=../schema/")
    assert len(catalog_of(with_it).entries) == 3


def test_a_missing_section_is_an_error_with_a_remedy() -> None:
    lost = Change(before=None, after=replace(NEW, sections=("serving/lost",)))
    for act in (lambda: apply(catalog_of(TEXTS), lost), lambda: edit_data(TEXTS.get, lost)):
        with pytest.raises(CatalogError, match=r"no section serving/lost.*another section"):
            act()


def test_a_broken_file_is_an_error_that_names_it_and_nothing_is_written(tmp_path: Path) -> None:
    """An undo in a broken file is not done; it can be repeated."""
    folder = write_folder(tmp_path, {**TEXTS, "papers/serving.yaml": "- title: [\n"})
    for change in (ADDITION, ADDITION.reverse):
        with pytest.raises(CatalogError, match=r"papers/serving\.yaml: .*not valid YAML"):
            apply_to_folder(folder, change)
    assert (folder / "papers/serving.yaml").read_text() == "- title: [\n"


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Approvals, undos and corrections in any order; some are repeated."""
    changes: list[Change] = []
    listed: dict[int, Entry] = {}
    for _ in range(draw(st.integers(1, 12))):
        number = draw(st.integers(1, 4))
        if number not in listed:
            entry = Entry(
                title=f"Paper number {['one', 'two', 'three', 'four'][number - 1]} of them all",
                url=f"https://arxiv.org/abs/2401.0000{number}",
                arxiv=f"2401.0000{number}",
                sections=tuple(
                    draw(st.lists(st.sampled_from(HOMES), min_size=1, max_size=2, unique=True))
                ),
                by=f"suggestion-{number}",
            )
            changes.append(Change(before=None, after=entry))
            listed[number] = entry
        elif draw(st.booleans()):
            changes.append(Change(before=listed.pop(number), after=None))
        else:
            new = replace(listed[number], year=draw(st.integers(2000, 2005)))
            changes.append(Change(before=listed[number], after=new))
            listed[number] = new
        changes += changes[-1:] * draw(st.integers(0, 1))
    return changes


def remaining_additions(changes: Sequence[Change]) -> list[Change]:
    """The additions that remain of a history: each listed paper in its corrected form."""
    listed: dict[str | None, Entry] = {}
    for change in changes:
        if change.after is None and change.before:
            listed.pop(change.before.by, None)
        elif change.after:
            listed[change.after.by] = change.after
    return [Change(before=None, after=entry) for entry in listed.values()]


@given(histories())
def test_a_history_gives_the_same_files_as_its_remaining_additions_alone(
    changes: list[Change],
) -> None:
    """Every byte is the same; the list in memory agrees with the files."""
    texts = edited(TEXTS, *changes)
    assert texts == edited(TEXTS, *remaining_additions(changes))
    catalog = catalog_of(TEXTS)
    for change in changes:
        catalog = apply(catalog, change)
        assert is_done(catalog, change)
    assert catalog == catalog_of(texts)
