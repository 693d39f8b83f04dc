"""What is to be published, and where it ended up. Values only."""

import datetime as dt
from dataclasses import dataclass

from bot.catalog.changes import Change
from bot.errors import PapersError


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A decision on its way out."""

    key: str
    change: Change
    subject: str
    body: str
    author: str
    email: str
    slug: str
    day: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Where a decision can be seen."""

    commit: str | None = None
    url: str | None = None


class PublishError(PapersError):
    """It could not be published."""
