"""What every process of the bot is made of: the database, the list with its decisions, review."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames, shipped_names
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.settings import Settings
from bot.slack.clients import SlackClients
from bot.slack.context import ListenerContext
from bot.slack.directory import Directory


@dataclass(frozen=True, slots=True)
class Container:
    """The parts, over one database and one folder."""

    settings: Settings
    database: Database
    lookup: LookupService
    suggestions: SuggestionStore
    review: ReviewService
    outbox: Outbox
    sleep: Callable[[float], None] = time.sleep
    """How its polls wait for their turn."""

    @property
    def names(self) -> KnownNames:
        """The names that the list and this project know."""
        return KnownNames.of(self.lookup.current().catalog.info).merged(shipped_names())

    @property
    def editor(self) -> Composer:
        """What makes digests."""
        return Composer(self.database, self._catalog, shipped_names())

    def _catalog(self) -> Catalog:
        return self.lookup.current().catalog

    def listener_context(self, clients: SlackClients, workspace: str) -> ListenerContext:
        """The dependencies of the listeners; `workspace` is its address."""
        return ListenerContext(
            review=self.review,
            suggestions=self.suggestions,
            lookup=self.lookup,
            subscriptions=SubscriptionService(
                DigestStore(self.database), self.editor, self.lookup.current
            ),
            outbox=self.outbox,
            directory=Directory(clients.interactive, time.monotonic),
            clients=clients,
            names=self.names,
            now=now,
            rng=SystemRandom(),
            workspace=workspace,
            channel=self.settings.review_channel,
        )


def make_container(settings: Settings) -> Container:
    """Open the database, its schema brought to the newest, and read the list."""
    database = open_database(settings.database)
    migrate(database)
    suggestions = SuggestionStore(database)
    return Container(
        settings=settings,
        database=database,
        lookup=LookupService(settings.data_dir, shipped_names(), time.monotonic, suggestions),
        suggestions=suggestions,
        review=ReviewService(database, settings.review_channel),
        outbox=Outbox(database),
    )


def now() -> dt.datetime:
    """The moment; everything else is given it."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # this is where the clock comes from
