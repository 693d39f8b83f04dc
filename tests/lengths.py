"""How long tests run: briefly and alike each time in `make test`, at length in `make proof`."""

from hypothesis import settings

IS_PROOF = settings().max_examples > 1000
"""Whether this is `make proof`, by its profile of hypothesis."""


def length(short: int, full: int) -> int:
    """How often, or for how many seconds."""
    return full if IS_PROOF else short
