"""Laws of reading the files of a list that anybody may have edited."""

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.yaml.read import CatalogError, parse_info, read_catalog, read_texts
from tests.conftest import DATA

_INFO = (DATA / "list.yaml").read_text("utf-8")
_PIECES = ["- ", "? ", ": ", "[", "]", "{", "}", "&a ", "*a ", "<<: ", "!!int ", "!!float ",
           "!!set ", "!!binary ", "!!timestamp ", "!!map ", "!!null ", "---\n", "...\n", "\n",
           "  ", "|\n", "'", '"', "#", "%", "@", "2024-13-13", "1:2:3", "0x", "~", "title: ",
           "sections: ", "id: ", "title", "\u2028", "\x00", "1e999"]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a: b\nc: " + "[" * 50_000, ":2", "More than 50 levels"),
        ("a: &x b\nc: *x\n", ":2", "An alias (*x)"),
        (f"a: b\nc: {'9' * 5_000}\n", ":2", "A number of more than 100 characters"),
        (" " * 10_000_001, "", "more than 10 MB"),
    ],
)
def test_limits_are_explained_with_the_file_and_the_line(
    tmp_path: Path, text: str, place: str, reason: str
) -> None:
    (tmp_path / "list.yaml").write_text(text)
    with pytest.raises(CatalogError) as caught:
        read_catalog(tmp_path)
    assert f"list.yaml{place} " in str(caught.value)
    assert reason in str(caught.value)

    (tmp_path / "list.yaml").write_text("title: L\nsections:\n- {id: a, title: A}\n")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.yaml").write_text(text)
    loaded = read_catalog(tmp_path)
    (problem,) = loaded.problems
    assert loaded.unreadable == (problem,)
    assert str(problem).startswith(f"papers/a.yaml{place or ':1'}: error: ")
    assert reason in str(problem)


def test_text_beyond_the_bound_of_numbers_is_text(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("title: L\nsections:\n- {id: a, title: A}\n")
    (tmp_path / "papers").mkdir()
    title = "3 Words " * 30
    (tmp_path / "papers" / "a.yaml").write_text(f"- title: {title}\n  sections: [a]\n")
    assert [e.title for e in read_catalog(tmp_path).catalog.entries] == [title.strip()]


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join), st.integers(0, len(_INFO)))
def test_any_edit_is_read_or_refused_with_a_sentence(piece: str, at: int) -> None:
    edited = _INFO[:at] + piece + _INFO[at:]
    for info, papers in ((edited, ""), (_INFO, piece), (_INFO, f"- title: A\n  {piece}")):
        files = {"list.yaml": info, "papers/survey-paper.yaml": papers}
        for act in (partial(read_texts, files.get), partial(parse_info, info, "list.yaml")):
            try:
                act()
            except CatalogError as error:
                assert str(error).endswith((".", "?"))  # noqa: PT017  # not every edit is an error
