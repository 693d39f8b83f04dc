"""What looks papers up, for whoever needs no more of the bot than that."""

import time
from pathlib import Path

from bot.catalog.names import shipped_names
from bot.db.engine import open_database
from bot.db.migrate import is_current
from bot.lookup.live import LiveLookup
from bot.review.store import Suggestions
from bot.settings import Settings


def live_lookup(settings: Settings) -> LiveLookup:
    """The lookup of the settings' folder, with what was decided if there is a database."""
    path = settings.database.removeprefix("sqlite:///")
    decisions = None
    if path == settings.database or Path(path).exists():  # a search makes no database
        database = open_database(settings.database)
        decisions = Suggestions(database) if is_current(database) else None
    return LiveLookup(settings.data_dir, shipped_names(), time.monotonic, decisions)
