"""Laws of edits in a file that people format: the entry's lines change, and no other byte."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.model import Entry
from bot.catalog.yaml.read import CatalogError
from bot.catalog.yaml.splice import find_entry, insert_entry, remove_entry, replace_entry

ORDER = {"serving": 0, "serving/edge": 1, "training": 2}
NEW = Entry(title="Omega: the last", url="https://a.example/omega", sections=("serving",))
ALPHA = Entry(
    title="Alpha: the first", url="https://a.example/alpha", year=2023, sections=("serving",)
)

BY_HAND = """\
# serving papers: do not sort

- title: "Alpha: the first"   # a favourite
  url: https://a.example/alpha
  year: 2023
  sections: [serving]
# the next one is disputed
-
  # written below its dash
  sections:
    - serving
  title: >-
    Beta of the
    fast kernels

- {title: Delta in braces, url: "https://a.example/delta", sections: [serving]}  # kept

# --- edge ---
- title: Gamma on small machines
  added: 2025-01-02
  sections: [serving/edge]
- title: Broken by hand
  year: '24
  sections: [serving/edge]
  by: suggestion-9
"""
BY_HAND = BY_HAND.replace("'24", '"24"')

SHAPES = {
    "by hand": BY_HAND,
    "no last newline": BY_HAND.rstrip("\n"),
    "windows": BY_HAND.replace("\n", "\r\n"),
    "windows, no last newline": BY_HAND.replace("\n", "\r\n").rstrip("\r\n"),
    "indented": "  # deep\n  - title: One\n    sections: [serving]\n  # end\n",
    "comments around": "- title: One\n  sections: [training]\n# after\n\n\n# far after",
    "a document's marks": "---\n- title: One\n  sections: [serving]\n...\n",
    "other sections only": "# edge\n- title: One\n  sections: [serving/edge]\n",
    "none": "# nothing yet\n[]\n",
    "none, no last newline": "# nothing yet\n\n[]",
    "none, with a comment beside": "[]  # not yet\n# later\n",
    "none, windows": "# nothing yet\r\n[]\r\n",
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("home", ORDER)
def test_inserting_and_removing_an_entry_restores_every_byte(text: str, home: str) -> None:
    """An undo removes exactly what the approval inserted."""
    entry = replace(NEW, sections=(home,))
    inserted = insert_entry(text, entry, ORDER)
    assert find_entry(inserted, entry) is not None
    assert remove_entry(inserted, entry) == text


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_inserting_an_entry_adds_its_lines_only(text: str) -> None:
    """The diff of an approval is the entry; no other line is lost or changed."""
    before, after = text.splitlines(), insert_entry(text, NEW, ORDER).splitlines()
    own = ("title: ", "url: ", "sections: ")
    added = [line for line in after if "mega" in line or line not in before]
    assert all(line.lstrip(" -").startswith(own) for line in added)
    kept = [line for line in before if not line.startswith("[]")]
    rest = iter(after)
    assert all(any(line == other for other in rest) for line in kept)


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_inserted_lines_have_the_line_ends_of_the_file(text: str) -> None:
    after = insert_entry(text, NEW, ORDER)
    assert after.count("\r\n") == (after.count("\n") if "\r\n" in text else 0)
    assert after.endswith("\n") == text.endswith("\n")


@pytest.mark.parametrize("entries", ["", "# only a comment\n", "~\n", "null\n"])
def test_an_empty_file_becomes_an_empty_list_after_insertion_and_removal(entries: str) -> None:
    """`[]` states that the list is intentionally empty."""
    text = remove_entry(insert_entry(entries, NEW, ORDER), NEW)
    assert "[]" in text
    assert remove_entry(insert_entry(text, NEW, ORDER), NEW) == text


def test_each_entry_of_a_file_written_by_hand_can_be_removed() -> None:
    """The lines of the entry are removed with their comments; other comments stay."""
    beta = Entry(title="Beta of the fast kernels", sections=("serving",))
    text = remove_entry(BY_HAND, beta)
    assert text == BY_HAND.replace(BY_HAND[BY_HAND.index("-\n") : BY_HAND.index("\n- {")], "")
    text = remove_entry(text, ALPHA)
    assert "favourite" not in text
    assert "# the next one is disputed" in text
    text = remove_entry(
        text,
        Entry(title="Delta in braces", url="https://a.example/delta", sections=("serving",)),
    )
    assert "Delta" not in text


def test_an_entry_edited_by_hand_is_removed_by_its_suggestion() -> None:
    """An undo works after a person's edit or mistake."""
    text = insert_entry(BY_HAND, replace(NEW, by="suggestion-7"), ORDER)
    edited = text.replace("Omega: the last", "Omega, as it is called now")
    assert remove_entry(edited, replace(NEW, by="suggestion-7")) == BY_HAND
    broken = Entry(title="As it was", sections=("serving/edge",), by="suggestion-9")
    assert "Broken by hand" not in remove_entry(BY_HAND, broken)


