"""What looks papers up, for whoever needs no more of the bot than that."""

import time
from pathlib import Path

from bot.catalog.names import shipped_names
from bot.db.engine import open_database
from bot.db.migrate import is_current
from bot.lookup.service import LookupService
from bot.review.store import SuggestionStore
from bot.settings import Settings


def live_lookup(settings: Settings) -> LookupService:
    """The lookup of the settings' folder, with what was decided if there is a database."""
    path = settings.database.removeprefix("sqlite:///")
    decisions = None
    if path == settings.database or Path(path).exists():  # a search makes no database
        database = open_database(settings.database)
        decisions = SuggestionStore(database) if is_current(database) else None
    return LookupService(settings.data_dir, shipped_names(), time.monotonic, decisions)
