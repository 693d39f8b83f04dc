"""The object graph: settings become services that share one database, one list and one clock.

settings ──► bootstrap ──► Container ──► listeners (`papers run`, `papers web`)
├──► sender, publisher, jobs (the worker)
└──► commands (`papers poll`, `papers digest`)

The modules that only the worker and commands need are imported where they are used: `papers web`
starts sooner and needs less memory without them.
"""

# ruff: noqa: PLC0415  # as above

import datetime as dt
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

from bot.app.clock import utc_now
from bot.catalog.model import Catalog
from bot.catalog.names import KnownNames, shipped_names
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.digest.composer import Composer
from bot.digest.service import SubscriptionService
from bot.digest.store import DigestStore
from bot.limits.store import ActivityStore
from bot.lookup.service import LookupService
from bot.ops.health import HealthEndpoints
from bot.outbox.store import Outbox
from bot.review.service import ReviewService
from bot.review.store import SuggestionStore
from bot.settings import ENVIRONMENT, Settings
from bot.slack.authority import ANY_WORKSPACE, Workspace
from bot.slack.clients import SlackClients, make_clients
from bot.slack.context import ListenerContext
from bot.slack.directory import Directory
from bot.slack.permalinks import card_link
from bot.slack.transport.request_claims import RequestClaims
from bot.slack.workspace_connection import WorkspaceConnection

if TYPE_CHECKING:
    from bot.discovery.service import DiscoveryService
    from bot.discovery.sources.arxiv.source import ArxivSource
    from bot.discovery.sources.base import Source
    from bot.http import HttpClient
    from bot.publishing.publisher import Publisher, Target
    from bot.review.intake import IntakeJobs
    from bot.slack.delivery.sender import Sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """The bot's services. Members are shared; each method makes a new object."""

    settings: Settings
    now: Callable[[], dt.datetime]
    clock: Callable[[], float]
    """Monotonic seconds."""
    sleep: Callable[[float], None]
    rng: random.Random
    clients: SlackClients
    connection: WorkspaceConnection
    database: Database
    suggestions: SuggestionStore
    lookup: LookupService
    review: ReviewService
    outbox: Outbox
    activity: ActivityStore
    digests: Composer
    subscriptions: SubscriptionService
    sources: "Sequence[Source] | None" = None
    """The sources of papers; None is arXiv."""

    @property
    def workspace(self) -> Workspace:
        """The workspace; its address is empty while Slack has not named it."""
        return self.connection.workspace

    @property
    def catalog(self) -> Catalog:
        """The current list."""
        return self.lookup.current().catalog

    def discovery(self) -> "DiscoveryService":
        """The use cases of discovery."""
        from bot.discovery.service import DiscoveryService
        from bot.review.intake import negative_examples

        return DiscoveryService(
            self.database,
            lambda: self.catalog,
            (self._arxiv(),) if self.sources is None else self.sources,
            self.now,
            rejected=lambda: negative_examples(self.suggestions.rejected()),
            is_paused=lambda moment: self.suggestions.paused_until(moment) is not None,
            channel=self.settings.review_channel,
        )

    def intake(self) -> "IntakeJobs":
        """The jobs that bring papers from discovery to review."""
        from bot.review.intake import IntakeJobs

        return IntakeJobs(
            self.discovery(), self.review, self.suggestions, lambda: self.catalog, self.now
        )

    def listener_context(self) -> ListenerContext:
        """The dependencies of the listeners."""
        return ListenerContext(
            review=self.review,
            suggestions=self.suggestions,
            lookup=self.lookup,
            subscriptions=self.subscriptions,
            activity=self.activity,
            outbox=self.outbox,
            directory=Directory(self.clients.interactive, self.clock),
            clients=self.clients,
            names=KnownNames.of(self.catalog.info).merged(shipped_names()),
            now=self.now,
            rng=self.rng,
            connection=self.connection,
            channel=self.settings.review_channel,
        )

    def claims(self) -> RequestClaims:
        """The claims of requests, by which a repeated one acts once."""
        return RequestClaims(self.database, self.now)

    def health(self, rest: WSGIApplication | None = None) -> HealthEndpoints:
        """Health and metrics endpoints; `rest` serves every other path."""
        return HealthEndpoints(
            self.database,
            self.lookup,
            self.now,
            rest,
            slack_problem=lambda: self.connection.problem,
        )

    def sender(self) -> "Sender":
        """The sender of the outbox."""
        from bot.slack.delivery.renderer import Renderer
        from bot.slack.delivery.sender import Sender

        renderer = Renderer(self.suggestions, self.lookup, self.connection)
        return Sender(
            self.outbox,
            self.clients.once_only,
            renderer.render,
            now=self.now,
            clock=self.clock,
        )

    def publisher(self, run: str, target: "Target | None" = None) -> "Publisher":
        """The publisher to a target, by default the settings'; `run` names its run for the queue.

        Raises PapersError when a setting for publishing is missing.
        """
        from bot.publishing.publisher import Publisher
        from bot.publishing.queue import PublicationQueue

        return Publisher(
            PublicationQueue(self.database, self.settings.review_channel),
            self.settings.data_dir,
            target or self.target(),
            run=run,
            link=lambda number: card_link(self.outbox, self.workspace.url, number),
        )

    def http(self, wait: Callable[[], None] = lambda: None) -> "HttpClient":
        """An HTTP client; `wait` returns when a request may be sent."""
        from bot.http import HttpClient, user_agent

        agent = user_agent(self.settings.contact)
        return HttpClient(agent=agent, clock=self.clock, now=self.now, wait=wait)

    def target(self) -> "Target":
        """The publishing target of the settings. Raises PapersError when a setting is missing."""
        from bot.publishing.targets.factory import TargetSettings, make_target

        settings, token = self.settings, self.settings.github_token
        return make_target(
            TargetSettings(
                kind=settings.publish,
                folder=settings.data_dir,
                markdown=self.catalog.info.publish.markdown,
                environment=ENVIRONMENT,
                github_repo=settings.github_repo,
                github_token=token.get_secret_value() if token else None,
                github_api_url=settings.github_api_url,
                github_data=settings.github_data,
                github_weekly=settings.github_branch == "week",
            ),
            shipped_names(),
            http=self.http,
            now=self.now,
        )

    def _arxiv(self) -> "ArxivSource":
        """arXiv, at the addresses of the settings."""
        from bot.discovery.rate_limit import RateLimit
        from bot.discovery.sources.arxiv.source import EVERY, ArxivAddresses, ArxivSource

        settings = self.settings
        limit = RateLimit(self.database, self.now, self.sleep, name="arxiv", every=EVERY)
        return ArxivSource(
            ArxivAddresses(settings.rss_url, settings.api_url, settings.lookback_days),
            lambda: self.catalog.info.categories,
            lambda: self.http(limit.wait),
            limit,
        )


