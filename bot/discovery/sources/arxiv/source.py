"""arXiv as a source of papers.

    plan ──► fetch ──► parse ──► judge freshness ──► a batch (papers, verdicts, validators)
                └─ failed, days missed, first start ──► API windows, page by page ──► batches

Plan, verdicts and days are pure (`plan`, `calendar`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.discovery.feed_history import (
    NO_VALIDATORS,
    FeedCheck,
    FeedValidators,
    SourceHistory,
)
from bot.discovery.rate_limit import HeldError, RateLimit
from bot.discovery.sources.arxiv.api import (
    IDS_PER_REQUEST,
    ApiPage,
    ApiPaper,
    id_list_url,
    parse_page,
    window_url,
)
from bot.discovery.sources.arxiv.calendar import (
    EASTERN,
    FeedHistory,
    FeedObservation,
    announced_on,
    judge,
    last_announcement,
    missed_days,
    submitted_between,
)
from bot.discovery.sources.arxiv.identifiers import ARXIV
from bot.discovery.sources.arxiv.plan import FeedRequest, again, feed_requests
from bot.discovery.sources.arxiv.rss import Feed, FeedItem, parse_feed
from bot.discovery.sources.arxiv.schedule import next_poll_of
from bot.discovery.sources.base import (
    Arrival,
    DatedPaper,
    FetchedBatch,
    LookUpBatch,
    Progress,
    SourceError,
)
from bot.discovery.sources.feed_document import FeedError
from bot.http import Fetched, FetchError, HttpClient, NotModified

EVERY = dt.timedelta(seconds=3)
"""Between two requests to any of arXiv's interfaces: https://info.arxiv.org/help/api/tou.html."""
PAGE = 500
_POLL_PATIENCE = dt.timedelta(minutes=1)  # that a Retry-After is waited for within a poll
_LOOK_UP_PATIENCE = dt.timedelta(seconds=10)  # within a look-up, which is tried again soon
_CANDIDATE_KINDS = frozenset({"new", "cross"})
_KEY = "arxiv:"


@dataclass(frozen=True, slots=True)
class ArxivAddresses:
    """The addresses of arXiv's interfaces, and how many days a first poll looks back."""

    rss: str
    api: str
    lookback_days: int


class ArxivSource:
    """Polls arXiv's feeds, fills gaps from its API and looks papers up there."""

    name = ARXIV

    def __init__(
        self,
        addresses: ArxivAddresses,
        categories: Callable[[], Sequence[str]],
        http: Callable[[], HttpClient],
        rate_limit: RateLimit,
    ) -> None:
        """`http` makes a client that waits for `rate_limit` before each request."""
        self._addresses, self._categories = addresses, categories
        self._http, self._rate_limit = http, rate_limit

    def next_poll(self, history: SourceHistory, now: dt.datetime) -> dt.datetime:
        """The moment of the next poll; see `schedule`. A Retry-After of arXiv's delays it."""
        due, held = next_poll_of(history, now), self._rate_limit.held_until()
        return max(due, held) if held else due

    def poll(
        self, history: SourceHistory, now: dt.datetime, progress: Progress
    ) -> Iterator[FetchedBatch]:
        """Ask every feed once, then fill the gaps that are known."""
        with self._http() as http:
            client = _Client(http, self._rate_limit, _POLL_PATIENCE)
            yield from _Poll(self._addresses, client, history, now, progress).batches(
                self._categories()
            )

    def look_up(self, keys: Collection[str], progress: Progress) -> Iterator[LookUpBatch]:
        """Ask the API about arXiv ids, a hundred at a time."""
        ids = [key.removeprefix(_KEY) for key in keys if key.startswith(_KEY)]
        if not ids:
            return
        with self._http() as http:
            client = _Client(http, self._rate_limit, _LOOK_UP_PATIENCE)
            for at in range(0, len(ids), IDS_PER_REQUEST):
                progress("Reading about papers", at, len(ids))
                asked = ids[at : at + IDS_PER_REQUEST]
                try:
                    self._rate_limit.check_hold(_LOOK_UP_PATIENCE)
                    page = client.page(id_list_url(self._addresses.api, asked))
                except (FetchError, FeedError) as error:
                    raise SourceError(self.name, error.reason) from error
                papers = {
                    f"{_KEY}{given.arxiv}": DatedPaper(given.paper, given.paper.published)
                    for given in page.papers
                }
                yield LookUpBatch(tuple(f"{_KEY}{each}" for each in asked), papers)


