"""Exponential backoff: growth, limit, and any number of tries."""

import pytest

from bot.backoff import backoff


@pytest.mark.parametrize(
    ("first", "longest", "waits"),
    [
        (1.0, 300.0, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]),
        (10.0, 40.0, [10, 20, 40, 40]),
        (5.0, 5.0, [5, 5]),
    ],
)
def test_the_wait_doubles_up_to_the_longest(
    first: float, longest: float, waits: list[float]
) -> None:
    assert [backoff(n, first=first, longest=longest) for n in range(len(waits))] == waits


def test_after_many_tries_the_wait_is_the_longest() -> None:
    assert backoff(100_000, first=10.0, longest=3600.0) == 3600.0
