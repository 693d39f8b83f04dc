"""Time from the start of a process to its first answer, and memory of the idle bot."""

import time
from statistics import median

import psutil
from rich.console import Console
from rich.table import Table

from tests.bench.processes import stand_in, web
from tests.e2e.processes import papers

_STARTS = 7
_IDLE = 1.0  # seconds after the first answer at which the memory is read


def show(console: Console) -> None:
    """Start each process several times, and print the tables."""
    ready = []
    with stand_in() as slack_api_url:
        for _ in range(_STARTS):
            began = time.perf_counter()
            with web(slack_api_url):
                ready.append(time.perf_counter() - began)
        with web(slack_api_url) as (master, _):
            time.sleep(_IDLE)
            memory = _memory(master)
    searches = [_search() for _ in range(_STARTS)]
    table = Table(title=f"Starts, median and most of {_STARTS}", title_justify="left")
    for head in ("process", "median", "most"):
        table.add_column(head)
    for process, seconds in (
        ("papers web, until /healthz answers", ready),
        ("papers search --json serving, as a whole", searches),
    ):
        table.add_row(process, f"{median(seconds):.2f} s", f"{max(seconds):.2f} s")
    console.print(table, memory)


def _search() -> float:
    began = time.perf_counter()
    papers("search", "--json", "serving").check_returncode()
    return time.perf_counter() - began


def _memory(master: psutil.Process) -> Table:
    """Resident memory, and the share of each process when shared pages are divided among them."""
    table = Table(title="Memory of `papers web` when idle", title_justify="left")
    for head in ("process", "resident", "its share"):
        table.add_column(head, justify="right")
    total = 0
    processes = [master, *master.children(recursive=True)]
    for number, process in enumerate(processes):
        own = process.memory_full_info() if psutil.LINUX else None
        share = own.pss if own else 0
        total += share
        table.add_row(
            f"worker {number}" if number else "master",
            _megabytes(process.memory_info().rss),
            _megabytes(share) if share else "–",
        )
    table.add_row("together", "", _megabytes(total) if total else "–")
    return table


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
