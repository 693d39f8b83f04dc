"""Laws of cleaning foreign text: the result is readable, bounded and on one line."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalog.model import LONGEST_TITLE
from bot.discovery.clean import (
    ABSTRACT_LENGTH,
    AUTHORS,
    clean_abstract,
    clean_doi,
    clean_text,
    clean_title,
    split_authors,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Plain -- and simple", "Plain -- and simple"),
        (r"Caf{\'e} M\"uller \v{S}koda {\O}re \c{c}a \'{\i}le", "Café Müller Škoda Øre ça íle"),
        (r"$\alpha$-bit $O(n^2)$ 4$\times$4", "α-bit O(n^2) 4×4"),
        (r"$\mathcal{O}(n)$ in $\mathbb{R}^d$ for $k$NN", "O(n) in R^d for kNN"),
        (r"\textbf{Bold} \emph{and} {\em soft} \textsc{Caps}", "Bold and soft Caps"),
        (r"\System and \Other{} with \dress{clothes}", "System and Other with clothes"),
        ("50% of R&D for $5 or $10", "50% of R&D for $5 or $10"),
        (r"50\% of R\&D \#1 a\_b", "50% of R&D #1 a_b"),
        ("``Why'' Fig.~1 takes ~10 GPUs", "“Why” Fig. 1 takes ~10 GPUs"),
        (r"Broken {brace $x", r"Broken {brace $x"),
        (r"Half a \frac{", r"Half a \frac{"),
        (r"\input{/etc/passwd} Harmless", "Harmless"),
        ("a &amp;lt; b &amp;amp; c &lt; d &copy;", "a < b & c < d ©"),
        ("&parameter; R&D;", "&parameter; R&D;"),
        ("Ping <!channel> &lt;@U1&gt;", "Ping <!channel> <@U1>"),
        ("a\u202eb\u200bc\ufeffd\x00e\ue000f\u00adg", "abcdefg"),
        (" on\n two\t lines\u2028and\u00a0more ", "on two lines and more"),
        ("e\u0301", "é"),
        ("\u200b\u202e", ""),
    ],
)  # fmt: skip
def test_markup_in_a_title_becomes_plain_text(written: str, read: str) -> None:
    assert clean_title(written) == read


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | st.text("\\${}^_~%&#ab '\"`()x;lt", max_size=120))
def test_any_text_becomes_a_bounded_title_without_control_characters(text: str) -> None:
    title = clean_title(text)
    assert len(title) <= LONGEST_TITLE
    assert title == " ".join(title.split())
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs"} for char in title)
    assert clean_text(title, LONGEST_TITLE) == title


def test_lengths_are_bounded() -> None:
    assert len(clean_title("word " * 1_000)) == LONGEST_TITLE
    assert clean_title("word " * 1_000).endswith("…")
    assert len(clean_abstract("x" * 1_000_000)) == ABSTRACT_LENGTH
    assert clean_abstract("x" * ABSTRACT_LENGTH) == "x" * ABSTRACT_LENGTH
    assert len(split_authors(", ".join(f"A{n}" for n in range(5_000)))) == AUTHORS


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("", ()),
        ("Ada Lark", ("Ada Lark",)),
        ("Ada Lark, Bo Wren", ("Ada Lark", "Bo Wren")),
        ("Ada Lark (Nest, Tree), Bo Wren", ("Ada Lark", "Bo Wren")),
        ("Ada Lark ((1) Nest, (2) Tree), Bo Wren (1 and 2)", ("Ada Lark", "Bo Wren")),
        ("Ada Lark (1) (2), Bo Wren", ("Ada Lark", "Bo Wren")),
        ("Ada Lark, Jr., Bo Wren III, Cy Tit, Sr", ("Ada Lark, Jr.", "Bo Wren III", "Cy Tit, Sr")),
        ("Robert (Bob) Finch, Bo Wren", ("Robert (Bob) Finch", "Bo Wren")),
        ("Ada Lark (unclosed, Bo Wren", ("Ada Lark", "Bo Wren")),
        ("Ada Lark), Bo Wren", ("Ada Lark", "Bo Wren")),
        (r"Jos{\'e} Gar\c{c}a, {\L}ucja Nowak", ("José Garça", "Łucja Nowak")),
        (r"Broken {\'e, Bo Wren", (r"Broken {\'e", "Bo Wren")),
        ("Ada Lark,, ,Bo Wren, Ada Lark", ("Ada Lark", "Bo Wren")),
        ("Lonely", ("Lonely",)),
        ("李明, Ада Ларк", ("李明", "Ада Ларк")),
    ],
)
def test_names_are_split_from_each_other_and_from_affiliations(
    written: str, names: tuple[str, ...]
) -> None:
    assert split_authors(written) == names


@pytest.mark.parametrize(
    ("written", "doi"),
    [
        ("10.1145/1.2", "10.1145/1.2"),
        ("https://doi.org/10.1145/1.2, 10.1/3", "10.1145/1.2"),
        ("none", None),
        ("", None),
    ],
)
def test_a_doi_is_extracted_from_text(written: str, doi: str | None) -> None:
    assert clean_doi(written) == doi
