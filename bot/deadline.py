"""What must come to an end in time, whatever it waits for."""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Found = TypeVar("Found")


class TooSlowError(Exception):
    """It did not end in time."""


def within(
    seconds: float, works: Sequence[Callable[[], Iterator[Found]]]
) -> Iterator[tuple[int, Found | Exception]]:
    """What several works bring until the deadline, each with the number of its work.

    They run side by side. One that raises, or that is not done in time, brings that as its last.
    What still runs then is left behind; it ends with the process.
    """
    brought: queue.SimpleQueue[tuple[int, Found | Exception | None]] = queue.SimpleQueue()
    for number, work in enumerate(works):
        threading.Thread(target=_bring, args=(number, work, brought), daemon=True).start()
    running, end = set(range(len(works))), time.monotonic() + seconds
    while running:
        try:
            number, found = brought.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            yield from ((number, TooSlowError()) for number in sorted(running))
            return
        if found is None:
            running.discard(number)
        else:
            yield number, found


def _bring(
    number: int,
    work: Callable[[], Iterator[Found]],
    brought: "queue.SimpleQueue[tuple[int, Found | Exception | None]]",
) -> None:
    try:
        for found in work():
            brought.put((number, found))
    except Exception as error:  # noqa: BLE001  # whatever it is, somebody waits to be told
        brought.put((number, error))
    brought.put((number, None))
