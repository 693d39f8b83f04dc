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

_ADVICE = "Run `papers check` for the places of all mistakes."
_MAX_LOGGED = 20  # mistakes of one reading
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
        self.problem: str | None = None
        """Why a file of the list cannot be read; until it can, the last whole list is served."""
        self._version = self._current_version()
        self._whole: Catalog | None = None
        self._catalog = self._read(None)
        self._lookup = self._build()
        self._checked_at = clock()

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
            if version == self._version and not self.problem:
                return
            catalog = self._read(self._catalog)
            if catalog is not self._catalog or version.revision != self._version.revision:
                self._catalog = catalog
                self._lookup = self._build()
            self._version = version
        except SQLAlchemyError as error:
            _log.error("the database cannot be read", reason=type(error).__name__)
        except Exception as error:  # noqa: BLE001  # an edit may hold anything; lookups go on
            self.problem = f"The list cannot be used ({type(error).__name__}). {_ADVICE}"
            _log.error("the list cannot be used; serving its last state", reason=self.problem)

    def _current_version(self) -> _ListVersion:
        revision = self._decisions.revision() if self._decisions else 0
        return _ListVersion(signature(self._folder), revision)

    def _read(self, last: Catalog | None) -> Catalog:
        """The list of the folder, or the last one while a whole file of it cannot be read.

        Raises CatalogError if there is neither.
        """
        try:
            loaded = read_catalog(self._folder)
        except CatalogError as error:
            if last is None:
                raise
            self.problem = f"{error} {_ADVICE}"
            _log.error("the list cannot be read; serving its last state", reason=str(error))
            return last
        for problem in loaded.problems[:_MAX_LOGGED]:
            _log.warning(
                "mistake in the list", where=f"{problem.file}:{problem.line}", what=str(problem)
            )
        if (more := len(loaded.problems) - _MAX_LOGGED) > 0:
            _log.warning("further mistakes in the list", count=more)
        if not loaded.unreadable:
            self.problem, self._whole = None, loaded.catalog
            return loaded.catalog
        self.problem = f"{loaded.unreadable[0]} {_ADVICE}"
        return self._whole or loaded.catalog

    def _build(self) -> CatalogLookup:
        return CatalogLookup(with_decisions(self._catalog, self._decisions), self._shipped)


def with_decisions(catalog: Catalog, decisions: SuggestionStore | None) -> Catalog:
    """Apply the decisions that are not in the list's files yet."""
    for suggestion, change in decisions.unsettled() if decisions else ():
        try:
            catalog = apply(catalog, change)
        except CatalogError as error:
            _log.warning("cannot apply a decision", suggestion=suggestion.id, reason=str(error))
    return catalog
