"""What an edition says. Pure: from what is known, a subscription and a period to values.

news ──► those of the topic, in the period ──► draft ──► without what the channel was told ──►
         (waiting and feeds are as they are)             (in the transaction that issues it)
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.catalog.identity import link_of
from bot.catalog.model import Catalog, Entry, compact
from bot.digest.feed_health import FeedChecks, FeedHealth
from bot.digest.model import Subscription, Topic
from bot.digest.periods import Period
from bot.digest.topics import TopicMatch
from bot.discovery.sources.arxiv.calendar import EASTERN

NOTEWORTHY = 5
STALE = dt.timedelta(days=7)
"""A card that nobody answered for so long is mentioned."""
LATE = dt.timedelta(days=7)
"""So late a paper may come to light and still be told: committed while an edition was made, dated
by a clock that was ahead, added in a pull request that was merged days afterwards."""
_LONGEST_KEY = 400
_TELLING_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPaper:
    """An addition to the list: by a suggestion at a moment, or by hand on a day."""

    entry: Entry
    at: dt.datetime | None = None
    day: dt.date | None = None
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardLink:
    """Where a suggestion's card stands in Slack."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCard:
    """A suggestion that waits for an answer, since when nothing has happened to it."""

    number: int
    entry: Entry
    since: dt.datetime
    card: CardLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedPaper:
    """A paper that was nearly proposed."""

    entry: Entry
    day: dt.date
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionMaterial:
    """Everything that editions are made of. Every entry's sections are the catalog's."""

    catalog: Catalog
    listed: tuple[ListedPaper, ...] = ()
    pending: tuple[PendingCard, ...] = ()
    seen: tuple[UnlistedPaper, ...] = ()
    feeds: FeedChecks = field(default_factory=FeedChecks)


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionPaper:
    """A paper in an edition."""

    title: str
    url: str | None = None
    details: str = ""
    """Venue, year and organisations."""
    approved_by: tuple[str, ...] = ()
    """Slack ids; empty when somebody added it by hand, and for papers that are not listed."""
    keys: tuple[str, ...] = ()
    """Any of them is enough to know the paper again."""
    is_late: bool = False
    """Whether it was listed before the period begins."""


