"""Laws of the lookup service: edits are served within a second, broken lists are not."""

import shutil
from pathlib import Path

import pytest

from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import CatalogError
from bot.lookup.service import REFRESH_SECONDS, LookupService
from tests.conftest import DATA


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


def test_a_folder_without_a_list_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="papers import"):
        LookupService(tmp_path, shipped_names(), Clock())
