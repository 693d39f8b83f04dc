"""Laws of a merge: existing text stays, byte for byte, and additions are put in their places."""

from pathlib import Path

import pytest

from bot.catalog.markdown.importer import import_list, merge
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.model import Entry
from bot.catalog.names import KnownNames, shipped_names
from bot.catalog.yaml.edit import merge_catalog
from bot.catalog.yaml.read import CatalogError, read_catalog
from bot.catalog.yaml.write import write_catalog

LIST = """\
# kept by hand: do not sort
title: Small List
introduction: A list.
sections:
  # the order matters
  - id: serving
    title: Serving   # the big one
    sections:
      - {id: edge, title: Edge, aliases: [on-device]}
  - {id: training, title: Training}
venues:
  SOSP: [ACM SOSP]
  # systems first
  ASPLOS: []
orgs: {CMU: []}
budget: 7
"""
SERVING = """\
# serving papers

- title: "Alpha: the first"   # a favourite
  url: https://a.example/alpha
  sections: [serving]
# the next one is disputed
- title: Beta of the fast kernels
  url: https://a.example/beta
  sections: [serving]

# --- edge ---
- title: Gamma on small machines
  url: https://a.example/gamma
  sections: [serving/edge]
"""
TRAINING = "# nothing here yet\n[]\n"

NEWS = """\
# Another List

## Serving

- [Alpha](https://a.example/alpha): the first
- [Delta](https://a.example/delta): a new one | OSDI '24

### Edge

- [Epsilon](https://a.example/epsilon): small | MIT

## Training

- [Zeta](https://a.example/zeta): trained
"""


def write_folder(folder: Path, newline: str = "\n", **files: str) -> Path:
    texts = {"list": LIST, "serving": SERVING, "training": TRAINING, **files}
    (folder / "papers").mkdir(parents=True)
    for name, text in texts.items():
        path = folder / "list.yaml" if name == "list" else folder / "papers" / f"{name}.yaml"
        path.write_bytes(text.replace("\n", newline).encode())
    return folder


def merge_in(folder: Path, markdown: str) -> tuple[Entry, ...]:
    old = read_catalog(folder).catalog
    names = KnownNames.of(old.info).merged(shipped_names())
    new = import_list(read_markdown(markdown, names), names, title="x", base=old.info).catalog
    merged, added = merge(old, new)
    merge_catalog(folder, old, merged, added)
    return added


def without(text: str, added: str) -> str:
    assert added in text
    return text.replace(added, "", 1)


