"""A common deadline for tasks that may hang."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class DeadlineError(Exception):
    """A task did not end before the deadline."""


def results_within(
    seconds: float, tasks: Sequence[Callable[[], Iterator[T]]]
) -> Iterator[tuple[int, T | Exception]]:
    """Run tasks in parallel, and yield their results as they come, with the index of the task.

    A task that raises ends with its exception as last result, one that exceeds the deadline with
    DeadlineError. Its thread is abandoned and ends with the process.
    """
    results: queue.SimpleQueue[tuple[int, T | Exception | None]] = queue.SimpleQueue()
    for index, task in enumerate(tasks):
        threading.Thread(target=_run, args=(index, task, results), daemon=True).start()
    running, end = set(range(len(tasks))), time.monotonic() + seconds
    while running:
        try:
            index, result = results.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            yield from ((index, DeadlineError()) for index in sorted(running))
            return
        if result is None:
            running.discard(index)
        else:
            yield index, result


def _run(
    index: int,
    task: Callable[[], Iterator[T]],
    results: "queue.SimpleQueue[tuple[int, T | Exception | None]]",
) -> None:
    try:
        for result in task():
            results.put((index, result))
    except Exception as error:  # noqa: BLE001  # the consumer decides what to do with it
        results.put((index, error))
    results.put((index, None))
