"""Editions: values, and the rules for their content. Pure.

material ──► papers of the topic in the period ──► draft ──► without repeats ──► edition
(in the issuing transaction)
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.catalog.identity import link_of
from bot.catalog.keys import bounded_key
from bot.catalog.model import Catalog, Entry, compact
from bot.digest.feed_health import FeedChecks, FeedHealth
from bot.digest.model import Subscription, Topic
from bot.digest.periods import Period
from bot.digest.topics import TopicMatch
from bot.discovery.sources.arxiv.calendar import EASTERN

NOTEWORTHY = 5
STALE = dt.timedelta(days=7)
"""The age from which an unanswered card is stale."""
LATE = dt.timedelta(days=7)
"""The time after its listing in which a paper may still appear in an edition.

It may be committed while an edition is made, dated by a wrong clock, or added in a pull request
that is merged days later.
"""
_MIN_TITLE_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPaper:
    """An addition to the list, by a suggestion (`at`) or by hand (`day`)."""

    entry: Entry
    at: dt.datetime | None = None
    day: dt.date | None = None
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardLink:
    """The channel and id of a suggestion's card in Slack."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingCard:
    """A suggestion that waits for a decision, and its last event's time."""

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
    """The content for editions; the sections of every entry exist in `catalog`."""

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
    """Slack ids; empty for papers added by hand or not listed."""
    keys: tuple[str, ...] = ()
    """Two papers that share a key are the same."""
    is_late: bool = False
    """Whether it was listed before the period."""


