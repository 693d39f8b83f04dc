"""Recall for a list without history, by similarity and by regression.

python -m tests.bench.cold_start RECORDING
"""

import datetime as dt
import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.catalog.yaml.read import read_catalog
from bot.discovery.paper import Paper
from bot.discovery.ranking import relevance
from bot.discovery.ranking.features import Words, text_of
from bot.discovery.ranking.relevance import Model
from tests.conftest import DATA

OTHERS = (20, 50, 100, 200, 400, 1000, 3000)
NEVER, ALWAYS = 10**9, 0


def main(folder: Path) -> None:
    """Print recall@10 for each number of other papers."""
    added = _lines(folder / "additions.jsonl")
    in_scope = {line["id"]: bool(line["in_scope"]) for line in added}
    weeks: dict[tuple[int, int], list[Paper]] = defaultdict(list)
    for line in _lines(folder / "stream.jsonl.gz"):
        if in_scope.get(line["id"], True):
            year, week, _ = dt.date.fromisoformat(line["day"]).isocalendar()
            weeks[year, week].append(_paper(line))
    background = [
        _paper(line)
        for line in _lines(folder / "background.jsonl.gz")
        if line["id"] not in in_scope
    ]
    with_abstract = {line["id"]: _paper(line) for line in _lines(folder / "catalog.jsonl.gz")}
    bare = [
        Paper(arxiv=entry.arxiv or "", title=entry.title)
        for entry in read_catalog(DATA).catalog.entries
    ]
    whole = [with_abstract.get(paper.arxiv, paper) for paper in bare]
    table = Table("listed", "method", *(f"{count:,} others" for count in OTHERS))
    for name, listed in (("titles alone", bare), ("with abstracts", whole)):
        for method in ("similarity", "regression"):
            chance = random.Random(3)
            shares = [
                _recall(_fitted(method, listed, chance.sample(background, count)), weeks, in_scope)
                for count in OTHERS
            ]
            table.add_row(name, method, *(f"{share:.3f}" for share in shares))
    Console().print(table)


def _fitted(method: str, listed: Sequence[Paper], others: Sequence[Paper]) -> Model:
    """A model fitted by the given method instead of the one that the number of papers selects."""
    words = Words()
    kept = relevance.to_learn(listed, lambda paper: bool(paper.abstract))
    rows = [words.learn(text_of(paper)) for paper in kept]
    negatives = [words.learn(text_of(paper)) for paper in others]
    relevance._ENOUGH = NEVER if method == "similarity" else ALWAYS  # noqa: SLF001  # to measure both
    return Model.learn(
        words, [(paper.arxiv or "", paper.title) for paper in kept], rows, negatives
    )


def _recall(
    model: Model,
    weeks: Mapping[tuple[int, int], Sequence[Paper]],
    in_scope: Mapping[str, bool],
) -> float:
    found = total = 0
    for papers in weeks.values():
        scores = model.score(papers, {})
        ranked = sorted(zip(scores, papers, strict=True), key=lambda pair: -pair[0])
        found += sum(paper.arxiv in in_scope for _, paper in ranked[:10])
        total += sum(paper.arxiv in in_scope for paper in papers)
    return found / total


def _paper(line: Mapping[str, Any]) -> Paper:
    return Paper(arxiv=line["id"], title=line["title"], abstract=line.get("abstract") or "")


def _lines(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return [json.loads(line) for line in text.decode().splitlines()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
