"""Seconds and memory to fit the model in its process, and seconds to score a day's papers.

The papers are generated, as long as arXiv's, with a vocabulary that grows as that of real text.

    python -m tests.bench.relevance
"""

import random
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import count_authors
from bot.discovery.ranking.model_process import FitTask, JudgeTask, fit, judge

SIZES = (15_000, 30_000)
DAY = 1500
_LISTED = 200
_WORDS = 190  # of an abstract
_VOCABULARY = 150_000


@dataclass(frozen=True, slots=True)
class FitFigures:
    """The figures of one size."""

    others: int
    fit_seconds: float
    judge_seconds: float
    child_mb: float
    parent_mb: float
    model_mb: float


def show(console: Console) -> None:
    """Print a table with a row for each size."""
    table = Table("other papers", "fit", f"score {DAY:,}, explain 100", "child", "parent", "model")
    for size in SIZES:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            figures = process.submit(measure, size).result()
        table.add_row(
            f"{figures.others:,}",
            f"{figures.fit_seconds:.1f} s",
            f"{figures.judge_seconds:.1f} s",
            f"{figures.child_mb:.0f} MB",
            f"{figures.parent_mb:.0f} MB",
            f"{figures.model_mb:.2f} MB",
        )
    console.print(table)


def measure(others: int) -> FitFigures:
    """Fit and judge once, as a poll does."""
    listed = list(_papers(0, _LISTED))
    started = time.perf_counter()
    model = fit(FitTask(listed=listed, others=_papers(_LISTED, others)))
    fitted = time.perf_counter()
    judge(JudgeTask(model=model, papers=list(_papers(10**6, DAY)), authors=count_authors(listed)))
    return FitFigures(
        others=others,
        fit_seconds=fitted - started,
        judge_seconds=time.perf_counter() - fitted,
        child_mb=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        parent_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        model_mb=len(model) / 1e6,
    )


def _papers(start: int, count: int) -> Iterator[Paper]:
    """Papers with words as frequent as Zipf's law says: rank r has a probability like 1/r."""
    for number in range(start, start + count):
        chance = random.Random(number)
        words = [f"w{int(_VOCABULARY ** chance.random())}" for _ in range(_WORDS)]
        authors = tuple(f"Author {chance.randrange(50_000)}" for _ in range(5))
        yield Paper(
            arxiv=f"m{number}",
            title=" ".join(words[:9]),
            abstract=" ".join(words),
            authors=authors,
        )


if __name__ == "__main__":
    show(Console())
