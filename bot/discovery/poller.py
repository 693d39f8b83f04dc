"""One poll of arXiv: ask each feed, judge it, keep what it brought; fill gaps from the API.

    plan ──► fetch ──► parse ──► judge freshness ──► keep (papers, verdicts, validators: at once)
                └─ failed, days missed, first start ──► API windows, page by page ──► keep

Nothing here decides: plan, verdicts and days are pure (`plan`, `calendar`). A poll may be
killed anywhere and begun again: what is kept is known, what is not is asked for again.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.discovery.rate_limit import RateLimit
from bot.discovery.sources.arxiv.api import (
    IDS_PER_REQUEST,
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
from bot.discovery.sources.arxiv.plan import FeedRequest, again, feed_requests
from bot.discovery.sources.arxiv.rss import Feed, FeedItem, parse_feed
from bot.discovery.sources.feed_document import FeedError
from bot.discovery.store import Arrival, FeedCheck, FeedValidators, FetchedBatch, PaperStore
from bot.http import Fetched, FetchError, HttpClient, NotModified

PAGE = 500
_LONGEST_PATIENCE = 60.0  # seconds that a Retry-After is waited for within a poll
_CANDIDATE_KINDS = frozenset({"new", "cross"})

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ArxivAddresses:
    """Where to ask, and for what."""

    rss: str
    api: str
    categories: tuple[str, ...]
    lookback_days: int


@dataclass(slots=True)
class PollOutcome:
    """What a poll found, for people."""

    at: dt.datetime
    checks: list[FeedCheck] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """Items that could not be read, one by one."""
    trouble: list[str] = field(default_factory=list)
    """What else did not work, in sentences."""
    new: int = 0
    caught_up: int = 0


class Poller:
    """Asks arXiv, politely, and keeps what it says."""

    def __init__(
        self,
        store: PaperStore,
        http: HttpClient,
        pace: RateLimit,
        sources: ArxivAddresses,
        progress: Progress,
    ) -> None:
        self._store, self._http, self._pace = store, http, pace
        self._sources, self._progress = sources, progress

    def poll(self, now: dt.datetime) -> PollOutcome:
        """Ask every feed once, then fill the gaps that are known."""
        report = PollOutcome(now)
        gaps = {category: self._gap(category, now) for category in self._sources.categories}
        requests = list(feed_requests(self._sources.rss, self._sources.categories))
        asked = 0
        while requests:
            self._progress("Asking the feeds", asked, asked + len(requests))
            request = requests.pop(0)
            requests += self._ask(request, now, report)
            asked += 1
        self._fill(gaps, now, report)
        return report

    def describe(self, ids: Iterable[str], now: dt.datetime, report: PollOutcome) -> None:
        """Learn from the API what is not known yet of listed papers, a hundred at a time."""
        unknown = self._store.unknown_listed(ids)
        for at in range(0, len(unknown), IDS_PER_REQUEST):
            self._progress("Reading about listed papers", at, len(unknown))
            some = unknown[at : at + IDS_PER_REQUEST]
            try:
                answer = parse_page(self._fetch(id_list_url(self._sources.api, some)))
            except (FetchError, FeedError) as error:
                report.trouble.append(
                    f"arXiv’s API did not tell of listed papers: {error.reason}. "
                    "The next poll asks again."
                )
                return
            papers = {found.paper.arxiv: found.paper for found in answer.papers}
            self._store.keep_metadata(some, papers, now)

    def look_up(self, ids: Sequence[str]) -> Mapping[str, ApiPaper]:
        """What the API says of papers, by id; those that it does not know are missing.

        Raises FetchError or FeedError when it does not answer.
        """
        answer = parse_page(self._fetch(id_list_url(self._sources.api, ids)))
        return {found.paper.arxiv: found for found in answer.papers}

    def _ask(
        self, request: FeedRequest, now: dt.datetime, report: PollOutcome
    ) -> Sequence[FeedRequest]:
        """One feed; what else to ask if it cannot be trusted to be whole."""
        memory = self._store.memory(request.url)
        try:
            answer = self._answer(request.url, memory)
            if isinstance(answer, NotModified):
                self._keep(request, None, memory, now, report)
                return ()
            feed = parse_feed(answer.body)
        except (FetchError, FeedError) as error:
            self._fail(request, error.reason, now, report)
            return ()
        report.faults += feed.faults
        more = again(self._sources.rss, request, feed)
        # Validators of a feed that is not whole would hide what is missing from it.
        validators = (
            FeedValidators()
            if more or feed.truncated
            else FeedValidators(answer.etag, answer.last_modified)
        )
        self._keep(request, feed, validators, now, report)
        return more

    def _keep(
        self,
        request: FeedRequest,
        feed: Feed | None,
        memory: FeedValidators,
        now: dt.datetime,
        report: PollOutcome,
    ) -> None:
        items = feed.items if feed else ()
        known = self._store.known({item.paper.arxiv for item in items}, now)
        failure = f"cut off after {len(items)} items" if feed and feed.truncated else None
        asked = FeedObservation(failure=failure, is_unchanged=feed is None)
        checks = tuple(
            self._check(category, _counted(asked, category, items, known), now)
            for category in request.categories
        )
        arrivals = tuple(_arrival(item, last_announcement(now)) for item in items)
        batch = FetchedBatch(arrivals, checks, request.url, memory)
        report.new += self._store.take(batch, now)
        report.checks += checks

    def _check(self, category: str, poll: FeedObservation, now: dt.datetime) -> FeedCheck:
        verdict = judge(now, poll, self._history(category))
        return FeedCheck(
            category, verdict.name, verdict.reason, poll.unseen, last_announcement(now)
        )

    def _fail(
        self, request: FeedRequest, reason: str, now: dt.datetime, report: PollOutcome
    ) -> None:
        day = last_announcement(now)
        verdict = judge(now, FeedObservation(failure=reason), FeedHistory())
        checks = tuple(
            FeedCheck(category, verdict.name, verdict.reason, 0, day)
            for category in request.categories
        )
        self._store.take(FetchedBatch(checks=checks), now)
        report.checks += checks

    def _history(self, category: str) -> FeedHistory:
        fresh = self._store.last_fresh(category)
        return FeedHistory(
            last_fresh=fresh[0] if fresh else None, mean=self._store.volume(category)
        )

    def _gap(self, category: str, now: dt.datetime) -> tuple[dt.date, ...]:
        """The announcement days before today that were never taken."""
        today = now.astimezone(EASTERN).date()
        # Since the category is watched, not since it was last fresh: a day may have failed before
        # a later one came.
        watched = self._store.first_check(category) or now
        days = missed_days(watched - dt.timedelta(days=self._sources.lookback_days), now)
        if not days:
            return ()
        taken = self._store.taken_days(category, days[0])
        return tuple(day for day in days if day not in taken and day < today)

    def _fill(
        self, gaps: dict[str, tuple[dt.date, ...]], now: dt.datetime, report: PollOutcome
    ) -> None:
        """Ask the API for the days that are missing, one window for all categories."""
        missing = {category: days for category, days in gaps.items() if days}
        if not missing:
            return
        first = min(days[0] for days in missing.values())
        last = max(days[-1] for days in missing.values())
        try:
            for number, papers in enumerate(self._pages(tuple(missing), first, last)):
                self._progress("Catching up", number, number + 1)
                arrivals = tuple(_arrival_of(found, first, last) for found in papers)
                report.caught_up += self._store.take(FetchedBatch(arrivals), now)
        except (FetchError, FeedError) as error:
            report.trouble.append(
                f"Catching up from {first:%d %b} to {last:%d %b} was cut short: {error.reason}. "
                "The next poll goes on."
            )
            return
        days = tuple((category, day) for category, days in missing.items() for day in days)
        self._store.take(FetchedBatch(days=days), now)

    def _pages(
        self, categories: tuple[str, ...], first: dt.date, last: dt.date
    ) -> Iterator[tuple[ApiPaper, ...]]:
        begin, end = submitted_between(first, last)
        start, total = 0, 1
        while start < total:
            url = window_url(self._sources.api, categories, begin, end, start, PAGE)
            answer = parse_page(self._fetch(url))
            if not answer.papers and start < answer.total:
                raise FeedError(f"an empty page at {start} of {answer.total}")
            yield answer.papers
            start, total = start + max(len(answer.papers), 1), answer.total

    def _fetch(self, url: str) -> bytes:
        answer = self._answer(url, FeedValidators())
        if isinstance(answer, NotModified):
            raise FeedError("“not modified”, though nothing was asked to compare with")
        return answer.body

    def _answer(self, url: str, memory: FeedValidators) -> Fetched | NotModified:
        """Ask once; once more if the server names a short wait."""
        try:
            return self._http.fetch(url, etag=memory.etag, last_modified=memory.last_modified)
        except FetchError as error:
            if error.retry_after is None:
                raise
            self._pace.hold(error.retry_after)
            if error.retry_after > _LONGEST_PATIENCE:
                raise
            return self._http.fetch(url, etag=memory.etag, last_modified=memory.last_modified)


def _counted(
    poll: FeedObservation, category: str, items: Sequence[FeedItem], known: frozenset[str]
) -> FeedObservation:
    """With how many items of a category there are, and how many of them nobody has seen."""
    here = [item for item in items if category in item.paper.categories]
    unseen = {
        item.paper.arxiv
        for item in here
        if item.kind in _CANDIDATE_KINDS and item.paper.arxiv not in known
    }
    return replace(poll, items=len(here), unseen=len(unseen))


def _arrival(item: FeedItem, day: dt.date) -> Arrival:
    return Arrival(item.paper, item.version, day, is_new=item.kind in _CANDIDATE_KINDS)


def _arrival_of(found: ApiPaper, first: dt.date, last: dt.date) -> Arrival:
    """A paper from the API, on the day on which a feed would have announced it."""
    day = announced_on(found.published) if found.published else last
    return Arrival(found.paper, found.version, min(max(day, first), last), is_new=True)
