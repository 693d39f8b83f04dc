"""What every process of the bot is made of: the database, the list with its decisions, review."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
)

from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames, shipped_names
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.discovery.rate_limit import RateLimit
from bot.discovery.service import DiscoveryService
from bot.discovery.sources.arxiv.source import EVERY, ArxivAddresses, ArxivSource
from bot.discovery.sources.base import Source
from bot.http import HttpClient, user_agent
from bot.lookup.service import LookupService
from bot.outbox.store import Outbox
from bot.review.intake import IntakeJobs, to_learn_from
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.settings import Settings
from bot.slack.context import ListenerContext
from bot.slack.directory import Directory
from bot.slack.listeners import Listeners

_INTERACTIVE_SECONDS = 2  # somebody waits, and Slack gives up after three


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
    sources: tuple[Source, ...] | None = None
    """Where papers are looked for; None is arXiv."""

    @property
    def names(self) -> KnownNames:
        """The names that the list and this project know."""
        return KnownNames.of(self.lookup.current().catalog.info).merged(shipped_names())

    @property
    def editor(self) -> Composer:
        """What makes digests."""
        return Composer(self.database, self._catalog, shipped_names())

    @property
    def discovery(self) -> DiscoveryService:
        """The use cases of discovery."""
        sources = (arxiv_source(self),) if self.sources is None else self.sources
        return DiscoveryService(
            self.database,
            self._catalog,
            sources,
            now,
            rejected=lambda: to_learn_from(self.suggestions.rejected()),
            is_paused=lambda moment: self.suggestions.paused_until(moment) is not None,
            channel=self.settings.review_channel,
        )

    @property
    def intake(self) -> IntakeJobs:
        """The jobs between discovery and review."""
        return IntakeJobs(self.discovery, self.review, self.suggestions, self._catalog, now)

    def _catalog(self) -> Catalog:
        return self.lookup.current().catalog

    def desk(self, token: str, workspace: str) -> ListenerContext:
        """What listeners share; `workspace` is its address."""
        client = client_of(self.settings, token, timeout=_INTERACTIVE_SECONDS)
        return ListenerContext(
            review=self.review,
            suggestions=self.suggestions,
            lookup=self.lookup,
            people=Directory(client, time.monotonic),
            outbox=self.outbox,
            subscribing=SubscriptionService(
                DigestStore(self.database), self.editor, self.lookup.current
            ),
            workspace=workspace,
            now=now,
            channel=self.settings.review_channel,
        )

    def listeners(self, token: str, workspace: str) -> Listeners:
        """What answers people, in either transport."""
        return Listeners(self.desk(token, workspace), self.names, SystemRandom())


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


def arxiv_source(parts: Container) -> ArxivSource:
    """arXiv, at the addresses of the settings."""
    settings = parts.settings
    rate_limit = RateLimit(parts.database, now, parts.sleep, name="arxiv", every=EVERY)

    def http() -> HttpClient:
        return HttpClient(
            agent=user_agent(settings.contact),
            clock=time.monotonic,
            now=now,
            wait=rate_limit.wait,
        )

    return ArxivSource(
        ArxivAddresses(settings.rss_url, settings.api_url, settings.lookback_days),
        lambda: parts.lookup.current().catalog.info.categories,
        http,
        rate_limit,
    )


def client_of(settings: Settings, token: str, *, timeout: int = 30) -> WebClient:
    """A client whose calls may be repeated; what must not be is sent by another."""
    return WebClient(
        token=token,
        base_url=settings.slack_api_url,
        timeout=timeout,
        retry_handlers=[
            ConnectionErrorRetryHandler(),
            RateLimitErrorRetryHandler(max_retry_count=2),
        ],
    )


def now() -> dt.datetime:
    """The moment; everything else is given it."""
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # this is where the clock comes from
