"""The lookup of a folder that people edit: a change of the files is served within a second."""

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from bot.catalog.files import CatalogError, Loaded, read_catalog, signature
from bot.catalog.names import KnownNames
from bot.lookup.lookup import Lookup

_log = structlog.get_logger()

LOOK_AGAIN = 0.5


class LiveLookup:
    """Always the latest list that can be read."""

    def __init__(self, folder: Path, shipped: KnownNames, clock: Callable[[], float]) -> None:
        """Read the folder now. `clock` gives seconds that only grow.

        Raises CatalogError when there is no list to begin with.
        """
        self._folder, self._shipped, self._clock = folder, shipped, clock
        self._lock = threading.Lock()
        self._signature = signature(folder)
        self._lookup = Lookup(_loaded(folder).catalog, shipped)
        self._looked = clock()

    def current(self) -> Lookup:
        """The lookup of the files as they are, or were when they could last be read."""
        if self._clock() - self._looked >= LOOK_AGAIN and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._lookup

    def _refresh(self) -> None:
        self._looked = self._clock()
        found = signature(self._folder)
        if found == self._signature:
            return
        self._signature = found
        try:
            self._lookup = Lookup(_loaded(self._folder).catalog, self._shipped)
        except CatalogError as error:
            _log.error("the list cannot be read; the last good one is served", reason=str(error))


def _loaded(folder: Path) -> Loaded:
    loaded = read_catalog(folder)
    for problem in loaded.problems:
        _log.warning(
            "a mistake in the list", where=f"{problem.file}:{problem.line}", what=str(problem)
        )
    return loaded
