"""What came from arXiv, in the database: seen papers, checks of feeds, listed papers' metadata.

Whatever a feed brought is kept in one transaction with the verdict on it and with what makes the
next request conditional; so a poll that is killed anywhere has either taken a feed or not seen it.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.catalog.identity import titles_agree
from bot.db.engine import Database
from bot.discovery.paper import Paper
from bot.discovery.tables import (
    caught_up,
    checks,
    feeds,
    listed,
    seen,
)

_MANY = 500  # ids in one query
_SECOND_LOOK = dt.timedelta(days=183)


@dataclass(frozen=True, slots=True)
class FeedValidators:
    """What makes the next request for a feed conditional."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class FeedCheck:
    """How a category was found, once."""

    category: str
    verdict: str
    reason: str
    unseen: int
    day: dt.date


@dataclass(frozen=True, slots=True)
class Arrival:
    """A paper as it came: new to arXiv or revised, and on which announcement day."""

    paper: Paper
    version: int
    day: dt.date
    is_new: bool


@dataclass(frozen=True, slots=True)
class FetchedBatch:
    """What one request brought: papers, verdicts, and what is complete with it.

    `days` are pairs of a category and an announcement day that is now taken whole.
    """

    arrivals: tuple[Arrival, ...] = ()
    checks: tuple[FeedCheck, ...] = ()
    url: str | None = None
    memory: FeedValidators = FeedValidators()
    days: tuple[tuple[str, dt.date], ...] = ()


class PaperStore:
    """What was seen, and how each feed was found."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def memory(self, url: str) -> FeedValidators:
        """What is remembered of a feed."""
        query = sa.select(feeds.c.etag, feeds.c.last_modified).where(feeds.c.url == url)
        with self.database.read() as connection:
            row = connection.execute(query).first()
        return FeedValidators(row.etag, row.last_modified) if row else FeedValidators()

    def known(self, ids: Collection[str], before: dt.datetime) -> frozenset[str]:
        """Which of the ids had been seen before a moment."""
        found: set[str] = set()
        with self.database.read() as connection:
            ordered = sorted(ids)
            for at in range(0, len(ordered), _MANY):
                some = ordered[at : at + _MANY]
                query = sa.select(seen.c.arxiv).where(seen.c.arxiv.in_(some))
                query = query.where(seen.c.seen_at < before)
                found.update(connection.scalars(query))
        return frozenset(found)

    def take(self, batch: FetchedBatch, now: dt.datetime) -> int:
        """Keep what a request brought, all of it or nothing; how many papers were new here."""
        with self.database.write() as connection:
            new = sum(_take_one(connection, arrival, now) for arrival in batch.arrivals)
            for check in batch.checks:
                values = {"checked_at": now, **_as_row(check)}
                connection.execute(checks.insert().values(**values))
            if batch.url is not None:
                upsert(connection, feeds, {"url": batch.url}, _as_row(batch.memory))
            for category, day in batch.days:
                upsert(connection, caught_up, {"category": category, "day": day}, {})
        return new

    def last_fresh(self, category: str) -> tuple[dt.datetime, dt.date] | None:
        """When a category was last fresh, and with the batch of which day."""
        query = (
            sa.select(checks.c.checked_at, checks.c.day)
            .where(checks.c.category == category, checks.c.verdict == "fresh")
            .order_by(checks.c.checked_at.desc())
            .limit(1)
        )
        with self.database.read() as connection:
            row = connection.execute(query).first()
        return (row.checked_at, row.day) if row else None

    def first_check(self, category: str) -> dt.datetime | None:
        """Since when a category is watched."""
        query = sa.select(checks.c.checked_at).where(checks.c.category == category)
        query = query.order_by(checks.c.checked_at).limit(1)
        with self.database.read() as connection:
            return connection.scalar(query)

    def volume(self, category: str) -> float | None:
        """Unseen papers a day that the category was fresh, on average; None without history."""
        query = sa.select(sa.func.sum(checks.c.unseen), sa.func.count(checks.c.day.distinct()))
        query = query.where(checks.c.category == category, checks.c.verdict == "fresh")
        with self.database.read() as connection:
            total, days = connection.execute(query).one()
        return float(total) / days if days else None

    def checked(self, since: dt.datetime) -> tuple[tuple[dt.datetime, FeedCheck], ...]:
        """The checks since a moment, the oldest first."""
        query = sa.select(checks).where(checks.c.checked_at >= since).order_by(checks.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            (row.checked_at, FeedCheck(row.category, row.verdict, row.reason, row.unseen, row.day))
            for row in rows
        )

    def taken_days(self, category: str, since: dt.date) -> frozenset[dt.date]:
        """The announcement days of a category that were taken, from the feed or by catching up."""
        fresh = sa.select(checks.c.day).where(
            checks.c.category == category, checks.c.verdict == "fresh", checks.c.day >= since
        )
        caught = sa.select(caught_up.c.day).where(
            caught_up.c.category == category, caught_up.c.day >= since
        )
        with self.database.read() as connection:
            return frozenset(connection.scalars(fresh.union(caught)))

    def count_seen(self) -> int:
        """How many papers were seen."""
        with self.database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(seen)) or 0

    def background(self) -> Iterator[Paper]:
        """Every seen paper, one at a time; there may be hundreds of thousands."""
        with self.database.read() as connection:
            query = sa.select(seen).order_by(seen.c.arxiv).execution_options(yield_per=1000)
            for row in connection.execute(query):
                yield paper_of(row)

    def metadata(self) -> Mapping[str, Paper]:
        """What arXiv says of listed papers, by the id under which they are listed."""
        with self.database.read() as connection:
            rows = connection.execute(sa.select(listed).where(listed.c.found)).all()
        return {
            row.arxiv: Paper(
                arxiv=row.arxiv,
                title=row.title,
                abstract=row.abstract,
                authors=tuple(row.authors),
                categories=tuple(row.categories),
            )
            for row in rows
        }

    def unknown_listed(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Listed ids that arXiv has not been asked about yet."""
        with self.database.read() as connection:
            asked = set(connection.scalars(sa.select(listed.c.arxiv)))
        return tuple(sorted(set(ids) - asked))

    def keep_metadata(
        self, asked: Sequence[str], answered: Mapping[str, Paper], now: dt.datetime
    ) -> None:
        """Keep arXiv's answer about listed ids; one that it does not know is kept as such."""
        with self.database.write() as connection:
            for arxiv in asked:
                paper = answered.get(arxiv)
                values = {
                    "found": paper is not None,
                    "title": paper.title if paper else "",
                    "abstract": paper.abstract if paper else "",
                    "authors": list(paper.authors) if paper else [],
                    "categories": list(paper.categories) if paper else [],
                    "fetched_at": now,
                }
                upsert(connection, listed, {"arxiv": arxiv}, values)

    def seen_papers(self, ids: Collection[str]) -> Mapping[str, tuple[Paper, dt.date]]:
        """Papers that a feed brought, with the day of their announcement."""
        query = sa.select(seen).where(seen.c.arxiv.in_(sorted(ids)))
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return {row.arxiv: (paper_of(row), row.day) for row in rows}


