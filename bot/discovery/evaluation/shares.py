"""Shares with bootstrap intervals. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies in 95 % of resampled recordings."""

    low: float
    high: float

    def __str__(self) -> str:
        """`[0.67, 0.85]`."""
        return f"[{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Share:
    """A figure: so many of so many, with its interval."""

    value: float
    interval: Interval


def interval_of(found: Counts, of: Counts) -> Interval:
    """The interval of a share, by resampling the parts that were counted."""
    drawn = np.random.default_rng(0).integers(0, len(found), (_DRAWS, len(found)))
    values = found[drawn].sum(axis=1) / np.maximum(1, of[drawn].sum(axis=1))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
