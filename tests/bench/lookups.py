"""Lookups in process: how long an answer takes, by kind of query, in lists of growing size.

Every size is measured in a process of its own, so that what it adds to the memory is its own.
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

SIZES = (0, 10_000, 100_000, 1_000_000)  # 0: the real list as it is
DATA = Path(__file__).parents[2] / "data"
_QUERIES = 300  # of each kind
_SECONDS = 6.0  # after which a kind ends, however few were asked
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one size: seconds a query by kind, and what the index cost."""

    entries: int
    list_bytes: int
    index_bytes: int
    build_seconds: float
    first_seconds: dict[str, float]
    seconds: dict[str, list[float]]


def show(console: Console, most: int) -> None:
    """Measure every size up to `most`, and print the tables."""
    found = []
    for size in (size for size in SIZES if size <= most):
        console.print(f"measuring {size or 'the real list'} …", style="dim")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
            found.append(child.submit(measure, size).result())
    console.print(_building(found), _answering(found))


def measure(size: int) -> Measured:
    """Build and ask a list of this size, in this process."""
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
    return Measured(len(catalog.entries), listed - start, indexed - listed, built, first, seconds)


def _ask(lookup: CatalogLookup, texts: Sequence[str]) -> list[float]:
    """Seconds of each answer, for as long as the time for a kind lasts."""
    found = []
    until = time.perf_counter() + _SECONDS
    for text in texts:
        found.append(_timed(lookup, text))
        if time.perf_counter() > until:
            break
    return found


def _timed(lookup: CatalogLookup, text: str) -> float:
    began = time.perf_counter()
    lookup.answer(text, limit=_SHOWN)
    return time.perf_counter() - began


def _memory() -> int:
    gc.collect()
    return psutil.Process().memory_info().rss


def _building(found: Sequence[Measured]) -> Table:
    table = Table(title="The index: seconds to build, and memory", title_justify="left")
    for head in ("entries", "built in", "an entry", "list", "index"):
        table.add_column(head, justify="right")
    for one in found:
        table.add_row(
            f"{one.entries:,}",
            f"{one.build_seconds:.2f} s",
            milliseconds(one.build_seconds / one.entries),
            f"{one.list_bytes / 1e6:,.0f} MB",
            f"{one.index_bytes / 1e6:,.0f} MB",
        )
    return table


def _answering(found: Sequence[Measured]) -> Table:
    table = Table(
        title="A lookup, in milliseconds: median / 99th percentile (the first of its kind)",
        title_justify="left",
    )
    table.add_column("query")
    for one in found:
        table.add_column(f"{one.entries:,}", justify="right")
    for kind in found[0].seconds:
        table.add_row(kind, *(_cell(one.seconds[kind], one.first_seconds[kind]) for one in found))
    groups: dict[str, Callable[[str], bool]] = {
        "all without typos": lambda kind: "typo" not in kind and kind != "no result",
        "all typos": lambda kind: "typo" in kind,
    }
    for number, (group, belongs) in enumerate(groups.items()):
        if number == 0:
            table.add_section()
        table.add_row(group, *(_cell(_together(one, belongs)) for one in found))
    return table


def _together(one: Measured, belongs: Callable[[str], bool]) -> list[float]:
    return [second for kind, found in one.seconds.items() if belongs(kind) for second in found]


def _cell(seconds: Sequence[float], first: float | None = None) -> str:
    both = f"{1e3 * quantile(seconds, 0.5):.2f} / {1e3 * quantile(seconds, 0.99):.2f}"
    return both if first is None else f"{both} ({1e3 * first:.1f})"
