"""Listed papers whose arXiv id belongs to another paper. Pure.

Real lists hold such links: a digit is mistyped, or a paper was retitled since. Both titles show a
person at once which of the two it is.
"""

from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz import fuzz

from bot.catalog.identity import titles_agree
from bot.catalog.model import fold
from bot.catalog.yaml.document import Problem
from bot.catalog.yaml.read import LocatedEntry
from bot.discovery.paper import Paper

_ALIKE = 75.0  # of 100; a list's short form of a title keeps most of its words


def mislinks(located: Iterable[LocatedEntry], known: Mapping[str, Paper]) -> Iterator[Problem]:
    """Warn of every entry whose title differs from that of its arXiv id; `known` is by key."""
    for located_entry in located:
        entry = located_entry.entry
        paper = known.get(f"arxiv:{entry.arxiv}")
        if paper and not _same_title(entry.title, paper.title):
            yield located_entry.problem(
                f"arXiv {entry.arxiv} is “{paper.title}”.",
                "Correct the link, or the title if the paper was renamed.",
                key="arxiv",
                is_error=False,
            )


def _same_title(listed: str, arxiv: str) -> bool:
    ratio = fuzz.token_set_ratio(fold(listed), fold(arxiv))
    return titles_agree(listed, arxiv) or ratio >= _ALIKE