@dataclass(frozen=True, slots=True)
class EditionGroup:
    """The papers of a section."""

    section: str
    papers: tuple[EditionPaper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCard:
    """A card that waits. Its paper is not named: it is told of when it is listed."""

    number: int
    since: dt.datetime
    is_stale: bool = False
    is_news: bool = False
    """Whether it began to wait, or became stale, in this period."""
    card: CardLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What a channel is told of one period."""

    topic: Topic
    begin: dt.datetime
    end: dt.datetime
    zone: str
    groups: tuple[EditionGroup, ...] = ()
    told_before: int = 0
    """Papers of the period that an earlier message in the channel had told of."""
    waiting: tuple[WaitingCard, ...] = ()
    """The longest first."""
    noteworthy: tuple[EditionPaper, ...] = ()
    health: FeedHealth
    trouble: str | None = None
    """Why the topic cannot be looked up any more."""

    @property
    def listed(self) -> int:
        """How many papers were listed."""
        return sum(len(group.papers) for group in self.groups)

    @property
    def papers(self) -> tuple[EditionPaper, ...]:
        """Every paper that it tells of."""
        return (*(paper for group in self.groups for paper in group.papers), *self.noteworthy)

    @property
    def is_empty(self) -> bool:
        """Whether it brings no paper."""
        return not self.papers

    @property
    def may_be_silent(self) -> bool:
        """Whether nobody misses anything if it is not said."""
        return self.is_empty and not self.trouble and not any(one.is_news for one in self.waiting)


def draft_edition(
    one: Subscription, period: Period, news: EditionMaterial, found: TopicMatch, health: FeedHealth
) -> Edition:
    """An edition with everything that fits its topic and period, whatever was told already.

    `found` is what the topic brings of the news, `health` how the feeds did in the period.
    """
    listed = [x for x in news.listed if found.has(x.entry) and _is_told_in(x, one, period)]
    seen = [x for x in news.seen if found.has(x.entry) and x.score > 0 and _is_of(x, period)]
    seen.sort(key=lambda x: (-x.score, x.entry.title))
    pending = sorted(
        (x for x in news.pending if found.has(x.entry)), key=lambda x: (x.since, x.number)
    )
    return Edition(
        topic=one.topic,
        begin=period.begin,
        end=period.end,
        zone=one.schedule.zone,
        groups=_groups(listed, one, period, news.catalog),
        waiting=tuple(_waiting(x, period) for x in pending),
        noteworthy=tuple(_paper(x.entry) for x in seen),
        health=health,
        trouble=found.trouble,
    )


def without_repeats(edition: Edition, told: Iterable[str]) -> Edition:
    """A draft as it is said: without what the channel was told of, and few noteworthy papers."""
    before = frozenset(told)
    known, repeated = set(before), 0
    groups = []
    for group in edition.groups:
        kept = []
        for paper in group.papers:
            if known.isdisjoint(paper.keys):
                known.update(paper.keys)
                kept.append(paper)
            elif not paper.is_late and not before.isdisjoint(paper.keys):
                repeated += 1
        groups += [EditionGroup(group.section, tuple(kept))] if kept else []
    fresh: list[EditionPaper] = []
    for paper in edition.noteworthy:
        if len(fresh) < NOTEWORTHY and known.isdisjoint(paper.keys):
            known.update(paper.keys)
            fresh.append(paper)
    return replace(edition, groups=tuple(groups), noteworthy=tuple(fresh), told_before=repeated)


def paper_keys(entry: Entry) -> tuple[str, ...]:
    """What a paper is known again by: its id, DOI or address, and its title if that tells enough.

    The title, too, since a paper is seen on arXiv and later listed with its conference's page.
    """
    link = link_of(entry)
    found = []
    if entry.arxiv:
        found.append(f"arxiv:{entry.arxiv}")
    elif entry.doi:
        found.append(f"doi:{entry.doi.lower()}")
    elif link:
        found.append(link.key)
    if not found or len(entry.title.split()) >= _TELLING_WORDS:
        found.append(f"title:{compact(entry.title)}")
    return tuple(_bounded(key) for key in found)


def _bounded(key: str) -> str:
    """A key that a database can index, however long an address is."""
    if len(key) <= _LONGEST_KEY:
        return key
    return f"{key[:_LONGEST_KEY]}#{hashlib.sha256(key.encode()).hexdigest()}"


def _is_told_in(x: ListedPaper, one: Subscription, period: Period) -> bool:
    """Whether an addition belongs into an edition, as far as time goes."""
    earliest = max(one.since, period.begin - LATE)
    if x.at is not None:
        return earliest <= x.at < period.end
    zone = one.schedule.zone_info
    first, last = earliest.astimezone(zone).date(), period.end.astimezone(zone).date()
    return x.day is not None and first <= x.day <= last


def _is_late(x: ListedPaper, one: Subscription, period: Period) -> bool:
    if x.at is not None:
        return x.at < period.begin
    return x.day is not None and x.day <= period.begin.astimezone(one.schedule.zone_info).date()


def _is_of(x: UnlistedPaper, period: Period) -> bool:
    """Whether a paper was announced in a period; days are arXiv's."""
    first, last = (at.astimezone(EASTERN).date() for at in (period.begin, period.end))
    return first <= x.day <= last


def _groups(
    listed: Iterable[ListedPaper], one: Subscription, period: Period, catalog: Catalog
) -> tuple[EditionGroup, ...]:
    """By home section in the list's order; in a section by the time of listing."""
    homes: dict[str, list[tuple[str, EditionPaper]]] = {}
    for x in listed:
        when = x.at.isoformat() if x.at else f"{x.day}"
        paper = replace(
            _paper(x.entry), approved_by=x.approved_by, is_late=_is_late(x, one, period)
        )
        homes.setdefault(x.entry.home, []).append((when, paper))
    return tuple(
        EditionGroup(
            catalog.section_titles(path, " › "),
            tuple(paper for _, paper in sorted(homes[path], key=lambda pair: pair[0])),
        )
        for path in catalog.places
        if path in homes
    )


def _paper(entry: Entry) -> EditionPaper:
    edition = " ".join(str(part) for part in (entry.venue, entry.year) if part)
    details = " · ".join(part for part in (edition, ", ".join(entry.orgs)) if part)
    return EditionPaper(title=entry.title, url=entry.url, details=details, keys=paper_keys(entry))


def _waiting(x: PendingCard, period: Period) -> WaitingCard:
    is_stale = x.since + STALE < period.end
    began = x.since + STALE if is_stale else x.since
    return WaitingCard(
        number=x.number,
        since=x.since,
        is_stale=is_stale,
        is_news=period.begin <= began < period.end,
        card=x.card,
    )
