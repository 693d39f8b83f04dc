"""Listed papers whose arXiv id belongs to another paper. Pure.

Real lists hold such links: a digit is mistyped, or a paper was retitled since. Which of the two it
is a person sees at once from both titles.
"""

from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz import fuzz

from bot.catalog.identity import titles_agree
from bot.catalog.model import fold
from bot.catalog.yaml.read import LocatedEntry, Problem
from bot.discovery.paper import Paper

_ALIKE = 75.0  # of 100; a list's short form of a title keeps most of its words


def mislinks(located: Iterable[LocatedEntry], known: Mapping[str, Paper]) -> Iterator[Problem]:
    """A warning for every entry whose title is not the one that arXiv has for its id."""
    for one in located:
        paper = known.get(one.entry.arxiv or "")
        if paper and not _same_title(one.entry.title, paper.title):
            yield one.problem(
                f"arXiv {paper.arxiv} is “{paper.title}”.",
                "Correct the link, or the title if the paper was renamed.",
                key="arxiv",
                is_error=False,
            )


def _same_title(listed: str, arxiv: str) -> bool:
    one, other = fold(listed), fold(arxiv)
    return titles_agree(listed, arxiv) or fuzz.token_set_ratio(one, other) >= _ALIKE
