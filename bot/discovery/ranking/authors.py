"""Authors of listed papers, the strongest sign that a paper belongs. Pure.

A name counts as it is written, save accents, dots, hyphens and case. Initials are not widened to
names nor names cut to initials: `J. Wang` is hundreds of people, and ranking by it was a disaster.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.catalog.model import fold
from bot.discovery.paper import Paper
from bot.discovery.ranking.explanations import KnownAuthor

WEIGHT = 4.0


def author_key(name: str) -> str:
    """One key for `José P. Núñez` and `Jose P Nunez`."""
    return re.sub(r"[.\-\s]+", " ", fold(name)).strip()


def count_authors(listed: Iterable[Paper]) -> Counter[str]:
    """The number of listed papers of each author, by key."""
    return Counter(
        key for paper in listed for key in {author_key(name) for name in paper.authors} if key
    )


def known_authors(names: Iterable[str], counts: Mapping[str, int]) -> tuple[KnownAuthor, ...]:
    """The authors of a paper who are on the list, the weightiest first.

    One of two authors says more than one of thirty, hence the division.
    """
    keys = {author_key(name): name for name in names}
    root = math.sqrt(len(keys)) or 1.0
    known = [
        KnownAuthor(name, counts[key], WEIGHT * math.log1p(counts[key]) / root)
        for key, name in keys.items()
        if counts.get(key)
    ]
    return tuple(sorted(known, key=lambda author: (-author.weight, author.name)))
