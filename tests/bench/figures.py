"""Quantiles and units of the figures."""

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """The value with this share of the values below it (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float) -> str:
    """Seconds as `1.23 ms`."""
    return f"{seconds * 1e3:,.2f} ms"
