"""A common deadline for tasks that may hang."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


class DeadlineError(Exception):
    """A task did not end before the deadline."""


def results_within(
    seconds: float, tasks: Mapping[str, Callable[[], Iterator[T]]]
) -> Iterator[tuple[str, T | Exception]]:
    """Run tasks in parallel, and yield their results as they come, with the name of the task.

    A task that raises ends with its exception as last result, one that exceeds the deadline with
    DeadlineError. Its thread is abandoned and ends with the process.
    """
    results: queue.SimpleQueue[tuple[str, T | Exception | None]] = queue.SimpleQueue()
    for name, task in tasks.items():
        threading.Thread(target=_run, args=(name, task, results), daemon=True).start()
    running, end = set(tasks), time.monotonic() + seconds
    while running:
        try:
            name, result = results.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            yield from ((name, DeadlineError()) for name in sorted(running))
            return
        if result is None:
            running.discard(name)
        else:
            yield name, result


def _run(
    name: str,
    task: Callable[[], Iterator[T]],
    results: "queue.SimpleQueue[tuple[str, T | Exception | None]]",
) -> None:
    try:
        for result in task():
            results.put((name, result))
    except Exception as error:  # noqa: BLE001  # the consumer decides what to do with it
        results.put((name, error))
    results.put((name, None))
