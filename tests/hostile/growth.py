"""Measurement of how the time of a call grows with its input: an exponent, not seconds."""

import gc
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LINEAR = 1.6
"""The largest exponent that passes; linear work has 1, quadratic work 2."""
_SHORT = 0.003  # seconds of processor time; a shorter measurement is mostly noise
_LONG = 0.15  # no longer input is tried after this
_LONGEST = 65_536  # characters
_TOO_LONG = 1.0
_RUNS = 3
_LEAST = 3  # lengths that are tried at least
_SUSPECT = 7  # times as long for four times the input


@dataclass(frozen=True, slots=True)
class Attack:
    """A text of any length: a beginning, repetitions of a piece, an end."""

    start: str
    pump: str
    end: str

    def text(self, length: int) -> str:
        """The text, with repetitions of about this length."""
        return f"{self.start}{self.pump * (length // len(self.pump) + 1)}{self.end}"


def grows(call: Callable[[str], object], attack: Attack, length: int) -> bool:
    """Tell whether the time of a call may grow more than linearly from a length on."""
    with _without_collection():
        call(attack.text(16))  # caches are filled
        first = _seconds(call, attack.text(length))
        last = _seconds(call, attack.text(length * 4))
        if last < _SHORT / 10 or last < first * _SUSPECT:
            return False
        if last > _TOO_LONG:
            return True
        first = min(_seconds(call, attack.text(length)) for _ in range(_RUNS))
        return min(last, _seconds(call, attack.text(length * 4))) > first * _SUSPECT


def exponent(call: Callable[[str], object], attack: Attack, length: int) -> float:
    """The exponent of a call's time over the length of its input; 0 while it is negligible.

    The input doubles from `length` on until the call takes long, and the last two doublings count.
    The least of several runs is taken, in the processor time of this thread, so that a busy
    machine changes little. Bounded work has an exponent of 0 beyond its bound.
    """
    with _without_collection():
        times = [_seconds(call, attack.text(length))]
        while len(times) < _LEAST or (times[-1] < _LONG and length < _LONGEST):
            length *= 2
            times.append(_seconds(call, attack.text(length)))
            if times[-1] > _TOO_LONG:  # seconds are no noise; a repetition could take minutes
                return math.log2(times[-1] / times[-2])
        if times[-1] < _SHORT:
            return 0.0
        first, last = (
            min(_seconds(call, text) for _ in range(_RUNS))
            for text in (attack.text(length // 4), attack.text(length))
        )
        return math.log(last / first, 4)


@contextmanager
def _without_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _seconds(call: Callable[[str], object], text: str) -> float:
    begin = time.thread_time()
    call(text)
    return time.thread_time() - begin