def _take_one(connection: sa.Connection, arrival: Arrival, now: dt.datetime) -> bool:
    """Keep one paper; True if it was new here. A revision may be evidence for a second look."""
    paper = arrival.paper
    old = connection.execute(sa.select(seen).where(seen.c.arxiv == paper.arxiv)).first()
    values: dict[str, Any] = {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "comment": paper.comment,
        "version": arrival.version,
    }
    if old is None:
        if not arrival.is_new:
            return False
        row = {"arxiv": paper.arxiv, "day": arrival.day, "seen_at": now, **values}
        connection.execute(seen.insert().values(**row))
        return True
    if arrival.version <= old.version and not (paper.doi or paper.journal_ref or paper.comment):
        return False
    for key in ("doi", "journal_ref", "comment"):
        values[key] = values[key] or getattr(old, key)
    evidence = _evidence(old, paper)
    if evidence and now - old.seen_at <= _SECOND_LOOK:
        values |= {"evidence": evidence, "evidence_day": arrival.day}
    connection.execute(seen.update().where(seen.c.arxiv == paper.arxiv).values(**values))
    return False


def _evidence(old: sa.Row[Any], paper: Paper) -> str | None:
    """What a revision says that the paper did not say before."""
    if paper.journal_ref and not old.journal_ref:
        return f"Now published: {paper.journal_ref}"
    accepted = paper.comment and "accept" in paper.comment.casefold()
    if accepted and paper.comment != old.comment:
        return f"Its authors now say: {paper.comment}"
    if paper.doi and not old.doi:
        return f"Now with a DOI: {paper.doi}"
    if not titles_agree(old.title, paper.title):
        return f"Retitled, it was: {old.title}"
    return None


def paper_of(row: sa.Row[Any]) -> Paper:
    """The paper of a row of seen papers."""
    return Paper(
        arxiv=row.arxiv,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        categories=tuple(row.categories),
        doi=row.doi,
        journal_ref=row.journal_ref,
        comment=row.comment,
    )


def _as_row(value: FeedCheck | FeedValidators) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def upsert(
    connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or change the one with this key; no other writer comes in between."""
    where = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if connection.scalar(sa.select(sa.literal(1)).select_from(table).where(where)):
        if values:
            connection.execute(table.update().where(where).values(**values))
    else:
        connection.execute(table.insert().values(**key, **values))