def bootstrap(  # noqa: PLR0913  # each dependency can be replaced by itself
    settings: Settings,
    *,
    now: Callable[[], dt.datetime] = utc_now,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
    clients: SlackClients | None = None,
    database: Database | None = None,
    workspace: Workspace = ANY_WORKSPACE,
    connection: WorkspaceConnection | None = None,
    sources: "Sequence[Source] | None" = None,
) -> Container:
    """Build the object graph: open and migrate the database, and read the list.

    Every dependency has a default and can be replaced. `workspace` links to messages and tells
    the workspace's people from others; or `connection` asks Slack for it. A given `database` is
    used as it is.
    Raises PapersError when the database or the list cannot be used.
    """
    if database is None:
        database = open_database(settings.database, sleep=sleep)
        migrate(database)
    if clients is None:  # without a token Slack refuses their calls
        token = settings.slack_bot_token
        plain = token.get_secret_value().strip() if token else ""
        clients = make_clients(plain, settings.slack_api_url)
    names, suggestions = shipped_names(), SuggestionStore(database)
    lookup = LookupService(settings.data_dir, names, clock, suggestions)
    digests = Composer(database, lambda: lookup.current().catalog, names)
    return Container(
        settings=settings,
        now=now,
        clock=clock,
        sleep=sleep,
        rng=rng or random.SystemRandom(),
        clients=clients,
        connection=connection or WorkspaceConnection(workspace),
        database=database,
        suggestions=suggestions,
        lookup=lookup,
        review=ReviewService(database, settings.review_channel),
        outbox=Outbox(database),
        activity=ActivityStore(database),
        digests=digests,
        subscriptions=SubscriptionService(DigestStore(database), digests, lookup.current),
        sources=sources,
    )
