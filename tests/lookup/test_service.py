"""Laws of the lookup service: edits are served within a second, broken lists are not."""

import os
import shutil
from pathlib import Path

import pytest

from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import CatalogError
from bot.lookup.service import REFRESH_SECONDS, LookupService
from tests.conftest import DATA

BOMB = "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 20))
BROKEN = {
    "deep": "[" * 50_000,
    "deep in blocks": "- " * 50_000,
    "deep in keys": "? " * 50_000,
    "aliases": f"a0: &a0 x\n{BOMB}",
    "merged keys": "- &a {title: A}\n- <<: *a\n",
    "within itself": "- &a [*a]",
    "a long number": f"- title: {'9' * 5_000}",
    "a number of sixties": f"year: 1{':1' * 100_000}",
    "a half number": "title: !!int x",
    "half": "title: [",
    "tabs": "\t\ttitle: x",
    "NUL": "title: \x00",
    "another type": "!!python/object:os.system {}",
    "binary": "title: !!binary é",
    "a date": "title: 2024-99-99",
    "a scalar": "nothing",
    "a list of keys": "{[a]: b, {c: d}: e}",
    "two documents": "- title: A\n---\n- title: B\n",
    "many tokens": "- [" + "{a: b}, " * 100_000,
}  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def test_an_edit_is_served_after_the_next_check_of_the_files(folder: Path) -> None:
    clock = Clock()
    service = LookupService(folder, shipped_names(), clock)
    path = folder / "papers" / "survey-paper.yaml"
    path.write_text(path.read_text() + "- title: A Brand New Survey\n  sections: [survey-paper]\n")
    assert service.current().answer("brand new survey").complete == 0
    clock.now += REFRESH_SECONDS
    assert service.current().answer("brand new survey").results[0].title == "A Brand New Survey"
    assert REFRESH_SECONDS <= 1


def test_an_unchanged_list_is_not_read_again(folder: Path) -> None:
    clock = Clock()
    service = LookupService(folder, shipped_names(), clock)
    before = service.current()
    clock.now += 10
    assert service.current() is before


def test_a_broken_entry_is_left_out_and_a_broken_list_is_not_served(folder: Path) -> None:
    """While `list.yaml` is broken, the last readable list is served."""
    clock = Clock()
    service = LookupService(folder, shipped_names(), clock)
    path = folder / "papers" / "survey-paper.yaml"
    path.write_text(path.read_text() + "- title: Half\n  arxiv: 2401.1\n")
    clock.now += REFRESH_SECONDS
    assert service.current().answer("survey").total == 4
    (folder / "list.yaml").write_text("title: [")
    clock.now += REFRESH_SECONDS
    assert service.current().answer("survey").total == 4


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("file", ["list.yaml", "papers/survey-paper.yaml"])
def test_a_file_that_an_edit_broke_is_served_as_it_was_before(
    folder: Path, file: str, broken: str
) -> None:
    clock = Clock()
    service = LookupService(folder, shipped_names(), clock)
    path, before = folder / file, (folder / file).read_text()
    path.write_text(broken)
    clock.now += REFRESH_SECONDS
    assert service.current().answer("survey").total == 4
    assert service.problem
    assert file in service.problem
    assert "papers check" in service.problem
    path.write_text(before)
    clock.now += REFRESH_SECONDS
    assert service.current().answer("survey").total == 4
    assert service.problem is None


def test_what_cannot_be_read_as_a_file_is_served_as_it_was_before(folder: Path) -> None:
    clock = Clock()
    service = LookupService(folder, shipped_names(), clock)
    for name in ("list.yaml", "papers/survey-paper.yaml"):
        text = (folder / name).read_bytes()
        for replaced in (_loop, Path.mkdir, os.mkfifo):
            (folder / name).unlink()
            replaced(folder / name)
            clock.now += REFRESH_SECONDS
            assert service.current().answer("survey").total == 4
            assert service.problem
            (folder / name).rmdir() if (folder / name).is_dir() else (folder / name).unlink()
            (folder / name).write_bytes(text)


def _loop(path: Path) -> None:
    path.symlink_to(path)


def test_edits_of_other_files_are_served_from_the_start_beside_a_broken_one(folder: Path) -> None:
    clock = Clock()
    (folder / "papers" / "survey-paper.yaml").write_text("[" * 1_000)
    service = LookupService(folder, shipped_names(), clock)
    assert service.problem
    path = folder / "papers" / "llm-frameworks.yaml"
    path.write_text(path.read_text() + "- title: Brand New\n  sections: [llm-frameworks]\n")
    clock.now += REFRESH_SECONDS
    assert service.current().answer("brand new").results[0].title == "Brand New"


def test_a_folder_without_a_list_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="papers import"):
        LookupService(tmp_path, shipped_names(), Clock())