def test_removing_or_correcting_a_missing_entry_changes_nothing() -> None:
    assert remove_entry(BY_HAND, NEW) == BY_HAND
    assert remove_entry(BY_HAND, replace(NEW, by="suggestion-1")) == BY_HAND
    assert replace_entry(BY_HAND, NEW, replace(NEW, year=2024)) == BY_HAND


def test_a_correction_rewrites_only_the_keys_that_differ() -> None:
    """Comments and quotes of the other keys stay."""
    text = replace_entry(BY_HAND, ALPHA, replace(ALPHA, year=2024, venue="OSDI"))
    assert text == BY_HAND.replace("  year: 2023\n", "  venue: OSDI\n  year: 2024\n")
    text = replace_entry(text, replace(ALPHA, year=2024, venue="OSDI"), replace(ALPHA, year=None))
    assert text == BY_HAND.replace("  year: 2023\n", "")


def test_an_entry_in_braces_stays_in_braces_when_corrected() -> None:
    delta = Entry(title="Delta in braces", url="https://a.example/delta", sections=("serving",))
    new = replace(delta, title="Delta, in {braces}", venue="OSDI", url=None, orgs=("MIT", "CMU"))
    text = replace_entry(BY_HAND, delta, new)
    line = '- {title: "Delta, in {braces}", venue: OSDI, orgs: [MIT, CMU], sections: [serving]}'
    assert f"{line}  # kept\n" in text
    assert replace_entry(text, new, delta) == BY_HAND


def test_an_entry_in_an_unusual_form_is_rewritten_when_corrected() -> None:
    """Only its own lines change."""
    beta = Entry(title="Beta of the fast kernels", sections=("serving",))
    new = Entry(title="Beta", url="https://a.example/beta", sections=("serving/edge",))
    text = replace_entry(BY_HAND, beta, new)
    first, last = BY_HAND.index("-\n"), BY_HAND.index("\n- {")
    assert (text[:first], text[-len(BY_HAND[last:]) :]) == (BY_HAND[:first], BY_HAND[last:])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- title: [\n", "not valid YAML"),
        ("title: One\nsections: [serving]\n", "not a list of entries"),
        ("[{title: One, sections: [serving]}]\n", "on lines of its own"),
    ],
)
def test_inserting_into_an_unsuitable_file_is_an_error_with_a_message(
    text: str, message: str
) -> None:
    with pytest.raises(CatalogError, match=message):
        insert_entry(text, NEW, ORDER)


TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    return Entry(
        title=draw(TEXT),
        url=draw(st.none() | st.just("https://a.example/it")),
        venue=draw(st.none() | TEXT),
        year=draw(st.none() | st.integers(1900, 2100)),
        orgs=tuple(draw(st.lists(TEXT, max_size=2))),
        note=draw(st.none() | TEXT),
        sections=tuple(draw(st.lists(st.sampled_from([*ORDER]), min_size=1, unique=True))),
        by=draw(st.none() | st.just("suggestion-1")),
    )


# A comment beside `[]` moves beside the last key of the first entry, and is removed with that key.
CORRECTED = [text for text in SHAPES.values() if "# not yet" not in text]


@given(st.sampled_from(CORRECTED), entries(), entries())
def test_undoing_a_correction_restores_every_byte(text: str, old: Entry, new: Entry) -> None:
    """For any text, including quotes, colons and braces."""
    inserted = insert_entry(text, old, ORDER)
    corrected = replace_entry(inserted, old, new)
    assert find_entry(corrected, new) is not None
    assert replace_entry(corrected, new, old) == inserted
    assert remove_entry(corrected, new) == text
