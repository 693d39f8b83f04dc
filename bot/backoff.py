"""Exponential backoff."""

import math


def backoff(tries: int, *, first: float, longest: float) -> float:
    """Seconds to wait after so many failed tries: `first`, doubled by each try, up to `longest`.

    `first` belongs to zero tries. Any number of tries is allowed.
    """
    # 2.0**1024 would overflow, and a publication is tried for weeks.
    return longest if tries >= math.log2(longest / first) else first * 2.0**tries
