"""What takes minutes and a quiet machine runs in `make proof` alone."""

from pathlib import Path

import pytest


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the faults to the proof."""
    is_proof = config.getoption("--hypothesis-profile") == "proof"
    return True if collection_path.name == "test_faults.py" and not is_proof else None
