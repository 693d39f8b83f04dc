"""Paper records: what is known of a paper, and which source stated each fact when. Pure.

A record adds to the catalog and never overrides it: what `data/papers/*.yaml` states is true.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.catalog.model import fold
from bot.discovery.paper import FACTS, Paper

# Sources whose statement of a fact is preferred to all others. Between others the newer one wins.
_PREFERRED = {
    "title": "arXiv",
    "abstract": "arXiv",
    "authors": "arXiv",
    "categories": "arXiv",
    "venue": "dblp",
    "year": "dblp",
}
_TELLING_WORDS = 3  # a shorter title (`Introduction`) identifies no paper without an author
_LEAST_NAME = 2  # letters; an initial identifies nobody


@dataclass(frozen=True, slots=True)
class Origin:
    """The source that stated a fact, by its name, and when."""

    source: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """A paper with the origin of every fact that is known of it."""

    paper: Paper
    origins: Mapping[str, Origin]
    """By the fact's name, one of `FACTS`."""

    @classmethod
    def of(cls, paper: Paper, source: str, at: dt.datetime) -> "PaperRecord":
        """Record a paper as one source states it."""
        origin = Origin(source, at)
        return cls(paper, {fact: origin for fact in FACTS if getattr(paper, fact)})


def merge(old: PaperRecord, new: PaperRecord) -> PaperRecord:
    """Combine two records of one paper, fact by fact.

    A preferred source wins; else the newer statement does. An absent fact never wins.
    """
    winners = [fact for fact in FACTS if _wins(fact, new.origins.get(fact), old.origins.get(fact))]
    changes: dict[str, Any] = {fact: getattr(new.paper, fact) for fact in winners}
    origins = {**old.origins, **{fact: new.origins[fact] for fact in winners}}
    return PaperRecord(replace(old.paper, **changes), origins)


def _wins(fact: str, new: Origin | None, old: Origin | None) -> bool:
    if new is None or old is None:
        return new is not None
    preferred = _PREFERRED.get(fact)
    if (new.source == preferred) != (old.source == preferred):
        return new.source == preferred
    return new.at >= old.at


def is_same_paper(first: Paper, second: Paper) -> bool:
    """Decide whether two papers that share a key are one paper.

    A shared identifier decides, unless the arXiv ids differ. A shared title decides only with a
    shared author, or where the authors of one are not known and the title is telling.
    """
    if first.arxiv and second.arxiv and first.arxiv != second.arxiv:
        return False
    shared = set(first.keys) & set(second.keys)
    if any(not key.startswith("title:") for key in shared) or first.key == second.key:
        return bool(shared)
    if not shared:
        return False
    if first.authors and second.authors:
        return bool(_name_words(first.authors) & _name_words(second.authors))
    return len(first.title.split()) >= _TELLING_WORDS


def _name_words(names: Sequence[str]) -> set[str]:
    """The words of names: `Author, Ann` and `A. Author` share one."""
    words = " ".join(fold(name) for name in names).replace(",", " ").replace(".", " ").split()
    return {word for word in words if len(word) >= _LEAST_NAME}


def origins_to_json(origins: Mapping[str, Origin]) -> list[list[Any]]:
    """Origins as `[source, moment, [facts]]`, one item for facts stated together."""
    together: dict[Origin, list[str]] = {}
    for fact, origin in origins.items():
        together.setdefault(origin, []).append(fact)
    return [[origin.source, origin.at.isoformat(), facts] for origin, facts in together.items()]


def origins_from_json(stored: Sequence[Sequence[Any]]) -> dict[str, Origin]:
    """The origins that `origins_to_json` stored."""
    return {
        fact: Origin(source, dt.datetime.fromisoformat(at))
        for source, at, facts in stored
        for fact in facts
    }
