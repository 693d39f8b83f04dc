"""Laws of links to other papers: a wrong id is a warning, a title in other words is not."""

import pytest

from bot.catalog.model import Entry
from bot.catalog.yaml.read import LocatedEntry
from bot.discovery.mislinks import mislinks
from bot.discovery.paper import Paper


def warnings(listed: str, arxiv: str) -> list[str]:
    entry = Entry(
        title=listed, arxiv="2401.00001", sections=("s",), url="https://arxiv.org/abs/2401.00001"
    )
    located = LocatedEntry(entry, "papers/s.yaml", 7, {"arxiv": 9})
    known = {"arxiv:2401.00001": Paper(arxiv="2401.00001", title=arxiv)}
    return [str(problem) for problem in mislinks([located], known)]


@pytest.mark.parametrize(
    ("listed", "arxiv"),
    [
        ("Orchid: Serving Flowers Fast", "Orchid: Serving Flowers Fast"),
        ("Orchid: Serving Flowers Fast", "ORCHID: serving flowers fast"),
        ("Orchid", "Orchid: Serving Flowers Fast"),
        ("Serving Flowers Fast with Orchid", "Orchid: Serving Flowers Fast with Small Pots"),
        ("Órchid: Serving Flowers", "Orchid: Serving Flowers"),
    ],
)
def test_another_spelling_of_a_title_is_no_warning(listed: str, arxiv: str) -> None:
    assert warnings(listed, arxiv) == []


def test_a_link_to_another_paper_is_a_warning_with_both_titles_and_the_line() -> None:
    (warning,) = warnings("Orchid: Serving Flowers Fast", "On the Cohomology of Knots")
    assert warning.startswith(
        "papers/s.yaml:9: warning: Orchid: Serving Flowers Fast: arXiv 2401.00001 is"
    )
    assert "On the Cohomology of Knots" in warning
