"""Where approved papers are published, as the settings say."""

from bot.catalog.names import KnownNames
from bot.errors import PapersError
from bot.publishing.publisher import Target
from bot.settings import Settings


def target_of(settings: Settings, _names: KnownNames) -> Target | None:
    """The target beyond data/; None for `files`. Raises PapersError when a setting is missing."""
    if settings.publish == "files":
        return None
    raise PapersError(f"PAPERS_PUBLISH={settings.publish} is not there yet.")
