"""Lookups in one process: time for an answer, by kind of query and size of the list.

Each size is measured in a process of its own, so that its memory can be told apart.
"""

import gc
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from bot.catalog.names import shipped_names
from bot.catalog.yaml.read import read_catalog
from bot.lookup.catalog_lookup import CatalogLookup
from tests.bench.figures import milliseconds, quantile
from tests.bench.lists import grown
from tests.bench.queries import make_queries

SIZES = (0, 10_000, 100_000, 1_000_000)  # 0: the real list
DATA = Path(__file__).parents[2] / "data"
_QUERIES = 300  # of each kind
_SECONDS = 6.0  # the time limit for each kind
_PAGE = 8


@dataclass(frozen=True, slots=True)
class LookupFigures:
    """The figures of one size: seconds of each query by kind, and the cost of the index."""

    entries: int
    list_bytes: int
    index_bytes: int
    build_seconds: float
    first_seconds: dict[str, float]
    seconds: dict[str, list[float]]


def show(console: Console, most: int) -> None:
    """Measure every size up to `most`, and print the tables."""
    figures = []
    for size in (size for size in SIZES if size <= most):
        console.print(f"measuring {size or 'the real list'} …", style="dim")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
            figures.append(child.submit(measure, size).result())
    console.print(_index_table(figures), _answer_table(figures))


def measure(size: int) -> LookupFigures:
    """Build the lookup of a list of a size and ask it, in this process."""
    start = _memory()
    catalog = grown(read_catalog(DATA).catalog, size)
    queries = make_queries(catalog, _QUERIES)
    listed = _memory()
    began = time.perf_counter()
    lookup = CatalogLookup(catalog, shipped_names())
    built = time.perf_counter() - began
    indexed = _memory()
    gc.freeze()
    first = {kind: _timed(lookup, texts[0]) for kind, texts in queries.items()}
    seconds = {kind: _ask(lookup, texts) for kind, texts in queries.items()}
    return LookupFigures(
        len(catalog.entries), listed - start, indexed - listed, built, first, seconds
    )


def _ask(lookup: CatalogLookup, texts: Sequence[str]) -> list[float]:
    """Seconds of each answer, up to the time limit."""
    seconds = []
    until = time.perf_counter() + _SECONDS
    for text in texts:
        seconds.append(_timed(lookup, text))
        if time.perf_counter() > until:
            break
    return seconds


def _timed(lookup: CatalogLookup, text: str) -> float:
    began = time.perf_counter()
    lookup.answer(text, limit=_PAGE)
    return time.perf_counter() - began


def _memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def _index_table(figures: Sequence[LookupFigures]) -> Table:
    table = Table(title="The index: seconds to build, and memory", title_justify="left")
    for head in ("entries", "built in", "an entry", "list", "index"):
        table.add_column(head, justify="right")
    for size in figures:
        table.add_row(
            f"{size.entries:,}",
            f"{size.build_seconds:.2f} s",
            milliseconds(size.build_seconds / size.entries),
            f"{size.list_bytes / 1e6:,.0f} MB",
            f"{size.index_bytes / 1e6:,.0f} MB",
        )
    return table


def _answer_table(figures: Sequence[LookupFigures]) -> Table:
    table = Table(
        title="A lookup, in milliseconds: median / 99th percentile (the first of its kind)",
        title_justify="left",
    )
    table.add_column("query")
    for size in figures:
        table.add_column(f"{size.entries:,}", justify="right")
    for kind in figures[0].seconds:
        cells = (_cell(size.seconds[kind], size.first_seconds[kind]) for size in figures)
        table.add_row(kind, *cells)
    groups: dict[str, Callable[[str], bool]] = {
        "all without typos": lambda kind: "typo" not in kind and kind != "no result",
        "all typos": lambda kind: "typo" in kind,
    }
    for number, (group, belongs) in enumerate(groups.items()):
        if number == 0:
            table.add_section()
        table.add_row(group, *(_cell(_merged(size, belongs)) for size in figures))
    return table


def _merged(size: LookupFigures, belongs: Callable[[str], bool]) -> list[float]:
    kinds = (seconds for kind, seconds in size.seconds.items() if belongs(kind))
    return [second for seconds in kinds for second in seconds]


def _cell(seconds: Sequence[float], first: float | None = None) -> str:
    both = f"{1e3 * quantile(seconds, 0.5):.2f} / {1e3 * quantile(seconds, 0.99):.2f}"
    return both if first is None else f"{both} ({1e3 * first:.1f})"
