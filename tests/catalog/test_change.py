"""Laws of changes to a list: done once however often made, undone without a trace."""

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


def made(texts: Mapping[str, str], *changes: Change) -> dict[str, str]:
    found = dict(texts)
    for change in changes:
        found.update(edit_data(found.get, change))
    return found


def catalog_of(texts: Mapping[str, str]) -> Catalog:
    loaded = read_texts(texts.get)
    assert not loaded.problems
    return loaded.catalog


def folder_of(folder: Path, texts: Mapping[str, str] = TEXTS) -> Path:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def test_an_addition_is_undone_by_its_reverse() -> None:
    """The file, and the list in memory, are as if it had never been."""
    with_it = made(TEXTS, ADDITION)
    assert with_it["papers/serving.yaml"].count("\n") == SERVING.count("\n") + 5
    assert made(with_it, ADDITION.reverse) == TEXTS
    assert apply(catalog_of(TEXTS), ADDITION) == catalog_of(with_it)
    assert apply(catalog_of(with_it), ADDITION.reverse) == catalog_of(TEXTS)


@pytest.mark.parametrize(
    "other",
    [
        replace(NEW, title="Renamed by hand", url="https://b.example/else"),
        replace(NEW, by=None, added=None, sections=("training",)),
        replace(NEW, by="suggestion-2", url="https://a.example/omega?utm_source=x"),
    ],
    ids=["the same suggestion", "put there by hand", "another suggestion's"],
)
def test_a_paper_that_is_on_the_list_is_not_added_again(other: Entry) -> None:
    """Law 4: a paper is one paper, and a person's edit is right."""
    texts = made(TEXTS, Change(before=None, after=other))
    assert is_done(catalog_of(texts), ADDITION)
    assert not edit_data(texts.get, ADDITION)
    assert apply(catalog_of(texts), ADDITION) == catalog_of(texts)


def test_an_undo_leaves_what_a_person_had_listed() -> None:
    """Where the approval added nothing, its undo takes out nothing."""
    by_hand = made(TEXTS, Change(before=None, after=replace(NEW, by=None)))
    assert made(by_hand, ADDITION, ADDITION.reverse) == by_hand


@pytest.mark.parametrize(
    ("what", "became"),
    [('"Omega: the last of papers"', "Omega renamed"), ("url: https://a.example/o", "u: o")],
    ids=["edited", "broken"],
)
def test_an_undo_finds_what_a_person_has_edited_or_broken(what: str, became: str) -> None:
    """The entry carries its suggestion; made again, the addition sees that it is there."""
    texts = made(TEXTS, ADDITION)
    assert what in texts["papers/serving.yaml"]
    texts["papers/serving.yaml"] = texts["papers/serving.yaml"].replace(what, became)
    assert made(texts, ADDITION) == texts
    assert made(texts, ADDITION.reverse) == TEXTS


def test_a_removal_and_its_undo() -> None:
    """A listed paper without suggestion is known by all that it says; it comes back at the end."""
    alpha = catalog_of(TEXTS).entries[0]
    removal = Change(before=alpha, after=None)
    gone = made(TEXTS, removal)
    assert alpha not in catalog_of(gone).entries
    assert is_done(catalog_of(gone), removal)
    assert apply(catalog_of(TEXTS), removal) == catalog_of(gone)
    assert alpha in catalog_of(made(gone, removal.reverse)).entries


def test_a_correction_stays_where_it_is_and_is_undone_in_place() -> None:
    alpha = catalog_of(TEXTS).entries[0]
    change = Change(before=alpha, after=replace(alpha, venue="OSDI", year=2024))
    corrected = made(TEXTS, change)
    assert corrected["papers/serving.yaml"] == SERVING.replace(
        "alpha\n", "alpha\n  venue: OSDI\n  year: 2024\n"
    )
    assert apply(catalog_of(TEXTS), change) == catalog_of(corrected)
    assert is_done(catalog_of(corrected), change)
    assert made(corrected, change) == corrected
    assert made(corrected, change.reverse) == TEXTS


