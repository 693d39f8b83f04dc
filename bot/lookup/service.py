"""The lookup of a changing list: edited files and decisions are served within a second.

data/ (as people and the publisher wrote it) + decisions that it lacks ──► CatalogLookup
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.catalog.change import apply
from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames
from bot.catalog.yaml.read import CatalogError, read_catalog, signature
from bot.lookup.catalog_lookup import CatalogLookup
from bot.review.store import SuggestionStore

_log = structlog.get_logger()

REFRESH_SECONDS = 0.5
"""The least time between two checks for changes."""


@dataclass(frozen=True, slots=True)
class _ListVersion:
    """The version of the files, and the number of the last decision."""

    files: tuple[tuple[str, int, int], ...]
    revision: int


class LookupService:
    """Keeps a CatalogLookup current with the data folder and the review decisions."""

    def __init__(
        self,
        folder: Path,
        shipped: KnownNames,
        clock: Callable[[], float],
        decisions: SuggestionStore | None = None,
    ) -> None:
        """Read the folder. `clock` gives seconds and is monotonic.

        Raises CatalogError if the folder holds no list that can be read.
        """
        self._folder, self._shipped, self._clock = folder, shipped, clock
        self._decisions = decisions
        self._lock = threading.Lock()
        self._version = self._current_version()
        self._lookup = self._build()
        self._checked_at = clock()
        self.problem: str | None = None
        """Why the list cannot be read now; until it can, its last readable state is served."""

    def current(self) -> CatalogLookup:
        """The lookup of the list's present state, or of its last readable one."""
        is_due = self._clock() - self._checked_at >= REFRESH_SECONDS
        if is_due and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._lookup

    def _refresh(self) -> None:
        self._checked_at = self._clock()
        try:
            version = self._current_version()
            if version != self._version:
                self._lookup = self._build()
                self._version = version
            self.problem = None
        except CatalogError as error:
            self.problem = str(error)
            _log.error("the list cannot be read; serving its last state", reason=str(error))
        except SQLAlchemyError as error:
            _log.error("the database cannot be read", reason=type(error).__name__)

    def _current_version(self) -> _ListVersion:
        revision = self._decisions.revision() if self._decisions else 0
        return _ListVersion(signature(self._folder), revision)

    def _build(self) -> CatalogLookup:
        loaded = read_catalog(self._folder)
        for problem in loaded.problems:
            _log.warning(
                "mistake in the list", where=f"{problem.file}:{problem.line}", what=str(problem)
            )
        return CatalogLookup(with_decisions(loaded.catalog, self._decisions), self._shipped)


def with_decisions(catalog: Catalog, decisions: SuggestionStore | None) -> Catalog:
    """Apply the decisions that are not in the list's files yet."""
    for suggestion, change in decisions.unsettled() if decisions else ():
        try:
            catalog = apply(catalog, change)
        except CatalogError as error:
            _log.warning("cannot apply a decision", suggestion=suggestion.id, reason=str(error))
    return catalog
