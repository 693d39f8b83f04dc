"""Laws of edits in a Markdown list: a new line follows its style, and every other byte stays."""

from dataclasses import replace
from difflib import ndiff

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalog.change import Change, apply
from bot.catalog.markdown.edit import edit_markdown
from bot.catalog.markdown.export import export_list
from bot.catalog.markdown.importer import import_list
from bot.catalog.markdown.parse import read_markdown
from bot.catalog.model import Catalog, Entry, ListInfo, Section
from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import CatalogError
from tests.catalog.markdown.test_round_trip import TEXT, catalogs

NAMES = shipped_names()
INFO = ListInfo(
    title="A List",
    sections=(
        Section(id="serving", title="Serving", sections=(Section(id="edge", title="Edge"),)),
        Section(id="training", title="Training"),
    ),
)
NEW = Entry(
    title="Omega: the last of papers",
    url="https://a.example/omega",
    venue="OSDI",
    year=2025,
    orgs=("MIT", "CMU"),
    sections=("serving",),
    by="suggestion-1",
)
ADDITION = Change(before=None, after=NEW)
A, B, C = (f"[{name}](https://a.example/{name.lower()})" for name in ("Alpha", "Beta", "Gamma"))
U = "https://a.example"
OMEGA = "[Omega](https://a.example/omega): the last of papers"

