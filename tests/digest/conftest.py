"""Tests of digests run on SQLite; those of transactions and concurrency on PostgreSQL, too."""

import pytest

from bot.db.engine import Database
from tests.digest.setup import Setup


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """SQLite, unless a test is marked with `BOTH`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def setup(database: Database) -> Setup:
    return Setup(database)
