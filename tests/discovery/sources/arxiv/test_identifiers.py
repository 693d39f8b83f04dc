"""Laws of arXiv's identifiers and categories."""

import pytest

from bot.discovery.sources.arxiv.identifiers import IN_LINK, clean_categories, id_in


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2401.09670", ("2401.09670", None)),
        ("2401.09670v12", ("2401.09670", 12)),
        ("0704.0001v1", ("0704.0001", 1)),
        ("cs/0112017", ("cs/0112017", None)),
        ("hep-th/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136v2", ("math/0309136", 2)),
        ("2401.0967", ("2401.0967", None)),
        ("2413.09670", None),
        ("2401.096701", None),
        ("cs/0113017x", None),
        ("١٢٠١.٠٠٠٠١", None),
        ("", None),
    ],
)
def test_an_id_is_a_string_without_its_version(
    written: str, expected: tuple[str, int | None] | None
) -> None:
    match = IN_LINK.search(f"https://arxiv.org/abs/{written}")
    assert (id_in(match) if match else None) == expected


def test_the_number_of_categories_is_bounded() -> None:
    assert len(clean_categories(f"cs.{a}{b}" for a in "ABCDEFGH" for b in "ABCDEFGH")) == 50


def test_only_arxiv_categories_are_categories() -> None:
    terms = ["cs.DC", "q-bio.NC", "cond-mat.mes-hall", "physics.optics", "hep-th", "68T07",
             "I.2.7; C.4", "", "<b>", "cs.DC", "Computer Science"]  # fmt: skip
    assert clean_categories(terms) == (
        "cs.DC", "q-bio.NC", "cond-mat.mes-hall", "physics.optics", "hep-th",
    )  # fmt: skip