def test_a_correction_of_what_a_person_has_corrected_is_done() -> None:
    """The person was right; there is nothing left to correct."""
    alpha = catalog_of(TEXTS).entries[0]
    change = Change(before=alpha, after=replace(alpha, year=2024))
    edited = made(TEXTS, Change(before=alpha, after=replace(alpha, year=2022)))
    assert is_done(catalog_of(edited), change)
    assert made(edited, change) == edited


@pytest.mark.parametrize("home", ["serving/edge", "training"])
def test_a_correction_may_move_a_paper(home: str) -> None:
    """To the end of another section, in this file or another one."""
    texts = made(TEXTS, ADDITION)
    change = Change(before=NEW, after=replace(NEW, sections=(home, "serving")))
    moved = made(texts, change)
    assert apply(catalog_of(texts), change) == catalog_of(moved)
    assert made(moved, change.reverse) == texts
    assert made(moved, Change(before=change.after, after=None)) == TEXTS


def test_a_move_that_was_cut_off_between_two_files_is_finished(tmp_path: Path) -> None:
    """At no moment is the paper off the list; repeated, it is listed once."""
    texts = made(TEXTS, ADDITION)
    moved = replace(NEW, sections=("training",))
    change = Change(before=NEW, after=moved)
    first, second = edit_data(texts.get, change).items()
    assert (first[0], second[0]) == ("papers/training.yaml", "papers/serving.yaml")
    folder = folder_of(tmp_path, {**texts, first[0]: first[1]})
    assert not is_done(read_catalog(folder).catalog, change)
    assert apply_to_folder(folder, change)
    assert read_catalog(folder).catalog == catalog_of(made(texts, change))
    assert not apply_to_folder(folder, change)


def test_a_folder_is_changed_once(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    assert apply_to_folder(folder, ADDITION)
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert not apply_to_folder(folder, ADDITION)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == after
    assert len(after) == len(TEXTS)


def test_a_top_section_without_file_gets_one_that_editors_understand() -> None:
    texts = {name: text for name, text in TEXTS.items() if "training" not in name}
    with_it = made(texts, Change(before=None, after=replace(NEW, sections=("training",))))
    assert with_it["papers/training.yaml"].startswith("# yaml-language-server: $schema=../schema/")
    assert len(catalog_of(with_it).entries) == 3


def test_a_section_that_is_gone_is_named_with_what_to_do() -> None:
    lost = Change(before=None, after=replace(NEW, sections=("serving/lost",)))
    for act in (lambda: apply(catalog_of(TEXTS), lost), lambda: edit_data(TEXTS.get, lost)):
        with pytest.raises(CatalogError, match=r"no section serving/lost.*another section"):
            act()


def test_a_file_that_is_broken_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    """An undo in a file that says nothing is not done: it is to be tried again."""
    folder = folder_of(tmp_path, {**TEXTS, "papers/serving.yaml": "- title: [\n"})
    for change in (ADDITION, ADDITION.reverse):
        with pytest.raises(CatalogError, match=r"papers/serving\.yaml: .*not valid YAML"):
            apply_to_folder(folder, change)
    assert (folder / "papers/serving.yaml").read_text() == "- title: [\n"


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Approvals, their undos and corrections, in any order; some made twice or approved again."""
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


def remaining(changes: Sequence[Change]) -> list[Change]:
    """What is left of a history: the last approval of each paper that is listed, as corrected."""
    left: dict[str | None, Entry] = {}
    for change in changes:
        if change.after is None and change.before:
            left.pop(change.before.by, None)
        elif change.after:
            left[change.after.by] = change.after
    return [Change(before=None, after=entry) for entry in left.values()]


@given(histories())
def test_a_history_leaves_what_only_its_remaining_approvals_leave(changes: list[Change]) -> None:
    """Byte for byte; and the list in memory takes the same way."""
    texts = made(TEXTS, *changes)
    assert texts == made(TEXTS, *remaining(changes))
    catalog = catalog_of(TEXTS)
    for change in changes:
        catalog = apply(catalog, change)
        assert is_done(catalog, change)
    assert catalog == catalog_of(texts)
