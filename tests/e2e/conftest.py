"""What takes minutes and a quiet machine runs in `make proof` alone."""

from tests.lengths import IS_PROOF

collect_ignore = [] if IS_PROOF else ["test_faults.py"]