@dataclass(frozen=True, slots=True)
class _Client:
    """Fetches documents; waits and asks once more if arXiv names a short wait.

    Whatever it names is kept for the requests of all processes.
    """

    http: HttpClient
    rate_limit: RateLimit
    patience: dt.timedelta

    def fetch(self, url: str, validators: FeedValidators) -> Fetched | NotModified:
        conditions = {"etag": validators.etag, "last_modified": validators.last_modified}
        try:
            return self._once(url, conditions)
        except FetchError as error:
            if error.retry_after is None or error.retry_after > self.patience.total_seconds():
                raise
            return self._once(url, conditions)

    def _once(self, url: str, conditions: Mapping[str, str | None]) -> Fetched | NotModified:
        try:
            return self.http.fetch(url, **conditions)
        except FetchError as error:
            if error.retry_after is not None:
                self.rate_limit.hold(error.retry_after)
            raise

    def page(self, url: str) -> ApiPage:
        answer = self.fetch(url, NO_VALIDATORS)
        if isinstance(answer, NotModified):
            raise FeedError("“not modified”, though nothing was asked to compare with")
        return parse_page(answer.body)


@dataclass(frozen=True, slots=True)
class _Poll:
    addresses: ArxivAddresses
    client: _Client
    history: SourceHistory
    now: dt.datetime
    progress: Progress

    def batches(self, categories: Sequence[str]) -> Iterator[FetchedBatch]:
        gaps = {category: self._gap(category) for category in categories}
        requests = list(feed_requests(self.addresses.rss, categories))
        asked = 0
        while requests:
            self.progress("Asking the feeds", asked, asked + len(requests))
            request = requests.pop(0)
            batch, more = self._ask(request)
            yield batch
            requests += more
            asked += 1
        if missing := {category: days for category, days in gaps.items() if days}:
            yield from self._fill(missing)

    def _ask(self, request: FeedRequest) -> tuple[FetchedBatch, Sequence[FeedRequest]]:
        """Ask for one feed; returns further requests if it may not be whole."""
        validators = self.history.validators(request.url)
        try:
            answer = self.client.fetch(request.url, validators)
            if isinstance(answer, NotModified):
                return self._batch(request, None, validators), ()
            feed = parse_feed(answer.body)
        except (FetchError, FeedError) as error:
            failed = FeedObservation(failure=self._reason(error))
            checks = (self._check(each, failed, FeedHistory()) for each in request.categories)
            return FetchedBatch(checks=tuple(checks)), ()
        more = again(self.addresses.rss, request, feed)
        # Validators of a feed that is not whole would hide what is missing from it.
        is_whole = not (more or feed.truncated)
        validators = FeedValidators(answer.etag, answer.last_modified)
        return self._batch(request, feed, validators if is_whole else NO_VALIDATORS), more

    def _reason(self, error: FetchError | FeedError) -> str:
        """The reason of a failure; when it goes on, if arXiv asked to wait for minutes."""
        held = self.client.rate_limit.held_until()
        if isinstance(error, HeldError) or held is None or held - self.now < _POLL_PATIENCE:
            return error.reason
        return f"{error.reason}, {HeldError(held).reason}"

    def _batch(
        self, request: FeedRequest, feed: Feed | None, validators: FeedValidators
    ) -> FetchedBatch:
        items = feed.items if feed else ()
        seen = self.history.seen({item.paper.key for item in items}, self.now)
        failure = f"cut off after {len(items)} items" if feed and feed.truncated else None
        asked = FeedObservation(failure=failure, is_unchanged=feed is None)
        checks = tuple(
            self._check(category, _counted(asked, category, items, seen), self._history(category))
            for category in request.categories
        )
        day = last_announcement(self.now)
        arrivals = tuple(
            Arrival(item.paper, item.version, day, is_new=item.kind in _CANDIDATE_KINDS)
            for item in items
        )
        return FetchedBatch(
            arrivals, checks, request.url, validators, faults=feed.faults if feed else ()
        )

    def _check(self, category: str, poll: FeedObservation, history: FeedHistory) -> FeedCheck:
        verdict = judge(self.now, poll, history)
        day = last_announcement(self.now)
        return FeedCheck(ARXIV, category, verdict.name, verdict.reason, poll.unseen, day)

    def _history(self, category: str) -> FeedHistory:
        fresh = self.history.last_fresh(category)
        return FeedHistory(
            last_fresh=fresh[0] if fresh else None, mean=self.history.volume(category)
        )

    def _gap(self, category: str) -> tuple[dt.date, ...]:
        """The announcement days before today that were never taken."""
        today = self.now.astimezone(EASTERN).date()
        # Since the first check, not since the last fresh one: a day may have failed before a later
        # one came.
        watched = self.history.first_check(category) or self.now
        days = missed_days(watched - dt.timedelta(days=self.addresses.lookback_days), self.now)
        if not days:
            return ()
        taken = self.history.taken_days(category, days[0])
        return tuple(day for day in days if day not in taken and day < today)

    def _fill(self, missing: dict[str, tuple[dt.date, ...]]) -> Iterator[FetchedBatch]:
        """Ask the API for the days that are missing, one window for all categories."""
        first = min(days[0] for days in missing.values())
        last = max(days[-1] for days in missing.values())
        try:
            for number, papers in enumerate(self._pages(tuple(missing), first, last)):
                self.progress("Catching up", number, number + 1)
                arrivals = tuple(_arrival_of(paper, first, last) for paper in papers)
                yield FetchedBatch(arrivals, is_catch_up=True)
        except (FetchError, FeedError) as error:
            trouble = (
                f"Catching up from {first:%d %b} to {last:%d %b} was cut short: "
                f"{self._reason(error)}. "
                "The next poll goes on."
            )
            yield FetchedBatch(trouble=(trouble,))
            return
        yield FetchedBatch(
            days=tuple((category, day) for category, days in missing.items() for day in days)
        )

    def _pages(
        self, categories: tuple[str, ...], first: dt.date, last: dt.date
    ) -> Iterator[tuple[ApiPaper, ...]]:
        begin, end = submitted_between(first, last)
        start, total = 0, 1
        while start < total:
            url = window_url(self.addresses.api, categories, begin, end, start, PAGE)
            page = self.client.page(url)
            if not page.papers and start < page.total:
                raise FeedError(f"an empty page at {start} of {page.total}")
            yield page.papers
            start, total = start + max(len(page.papers), 1), page.total


def _counted(
    poll: FeedObservation, category: str, items: Sequence[FeedItem], seen: frozenset[str]
) -> FeedObservation:
    """Add the numbers of all and of unseen items of a category."""
    here = [item for item in items if category in item.paper.categories]
    unseen = {
        item.arxiv for item in here if item.kind in _CANDIDATE_KINDS and item.paper.key not in seen
    }
    return replace(poll, items=len(here), unseen=len(unseen))


def _arrival_of(given: ApiPaper, first: dt.date, last: dt.date) -> Arrival:
    """A paper from the API, on the day on which a feed would have announced it."""
    day = announced_on(given.published) if given.published else last
    return Arrival(given.paper, given.version, min(max(day, first), last))
