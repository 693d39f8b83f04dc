"""The lookup of a list that changes: edits of the files and decisions are served within a second.

data/ (as people and the publisher wrote it) + what was decided and is not there yet ──► Lookup
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
from bot.catalog.yaml.read import CatalogError, LoadedCatalog, read_catalog, signature
from bot.lookup.lookup import Lookup
from bot.review.store import SuggestionStore

_log = structlog.get_logger()

LOOK_AGAIN = 0.5


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a lookup was made of: the files, and the last decision."""

    files: tuple[tuple[str, int, int], ...]
    revision: int


class LookupService:
    """Always the latest list that can be read."""

    def __init__(
        self,
        folder: Path,
        shipped: KnownNames,
        clock: Callable[[], float],
        decisions: SuggestionStore | None = None,
    ) -> None:
        """Read the folder now. `clock` gives seconds that only grow.

        Raises CatalogError when there is no list to begin with.
        """
        self._folder, self._shipped, self._clock = folder, shipped, clock
        self._decisions = decisions
        self._lock = threading.Lock()
        self._seen = self._look()
        self._lookup = self._made()
        self._looked = clock()
        self.problem: str | None = None
        """Why the list cannot be read now, if so; the last good one is served meanwhile."""

    def current(self) -> Lookup:
        """The lookup of the list as it is, or was when it could last be read."""
        if self._clock() - self._looked >= LOOK_AGAIN and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._lookup

    def _refresh(self) -> None:
        self._looked = self._clock()
        try:
            found = self._look()
            if found != self._seen:
                self._lookup = self._made()
                self._seen = found
            self.problem = None
        except CatalogError as error:
            self.problem = str(error)
            _log.error("the list cannot be read; the last good one is served", reason=str(error))
        except SQLAlchemyError as error:
            _log.error("the database cannot be read", reason=type(error).__name__)

    def _look(self) -> _Seen:
        revision = self._decisions.revision() if self._decisions else 0
        return _Seen(signature(self._folder), revision)

    def _made(self) -> Lookup:
        catalog = _loaded(self._folder).catalog
        return Lookup(with_decisions(catalog, self._decisions), self._shipped)


def with_decisions(catalog: Catalog, decisions: SuggestionStore | None) -> Catalog:
    """A list with what was decided and does not stand in its files yet."""
    for one, change in decisions.unsettled() if decisions else ():
        try:
            catalog = apply(catalog, change)
        except CatalogError as error:
            _log.warning("a decision cannot be shown", suggestion=one.id, reason=str(error))
    return catalog


def _loaded(folder: Path) -> LoadedCatalog:
    loaded = read_catalog(folder)
    for problem in loaded.problems:
        _log.warning(
            "a mistake in the list", where=f"{problem.file}:{problem.line}", what=str(problem)
        )
    return loaded
