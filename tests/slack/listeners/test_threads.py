"""Laws of the listeners' threads: bounded, and finished before the process ends."""

import threading
from functools import partial

import pytest

from bot.slack.listeners.threads import BoundedExecutor, ListenerThreads


def test_an_executor_refuses_work_beyond_its_threads_and_queue() -> None:
    executor, gate, done = BoundedExecutor("test", 2, 3), threading.Event(), []

    def work() -> None:
        gate.wait(10)
        done.append(1)

    assert [executor.submit(work) for _ in range(7)] == [True] * 5 + [False] * 2
    assert not executor.drain(0)
    gate.set()
    assert executor.drain(10)
    assert len(done) == 5
    assert executor.submit(work), "there is room again"
    assert executor.drain(10)


def test_closing_finishes_what_was_acknowledged_and_takes_no_more() -> None:
    threads = ListenerThreads(later_threads=1)
    done: list[int] = []
    for number in range(20):
        assert threads.later.submit(partial(done.append, number))
    threads.close(10)
    assert done == list(range(20))
    assert not threads.later.submit(lambda: None)


@pytest.mark.parametrize("waiting", [0, 5])
def test_closing_drops_what_has_not_begun_in_time(waiting: int) -> None:
    threads, gate, begun = ListenerThreads(later_threads=1), threading.Event(), []

    def work() -> None:
        begun.append(1)
        gate.wait(10)

    for _ in range(1 + waiting):
        assert threads.later.submit(work)
    threads.close(0.1)
    gate.set()
    assert threads.drain(10)
    assert len(begun) == 1
