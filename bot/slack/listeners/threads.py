"""Threads in which listeners work after a request has been acknowledged.

They are separate, so that work which waits for Slack never delays another kind:

    lookups   clicks that are answered at once, such as *Next*
    later     whatever may ask Slack
    notices   sentences for people whose work found no room

Commands that are answered at once need none of them: they run in the request's own thread.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock


class BoundedExecutor:
    """Threads with a bounded queue; it refuses work beyond that."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._limit, self._lock = threads + waiting, Lock()
        self._futures: set[Future[None]] = set()

    def submit(self, work: Callable[[], None]) -> bool:
        """Run `work` as soon as a thread is free; False if too much is waiting, or after `close`.

        `work` raises nothing.
        """
        with self._lock:
            if len(self._futures) >= self._limit:
                return False
            try:
                future = self._executor.submit(work)
            except RuntimeError:  # it is closed
                return False
            self._futures.add(future)
        future.add_done_callback(self._forget)
        return True

    def drain(self, seconds: float) -> bool:
        """Wait until all work has ended; False if it has not within some seconds."""
        with self._lock:
            futures = set(self._futures)
        return not wait(futures, seconds).not_done

    def close(self) -> None:
        """Take no more work, and drop what has not begun."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _forget(self, future: "Future[None]") -> None:
        with self._lock:
            self._futures.discard(future)


class ListenerThreads:
    """The executors of one process.

    A call of Slack's takes two seconds at most, and a piece of work makes a few: with Slack
    hanging, the last in the queue waits for about ten seconds.
    """

    def __init__(self, *, later_threads: int = 32, later_waiting: int = 96) -> None:
        self.lookups = BoundedExecutor("lookup", 32, 256)
        self.later = BoundedExecutor("later", later_threads, later_waiting)
        self.notices = BoundedExecutor("notice", 8, 64)

    def drain(self, seconds: float) -> bool:
        """Wait until all work has ended; False if it has not within some seconds."""
        end = time.monotonic() + seconds
        executors = (self.lookups, self.later, self.notices)
        return all(executor.drain(max(0.0, end - time.monotonic())) for executor in executors)

    def close(self, seconds: float) -> None:
        """Finish what is under way, for some seconds, then drop the rest."""
        self.drain(seconds)
        for executor in (self.lookups, self.later, self.notices):
            executor.close()