@dataclass(frozen=True, slots=True)
class EditionGroup:
    """The papers of a section."""

    section: str
    papers: tuple[EditionPaper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCard:
    """A card that waits. Its paper appears in an edition once it is listed."""

    number: int
    since: dt.datetime
    is_stale: bool = False
    is_news: bool = False
    """Whether it was posted, or became stale, in this period."""
    card: CardLink | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The content of one period for a channel."""

    topic: Topic
    begin: dt.datetime
    end: dt.datetime
    zone: str
    groups: tuple[EditionGroup, ...] = ()
    told_before: int = 0
    """The number of papers of the period that were in an earlier edition of the channel."""
    waiting: tuple[WaitingCard, ...] = ()
    """Longest waiting first."""
    noteworthy: tuple[EditionPaper, ...] = ()
    health: FeedHealth
    trouble: str | None = None
    """The reason why the topic can no longer be looked up."""

    @property
    def listed(self) -> int:
        """The number of listed papers."""
        return sum(len(group.papers) for group in self.groups)

    @property
    def papers(self) -> tuple[EditionPaper, ...]:
        """All papers, listed and noteworthy."""
        return (*(paper for group in self.groups for paper in group.papers), *self.noteworthy)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all papers, each once."""
        return tuple(dict.fromkeys(key for paper in self.papers for key in paper.keys))

    @property
    def may_be_silent(self) -> bool:
        """Whether it has no news, so that a quiet subscription does not post it."""
        return not (self.papers or self.trouble or any(card.is_news for card in self.waiting))


def draft_edition(
    subscription: Subscription,
    period: Period,
    material: EditionMaterial,
    match: TopicMatch,
    health: FeedHealth,
) -> Edition:
    """An edition with everything of its topic and period, also what the channel has had.

    `match` tells which papers are of the topic; `health` is that of the feeds in the period.
    """
    listed = [paper for paper in material.listed if match.has(paper.entry)]
    seen = [paper for paper in material.seen if match.has(paper.entry) and paper.score > 0]
    seen.sort(key=lambda paper: (-paper.score, paper.entry.title))
    pending = [card for card in material.pending if match.has(card.entry)]
    pending.sort(key=lambda card: (card.since, card.number))
    return Edition(
        topic=subscription.topic,
        begin=period.begin,
        end=period.end,
        zone=subscription.schedule.zone,
        groups=_groups(listed, subscription, period, material.catalog),
        waiting=tuple(_waiting(card, period) for card in pending),
        noteworthy=tuple(_paper(each.entry) for each in seen if _is_announced_in(each, period)),
        health=health,
        trouble=match.trouble,
    )


def without_repeats(edition: Edition, sent: Iterable[str]) -> Edition:
    """A draft without the papers that the channel has had, and with few noteworthy ones.

    `sent` has the keys of those papers.
    """
    before = frozenset(sent)
    included, repeated = set(before), 0
    groups = []
    for group in edition.groups:
        kept = []
        for paper in group.papers:
            if included.isdisjoint(paper.keys):
                included.update(paper.keys)
                kept.append(paper)
            elif not paper.is_late and not before.isdisjoint(paper.keys):
                repeated += 1
        groups += [EditionGroup(group.section, tuple(kept))] if kept else []
    noteworthy: list[EditionPaper] = []
    for paper in edition.noteworthy:
        if len(noteworthy) < NOTEWORTHY and included.isdisjoint(paper.keys):
            included.update(paper.keys)
            noteworthy.append(paper)
    return replace(
        edition, groups=tuple(groups), noteworthy=tuple(noteworthy), told_before=repeated
    )


def paper_keys(entry: Entry) -> tuple[str, ...]:
    """The keys of a paper: its arXiv id, DOI or address, and its title if that is specific.

    The title, too, since a paper is seen on arXiv and later listed with its conference's page.
    """
    link = link_of(entry)
    keys = []
    if entry.arxiv:
        keys.append(f"arxiv:{entry.arxiv}")
    elif entry.doi:
        keys.append(f"doi:{entry.doi.lower()}")
    elif link:
        keys.append(link.key)
    if not keys or len(entry.title.split()) >= _MIN_TITLE_WORDS:
        keys.append(f"title:{compact(entry.title)}")
    return tuple(map(bounded_key, keys))


def _is_listed_in(paper: ListedPaper, subscription: Subscription, period: Period) -> bool:
    """Whether an addition belongs in the edition of a period, also when it is late."""
    earliest = max(subscription.since, period.begin - LATE)
    if paper.at is not None:
        return earliest <= paper.at < period.end
    zone = subscription.schedule.zone_info
    first, last = earliest.astimezone(zone).date(), period.end.astimezone(zone).date()
    return paper.day is not None and first <= paper.day <= last


def _is_late(paper: ListedPaper, period: Period, zone: dt.tzinfo) -> bool:
    if paper.at is not None:
        return paper.at < period.begin
    return paper.day is not None and paper.day <= period.begin.astimezone(zone).date()


def _is_announced_in(paper: UnlistedPaper, period: Period) -> bool:
    """Whether arXiv announced a paper in a period; its days are Eastern."""
    first, last = (at.astimezone(EASTERN).date() for at in (period.begin, period.end))
    return first <= paper.day <= last


def _groups(
    listed: Iterable[ListedPaper], subscription: Subscription, period: Period, catalog: Catalog
) -> tuple[EditionGroup, ...]:
    """The period's papers by home section in the list's order, each section by time."""
    zone = subscription.schedule.zone_info
    homes: dict[str, list[tuple[str, EditionPaper]]] = {}
    for addition in listed:
        if not _is_listed_in(addition, subscription, period):
            continue
        when = addition.at.isoformat() if addition.at else f"{addition.day}"
        is_late = _is_late(addition, period, zone)
        paper = _paper(addition.entry, approved_by=addition.approved_by, is_late=is_late)
        homes.setdefault(addition.entry.home, []).append((when, paper))
    return tuple(
        EditionGroup(
            catalog.section_titles(path, " › "),
            tuple(paper for _, paper in sorted(homes[path], key=lambda pair: pair[0])),
        )
        for path in catalog.places
        if path in homes
    )


def _paper(
    entry: Entry, approved_by: tuple[str, ...] = (), *, is_late: bool = False
) -> EditionPaper:
    venue = " ".join(str(part) for part in (entry.venue, entry.year) if part)
    return EditionPaper(
        title=entry.title,
        url=entry.url,
        details=" · ".join(part for part in (venue, ", ".join(entry.orgs)) if part),
        approved_by=approved_by,
        keys=paper_keys(entry),
        is_late=is_late,
    )


def _waiting(card: PendingCard, period: Period) -> WaitingCard:
    is_stale = card.since + STALE < period.end
    began = card.since + STALE if is_stale else card.since
    return WaitingCard(
        number=card.number,
        since=card.since,
        is_stale=is_stale,
        is_news=period.begin <= began < period.end,
        card=card.card,
    )