# Lists of different shapes, with » in place of the new line, and that line.
SHAPES = {
    "as exported": (
        f"""## Serving\n\n- {A}: one | OSDI '24\n»\n### Edge\n\n- {B}\n\n## Training\n\n- {C}\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "no last newline": (
        f"""## Training\n\n- {B}\n\n## Serving\n\n- {A}: one | OSDI '24\n»""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "stars and another edition": (
        f"""## Serving\n\n* {A}: one | OSDI' 24\n* {B} | SOSP' 23\n»\n## Training\n""",
        f"* {OMEGA} | MIT & CMU | OSDI' 25",
    ),
    "plus signs, indented, the name with its colon": (
        """## Serving\n\n  +  [Alpha:](https://a.example/alpha) one | MIT, UCB | OSDI'24\n»\n""",
        "  +  [Omega:](https://a.example/omega) the last of papers | MIT, CMU | OSDI'25",
    ),
    "blank lines between": (
        f"""## Serving\n\n- {A}\n\n- {B}\n»\n\n## Training\n\n- {C}\n""",
        f"\n- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "counted": (
        f"""## Serving\n\n8. {A}\n9. {B}\n»\n## Training\n""",
        f"10. {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "counted by Markdown": (
        f"""## Serving\n\n1. {A}\n1. {B}\n»\n## Training\n""",
        f"1. {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "years below each other, newest first": (
        f"""## Serving\n\n### 2025\n- {A}, OSDI 2025\n»\n### 2024\n- {B}, SOSP 2024\n""",
        f"- {OMEGA} | MIT & CMU | OSDI 2025",
    ),
    "years below each other, newest last": (
        f"""## Serving\n\n### 2024\n- {B}\n\n### 2025\n- {A} (OSDI'25)\n»\n### Edge\n- {C}\n""",
        f"- {OMEGA} | MIT & CMU | OSDI'25",
    ),
    "years in bold": (
        f"""## Serving\n\n**2025**\n\n- {A}\n»\n\n**2024**\n\n- {B}\n\n## Training\n- {C}\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "years to unfold": (
        f"""## Serving\n\n<details open>\n<summary>2025</summary>\n\n- {A}\n»\n</details>\n
<details>\n<summary>2024</summary>\n\n- {B}\n\n</details>\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "all of it to unfold": (
        f"""## Serving\n\n<details>\n<summary>Click to expand</summary>\n
- {A}\n- {B}\n»\n</details>\n\n## Training\n- {C}\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "years as bullets": (
        f"""## Serving\n\n- 2025\n  - {A}\n»\n- 2024\n  - {B}\n\n## Training\n- {C}\n""",
        f"  - {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "the new ones open, the old ones folded": (
        f"""## Serving\n\n- {A} | OSDI '25\n»\n
<details>\n<summary>2023</summary>\n\n- {B}\n\n</details>\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "what hangs below an entry": (
        f"""## Serving\n\n- {A}\n  - [code](https://github.com/a/alpha)\n»\n## Training\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "bold titles, links to papers": (
        """## Serving\n\n- **Alpha machines for all** [[paper](https://a.example/alpha)]\n»\n""",
        "- **Omega: the last of papers** | MIT & CMU | OSDI '25 [[paper](https://a.example/omega)]",
    ),
    "a table": (
        f"""## Serving\n\n| # | Title | Venue | Year | Code |\n|--|--|:-:|--|--|
| 1 | {A} | SOSP | 2024 | [code](https://github.com/a/a) |\n»\n\nMore to come.\n""",
        "| 2 | [Omega: the last of papers](https://a.example/omega) | OSDI | 2025 |  |",
    ),
    "a table of links": (
        """## Serving\n\nTitle | Venue | Link\n--|--|--
Alpha machines | SOSP 2024 | [PDF](https://a.example/a)\n»\n\n## Training\n""",
        "Omega: the last of papers | OSDI 2025 | [PDF](https://a.example/omega)",
    ),
    "a heading with nothing below": (
        f"""## Serving\n»\n\n## Training\n\n- {C}\n""",
        f"- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "a heading with other headings below": (
        f"""## Serving\n»\n\n### Edge\n\n- {B}\n\n## Training\n\n- {C}\n""",
        f"\n- {OMEGA} | MIT & CMU | OSDI '25",
    ),
    "a heading with a picture, a text below": (
        f"""## Serving 🚀\n\nWhat serves.\n»\n\n### Edge\n\n- {B}\n\n## Training\n\n- {C}\n""",
        f"\n- {OMEGA} | MIT & CMU | OSDI '25",
    ),
}
HEAD = "---\nlayout: page\n---\n\n# A List\n\nIt is *ours*.\n\n"
CASES = {
    **{name: (HEAD + text, line) for name, (text, line) in SHAPES.items()},
    **{
        f"{name}, windows": ((HEAD + text).replace("\n", "\r\n"), line.replace("\n", "\r\n"))
        for name, (text, line) in SHAPES.items()
    },
}


def unmarked(marked: str) -> str:
    """The list without the new line."""
    newline = "\r\n" if "\r\n" in marked else "\n"
    return marked.replace(f"{newline}»", "")


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The added lines and the removed lines."""
    diff = list(ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    added, removed = ([line[2:] for line in diff if line.startswith(sign)] for sign in "+-")
    return added, removed


@pytest.mark.parametrize(("marked", "line"), CASES.values(), ids=CASES)
def test_a_new_line_is_the_last_of_the_newest_group_of_its_section(marked: str, line: str) -> None:
    """It is in the style of the list, and removing it restores every byte."""
    before = unmarked(marked)
    after = edit_markdown(before, ADDITION, INFO, NAMES)
    assert after == marked.replace("»", line)
    assert edit_markdown(after, ADDITION, INFO, NAMES) == after
    assert edit_markdown(after, ADDITION.reverse, INFO, NAMES) == before


@pytest.mark.parametrize("marked", [marked for marked, _ in CASES.values()], ids=CASES)
def test_a_correction_changes_one_line_and_its_undo_restores_it(
    marked: str,
) -> None:
    before = edit_markdown(unmarked(marked), ADDITION, INFO, NAMES)
    change = Change(before=NEW, after=replace(NEW, year=2024, venue="SOSP"))
    after = edit_markdown(before, change, INFO, NAMES)
    added, removed = changed_lines(before, after)
    assert (len(added), len(removed)) == (1, 1)
    assert "mega" in added[0]
    assert edit_markdown(after, change.reverse, INFO, NAMES) == before


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (f"{A}: one, SOSP 2024", f"{OMEGA}, OSDI 2025"),
        (f"{A}: one (SOSP'24)", f"{OMEGA} (OSDI'25)"),
        (f"{A}: one [SOSP 2024]", f"{OMEGA} [OSDI 2025]"),
        (f"{A}: one | SOSP’24", f"{OMEGA} | OSDI’25"),
        (f"**{A}**: one | SOSP 24", f"**[Omega]({U}/omega)**: the last of papers | OSDI 25"),
        (f"Alpha cars, SOSP 2024 [[pdf]({U}/a)]", f"{NEW.title}, OSDI 2025 [[pdf]({U}/omega)]"),
        ("something else entirely: https://a.example/a", f"{OMEGA} | OSDI '25"),
    ],
)  # fmt: skip
def test_a_line_is_written_in_the_style_of_the_list(line: str, written: str) -> None:
    """If the style is known and its lines read back as the entry."""
    entry = replace(NEW, orgs=())
    text = f"# L\n\n## Serving\n\n- {line}\n"
    assert (
        edit_markdown(text, Change(before=None, after=entry), INFO, NAMES)
        == f"{text}- {written}\n"
    )


PDF = "[Alpha](http://arxiv.org/pdf/2401.00001v2.pdf)"
CODE = "[[code](https://g.example/a)]"
BY_HAND = f"# L\n\n## Serving\n\n- {PDF}: one way | UCB {CODE}\n- {B}\n"
ALPHA = Entry(
    title="Alpha: one way",
    url="https://arxiv.org/abs/2401.00001",
    arxiv="2401.00001",
    orgs=("UCB",),
    sections=("serving",),
)


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (replace(ALPHA, title="Alpha: no way"), f"- {PDF}: no way | UCB {CODE}"),
        (replace(ALPHA, orgs=("MIT",)), f"- {PDF}: one way | MIT {CODE}"),
        (
            replace(ALPHA, venue="OSDI", year=2024),
            f"- {PDF}: one way | UCB {CODE} | OSDI '24",
        ),
        (replace(ALPHA, url="https://a.example/alpha"), f"- {A}: one way | UCB {CODE}"),
    ],
)
def test_a_correction_keeps_the_other_text_of_the_line(after: Entry, line: str) -> None:
    """Links to code and the spelling of an address stay."""
    change = Change(before=ALPHA, after=after)
    text = edit_markdown(BY_HAND, change, INFO, NAMES)
    assert text == BY_HAND.replace(BY_HAND.splitlines()[4], line)
    assert edit_markdown(text, change, INFO, NAMES) == text


def test_a_cross_listed_paper_has_a_line_in_each_of_its_sections() -> None:
    text = f"## Serving\n\n- {A}\n\n### Edge\n\n- {B}\n\n## Training\n\n- {C}\n"
    both = replace(NEW, sections=("serving", "training"))
    listed = edit_markdown(text, Change(before=None, after=both), INFO, NAMES)
    assert listed.count("Omega") == 2
    moved = edit_markdown(
        listed,
        Change(before=both, after=replace(NEW, sections=("training", "serving/edge"))),
        INFO,
        NAMES,
    )
    assert moved.count("Omega") == 2
    catalog = import_list(read_markdown(moved, NAMES), NAMES, title="L").catalog
    entry = next(entry for entry in catalog.entries if "Omega" in entry.title)
    assert set(entry.sections) == {"serving/edge", "training"}
    left = edit_markdown(
        moved,
        Change(before=replace(NEW, sections=("training", "serving/edge")), after=None),
        INFO,
        NAMES,
    )
    assert left == text


EDGE, TRAINED = replace(NEW, sections=("serving/edge",)), replace(NEW, sections=("training",))
OMEGA_LINE = f"- {OMEGA} | MIT & CMU | OSDI '25"

# Lists without a heading, with » in place of the new text, and that text.
WITHOUT_HEADING = {
    "after the previous section": (
        TRAINED,
        f"# L\n\n## Serving\n\n- {A}\n»\n",
        f"\n## Training\n\n{OMEGA_LINE}",
    ),
    "before the next section": (
        NEW,
        f"# L\n\nIt is *ours*.\n»\n\n## Training\n\n- {A}\n",
        f"\n## Serving\n\n{OMEGA_LINE}",
    ),
    "at the top": (
        NEW,
        f"»## Training\n\n- {A}\n\n## More\n\n- {B}\n",
        f"## Serving\n\n{OMEGA_LINE}\n\n",
    ),
    "in the parent section": (
        EDGE,
        f"# L\n\n## Serving\n\n- {A}\n»\n\n## Training\n\n- {B}\n",
        f"\n### Edge\n\n{OMEGA_LINE}",
    ),
    "together with the parent heading": (
        EDGE,
        f"# L\n»\n\n## Training\n\n- {B}\n",
        f"\n## Serving\n\n### Edge\n\n{OMEGA_LINE}",
    ),
    "in an empty parent section": (
        EDGE,
        f"# L\n\n## Serving\n»\n\n## Training\n\n- {B}\n",
        f"### Edge\n\n{OMEGA_LINE}",
    ),
    "in a list without sections": (TRAINED, "# L\n»\n", f"\n## Training\n\n{OMEGA_LINE}"),
    "with no last newline": (
        TRAINED,
        f"# L\n\n## Serving\n\n- {A}»",
        f"\n\n## Training\n\n{OMEGA_LINE}",
    ),
    "at the level of its siblings": (
        TRAINED,
        f"# L\n\n## Papers\n\n### Serving\n\n- {A}\n»\n\n## Licence\n\nNone.\n",
        f"\n### Training\n\n{OMEGA_LINE}",
    ),
    "after a details block, before a rule and an anchor": (
        TRAINED,
        f"""# L\n\n## Serving\n\n<details>\n<summary>2024</summary>\n\n- {A}\n\n</details>\n»
\n---\n\n<a name="more"></a>\n\n## More\n\n- {B}\n""",
        f"\n## Training\n\n{OMEGA_LINE}",
    ),
    "before the text at the end": (
        TRAINED,
        f"# L\n\n## Serving\n\n- {A}\n»\n\n---\n\nMade by all of us.\n",
        f"\n## Training\n\n{OMEGA_LINE}",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize(
    ("entry", "marked", "block"), WITHOUT_HEADING.values(), ids=WITHOUT_HEADING
)
def test_a_missing_heading_is_added_with_its_first_entry_and_removed_with_it(
    entry: Entry, marked: str, block: str, newline: str
) -> None:
    """It is placed in the order of the list. A heading that was empty before stays."""
    marked, block = marked.replace("\n", newline), block.replace("\n", newline)
    before = marked.replace(f"{newline}»", "").replace("»", "")
    change = Change(before=None, after=entry)
    after = edit_markdown(before, change, INFO, NAMES)
    assert after == marked.replace("»", block)
    assert edit_markdown(after, change, INFO, NAMES) == after
    assert edit_markdown(after, change.reverse, INFO, NAMES) == before


def test_the_headings_of_a_section_and_its_parent_are_removed_in_any_order() -> None:
    """For a paper in both, or one in each, every byte is restored in the end."""
    text = f"# L\n\n## Training\n\n- {C}\n"
    other = replace(EDGE, title="Psi", url="https://a.example/psi")
    both = replace(NEW, sections=("serving", "serving/edge"))
    for first, second in ((NEW, other), (other, NEW), (both, other), (other, both)):
        one, two = Change(before=None, after=first), Change(before=None, after=second)
        listed = edit_markdown(edit_markdown(text, one, INFO, NAMES), two, INFO, NAMES)
        for early, late in ((one, two), (two, one)):
            left = edit_markdown(listed, early.reverse, INFO, NAMES)
            assert edit_markdown(left, late.reverse, INFO, NAMES) == text


def test_sections_with_similar_titles_are_distinguished_by_their_ids() -> None:
    """`Go` and `Go!` have the same key; an export notes their ids."""
    like = (Section(id="a", title="Go"), Section(id="b", title="Go!"))
    info = ListInfo(title="L", sections=like)
    text = f"# L\n\n## Go! <!-- id: b -->\n\n- {A}\n"
    change = Change(before=None, after=replace(NEW, sections=("a",)))
    after = edit_markdown(text, change, info, NAMES)
    assert f"## Go <!-- id: a -->\n\n{OMEGA_LINE}\n\n## Go!" in after
    assert edit_markdown(after, change.reverse, info, NAMES) == text


def test_a_section_with_a_year_in_its_title_is_not_a_group() -> None:
    """Entries of its parent are placed before it."""
    years = (Section(id="osdi-2024", title="OSDI 2024"),)
    info = ListInfo(title="L", sections=(Section(id="serving", title="Serving", sections=years),))
    both = Change(before=None, after=replace(NEW, sections=("serving", "serving/osdi-2024")))
    text = f"# L\n\n## Serving\n\n- {A}\n"
    after = edit_markdown(text, both, info, NAMES)
    assert after == f"{text}{OMEGA_LINE}\n\n### OSDI 2024\n\n{OMEGA_LINE}\n"
    assert edit_markdown(after, both.reverse, info, NAMES) == text


def test_an_added_heading_stays_while_it_has_content() -> None:
    """It is removed with its last entry, unless a person has written text below it."""
    text = f"# L\n\n## Serving\n\n* **{A}** | OSDI'24\n"
    other = Entry(title="Psi", url="https://a.example/psi", sections=("training",), by="s-2")
    one, two = (Change(before=None, after=entry) for entry in (TRAINED, other))
    both = edit_markdown(edit_markdown(text, one, INFO, NAMES), two, INFO, NAMES)
    for first, second in ((one, two), (two, one)):
        left = edit_markdown(both, first.reverse, INFO, NAMES)
        assert "## Training" in left
        assert edit_markdown(left, second.reverse, INFO, NAMES) == text
    written = edit_markdown(text, one, INFO, NAMES).replace(
        "## Training\n", "## Training\n\nOurs.\n"
    )
    assert "## Training\n\nOurs.\n" in edit_markdown(written, one.reverse, INFO, NAMES)


def test_removing_and_restoring_the_last_entry_of_a_section_restores_every_byte() -> None:
    text = f"# L\n\n## Serving\n\n{OMEGA_LINE}\n\n## Training\n\n- {C}\n"
    gone = edit_markdown(text, ADDITION.reverse, INFO, NAMES)
    assert "Serving" not in gone
    assert edit_markdown(gone, ADDITION, INFO, NAMES) == text


def test_a_heading_that_cannot_be_added_is_an_error_with_a_remedy() -> None:
    """Beside sections that are bullets, or below the sixth level."""
    with pytest.raises(CatalogError, match=r"no heading for the section Training.*Add the head"):
        edit_markdown(
            f"- Serving\n  - {A}\n  - {B}\n", Change(before=None, after=TRAINED), INFO, NAMES
        )
    with pytest.raises(CatalogError, match=r"no heading for the section Serving > Edge"):
        edit_markdown(
            f"# L\n\n###### Serving\n\n- {A}\n", Change(before=None, after=EDGE), INFO, NAMES
        )


def test_removing_an_entry_that_is_not_in_the_text_changes_nothing() -> None:
    text = f"## Serving\n\n- {A}\n"
    assert edit_markdown(text, ADDITION.reverse, INFO, NAMES) == text
    assert edit_markdown("# Empty\n", ADDITION.reverse, INFO, NAMES) == "# Empty\n"


def test_a_bullet_that_contains_other_entries_is_not_removed() -> None:
    """The other entries would be lost."""
    alpha = Entry(title="Alpha", url="https://a.example/alpha", sections=("serving",))
    text = f"# L\n\n## Serving\n\n- {A}\n  - {B}\n"
    with pytest.raises(CatalogError, match="by hand"):
        edit_markdown(text, Change(before=alpha, after=None), INFO, NAMES)


def contents(catalog: Catalog) -> set[tuple[str, frozenset[str]]]:
    return {
        (
            replace(entry, sections=("-",), added=None, by=None).__repr__(),
            frozenset(entry.sections),
        )
        for entry in catalog.entries
    }


@st.composite
def additions(draw: st.DrawFn) -> tuple[Catalog, list[Entry]]:
    """A list, and additions to it, also to empty sections, which have no heading."""
    catalog = draw(catalogs())
    paths = list(catalog.places)
    entries = [
        Entry(
            title=f"{draw(TEXT)} brand new number {['one', 'two', 'three'][at]} {draw(TEXT)}",
            url=f"https://new.example/{at}",
            venue=draw(st.none() | TEXT),
            year=draw(st.none() | st.integers(1900, 2100)),
            orgs=tuple(draw(st.lists(TEXT, max_size=2, unique=True))),
            sections=tuple(
                draw(st.lists(st.sampled_from(paths), min_size=1, max_size=2, unique=True))
            ),
            by=f"suggestion-{at}",
        )
        for at in range(draw(st.integers(1, 3)))
    ]
    return catalog, entries


@settings(max_examples=settings().max_examples // 3)  # each parses the list dozens of times
@given(additions())
def test_edited_text_agrees_with_the_list_and_undoing_all_additions_restores_every_byte(
    made: tuple[Catalog, list[Entry]],
) -> None:
    """For approvals in any order with any texts, undone in the same order."""
    catalog, entries = made
    exported = export_list(catalog, NAMES)
    text, listed = exported, catalog
    for entry in entries:
        change = Change(before=None, after=entry)
        text, listed = edit_markdown(text, change, catalog.info, NAMES), apply(listed, change)
    again = import_list(read_markdown(text, NAMES), NAMES, title="none", base=catalog.info)
    assert contents(again.catalog) == contents(listed)
    for entry in entries:
        text = edit_markdown(text, Change(before=entry, after=None), catalog.info, NAMES)
    assert text == exported