DELTA = """\
- title: "Delta: a new one"
  url: https://a.example/delta
  venue: OSDI
  year: 2024
  sections: [serving]
"""
EPSILON = """\
- title: "Epsilon: small"
  url: https://a.example/epsilon
  orgs: [MIT]
  sections: [serving/edge]
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_comments_order_and_line_ends_survive_a_merge(tmp_path: Path, newline: str) -> None:
    folder = write_folder(tmp_path / "data", newline)
    added = merge_in(folder, NEWS)
    assert [entry.title for entry in added] == [
        "Delta: a new one",
        "Epsilon: small",
        "Zeta: trained",
    ]
    text = (folder / "papers/serving.yaml").read_bytes().decode()
    assert text.count("\r\n") == (text.count("\n") if newline == "\r\n" else 0)
    text = text.replace("\r\n", "\n")
    assert without(without(text, DELTA), EPSILON) == SERVING
    info = (folder / "list.yaml").read_bytes().decode()
    assert info.count("\r\n") == (info.count("\n") if newline == "\r\n" else 0)
    for line in LIST.splitlines():
        assert line in info.splitlines() or line.startswith("orgs"), line


def test_new_entries_are_the_last_of_their_section(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    merge_in(folder, NEWS)
    loaded = read_catalog(folder)
    assert not loaded.problems
    assert [(entry.title.split(":")[0], entry.home) for entry in loaded.catalog.entries] == [
        ("Alpha", "serving"),
        ("Beta of the fast kernels", "serving"),
        ("Delta", "serving"),
        ("Gamma on small machines", "serving/edge"),
        ("Epsilon", "serving/edge"),
        ("Zeta", "training"),
    ]


def test_a_repeated_merge_changes_nothing(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    merge_in(folder, NEWS)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    assert merge_in(folder, NEWS) == ()
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


@pytest.mark.parametrize(
    "empty", ["", "[]\n", "# only a comment\n", "# c\n[]", "# c\n\n[]\n# d\n", "~\n", "null\n"]
)
def test_an_empty_papers_file_takes_its_first_entry(tmp_path: Path, empty: str) -> None:
    folder = write_folder(tmp_path / "data", training=empty)
    merge_in(folder, NEWS)
    text = (folder / "papers/training.yaml").read_text()
    assert all(line in text for line in empty.splitlines() if line.startswith("#"))
    entries = [entry.title for entry in read_catalog(folder).catalog.entries]
    assert "Zeta: trained" in entries


def test_a_section_without_a_file_gets_one(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    (folder / "papers/training.yaml").unlink()
    merge_in(folder, NEWS)
    assert "Zeta: trained" in (folder / "papers/training.yaml").read_text()


@pytest.mark.parametrize(
    "flow",
    [
        '[{title: One, url: "https://a.example/one", sections: [training]}]\n',
        '[{title: One, sections: [training]}, {title: "Two", sections: [training]}]\n',
    ],
)
def test_entries_on_one_line_are_an_error_with_a_message(tmp_path: Path, flow: str) -> None:
    """No file is written."""
    folder = write_folder(tmp_path / "data", training=flow)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with pytest.raises(CatalogError, match="on lines of its own"):
        merge_in(folder, NEWS)
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_sections_on_one_line_are_an_error_with_a_message(tmp_path: Path) -> None:
    """No file is written."""
    flow = "title: T\nsections: [{id: serving, title: Serving}, {id: training, title: Training}]\n"
    one = "- title: One paper\n  url: https://a.example/1\n  sections: [serving]\n"
    folder = write_folder(tmp_path / "data", list=flow, serving=one)
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    with pytest.raises(CatalogError, match="each on its own"):
        merge_in(folder, "# L\n\n## New\n\n- [Theta](https://a.example/theta)\n")
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_new_sections_are_the_last_of_their_siblings_and_comments_stay(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "data")
    news = "# L\n\n## Serving\n\n### Agents\n\n- [Eta](https://a.example/eta)\n\n"
    news += "## Training\n\n### Faults\n\n- [Theta](https://a.example/theta)\n\n"
    news += "## Surveys\n\n- [Iota](https://a.example/iota)\n"
    merge_in(folder, news)
    loaded = read_catalog(folder)
    assert not loaded.problems
    assert list(loaded.catalog.places) == [
        "serving",
        "serving/edge",
        "serving/agents",
        "training",
        "training/faults",
        "surveys",
    ]
    text = (folder / "list.yaml").read_text()
    for comment in ("# kept by hand", "# the order matters", "# the big one", "# systems first"):
        assert comment in text
    assert "aliases: [on-device]" in text


def test_new_names_are_added_below_the_others(tmp_path: Path) -> None:
    """The order of the existing names stays."""
    folder = write_folder(tmp_path / "data")
    merge_in(folder, NEWS)
    info = read_catalog(folder).catalog.info
    assert list(info.venues) == ["SOSP", "ASPLOS", "OSDI"]
    assert list(info.orgs) == ["CMU", "MIT"]
    assert (info.budget, info.title) == (7, "Small List")


def test_names_are_added_to_a_list_without_names(tmp_path: Path) -> None:
    bare = LIST[: LIST.index("venues:")].rstrip("\n")
    folder = write_folder(tmp_path / "data", list=bare)
    merge_in(folder, NEWS)
    info = read_catalog(folder).catalog.info
    assert (list(info.venues), list(info.orgs)) == (["OSDI"], ["MIT"])


def test_a_replacement_keeps_ids_aliases_and_settings_and_drops_old_files(tmp_path: Path) -> None:
    """`--replace` replaces entries, not the configuration."""
    folder = write_folder(tmp_path / "data")
    base = read_catalog(folder).catalog.info
    names = KnownNames.of(base).merged(shipped_names())
    news = NEWS[: NEWS.index("## Training")]
    imported = import_list(read_markdown(news, names), names, title="x", base=base)
    write_catalog(folder, imported.catalog)
    loaded = read_catalog(folder)
    assert not loaded.problems
    assert [entry.title for entry in loaded.catalog.entries] == [
        "Alpha: the first",
        "Delta: a new one",
        "Epsilon: small",
    ]
    info = loaded.catalog.info
    assert (info.budget, info.sections[0].sections[0].aliases) == (7, ("on-device",))
    assert not (folder / "papers/training.yaml").exists()
