"""Seen and listed papers and the checks of feeds, in the database.

The outcome of a request is stored in one transaction with its verdicts and with the validators of
the next request; so a poll that is killed has either stored a feed or not seen it.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict

import sqlalchemy as sa

from bot.catalog.identity import titles_agree
from bot.db.engine import Database
from bot.discovery.feed_history import FeedCheck, SourceHistory
from bot.discovery.paper import Paper
from bot.discovery.record_store import keep_record, paper_of, record_of, same_keys, upsert
from bot.discovery.records import PaperRecord
from bot.discovery.sources.base import Arrival, DatedPaper, FetchedBatch, LookUpBatch
from bot.discovery.tables import caught_up, checks, feeds, keys, listed, records, seen

_SECOND_LOOK = dt.timedelta(days=183)


class PaperStore:
    """Stores what sources give, and reads it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def history(self, source: str) -> SourceHistory:
        """What earlier polls of a source left."""
        return SourceHistory(self.database, source)

    def take(self, source: str, batch: FetchedBatch, now: dt.datetime) -> int:
        """Store a batch whole or not at all; returns how many of its papers are new."""
        with self.database.write() as connection:
            new = sum(_take(connection, source, arrival, now) for arrival in batch.arrivals)
            for check in batch.checks:
                connection.execute(checks.insert().values(checked_at=now, **asdict(check)))
            if batch.url is not None:
                upsert(connection, feeds, {"url": batch.url}, asdict(batch.validators))
            for feed, day in batch.days:
                upsert(connection, caught_up, {"source": source, "feed": feed, "day": day}, {})
        return new

    def checked(self, since: dt.datetime) -> tuple[tuple[dt.datetime, FeedCheck], ...]:
        """The checks of all sources since a moment, the oldest first."""
        query = sa.select(checks).where(checks.c.checked_at >= since).order_by(checks.c.id)
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            (
                row.checked_at,
                FeedCheck(row.source, row.feed, row.verdict, row.reason, row.unseen, row.day),
            )
            for row in rows
        )

    def count_seen(self) -> int:
        """The number of seen papers."""
        with self.database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(seen)) or 0

    def background(self) -> Iterator[Paper]:
        """Read every seen paper, a few at a time; there may be hundreds of thousands."""
        query = sa.select(records).join(seen, seen.c.key == records.c.key)
        with self.database.read() as connection:
            query = query.order_by(records.c.key).execution_options(yield_per=1000)
            for row in connection.execute(query):
                yield paper_of(row)

    def listed_records(self) -> Mapping[str, PaperRecord]:
        """The records of listed papers, by each key of each paper."""
        query = (
            sa.select(records, keys.c.key.label("known_by"))
            .join(listed, listed.c.key == records.c.key)
            .join(keys, keys.c.record == records.c.key)
            .where(listed.c.found)
        )
        with self.database.read() as connection:
            return {row.known_by: record_of(row) for row in connection.execute(query)}

    def listed_papers(self) -> Mapping[str, Paper]:
        """What is known of listed papers, by each key of each paper."""
        return {key: record.paper for key, record in self.listed_records().items()}

    def unknown_listed(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The keys of listed papers that no source has been asked about yet."""
        with self.database.read() as connection:
            asked = set(connection.scalars(sa.select(listed.c.key)))
            query = sa.select(keys.c.key).join(listed, listed.c.key == keys.c.record)
            asked.update(connection.scalars(query))
        return tuple(sorted(set(wanted) - asked))

    def keep_listed(self, source: str, answer: LookUpBatch, now: dt.datetime) -> None:
        """Store an answer about listed papers; a paper that the source does not know, too."""
        with self.database.write() as connection:
            for asked in answer.asked:
                given, key = answer.papers.get(asked), asked
                if given:
                    record = PaperRecord.of(given.paper, source, now)
                    kept = keep_record(connection, record, may_create=True)
                    key = kept[0] if kept else asked
                values = {"found": given is not None, "fetched_at": now}
                upsert(connection, listed, {"key": key}, values)

    def seen_papers(self, wanted: Collection[str]) -> Mapping[str, DatedPaper]:
        """The seen papers with these keys, each with the day of its announcement."""
        query = (
            sa.select(records, seen.c.day, keys.c.key.label("known_by"))
            .join(seen, seen.c.key == records.c.key)
            .join(keys, keys.c.record == records.c.key)
            .where(keys.c.key.in_(sorted(wanted)))
        )
        with self.database.read() as connection:
            rows = connection.execute(query).all()
        return {row.known_by: DatedPaper(paper_of(row), row.day) for row in rows}

    def same_keys(self, wanted: Collection[str]) -> Mapping[str, frozenset[str]]:
        """Every key of the papers with these keys, by the key that was asked for."""
        with self.database.read() as connection:
            return same_keys(connection, wanted)


def _take(connection: sa.Connection, source: str, arrival: Arrival, now: dt.datetime) -> bool:
    """Store one arrival; returns whether its paper is new."""
    paper = arrival.paper
    if _is_repeated(connection, source, arrival):
        return False
    record = PaperRecord.of(paper, source, now)
    kept = keep_record(connection, record, may_create=arrival.is_new)
    if kept is None:
        return False
    key, before, after = kept
    row = connection.execute(sa.select(seen).where(seen.c.key == key)).first()
    if row is None:
        if arrival.is_new:
            values = {"version": arrival.version, "day": arrival.day, "seen_at": now}
            connection.execute(seen.insert().values(key=key, source=source, **values))
        return arrival.is_new
    changes: dict[str, object] = {"version": max(row.version, arrival.version)}
    evidence = _evidence(before, after) if before else None
    if evidence and now - row.seen_at <= _SECOND_LOOK:
        changes |= {"evidence": evidence, "evidence_day": arrival.day}
    connection.execute(seen.update().where(seen.c.key == key).values(**changes))
    return False


def _is_repeated(connection: sa.Connection, source: str, arrival: Arrival) -> bool:
    """Whether a source announces again a version of a paper that has nothing more to say."""
    paper = arrival.paper
    if paper.doi or paper.journal_ref or paper.comment:
        return False
    query = sa.select(seen.c.source, seen.c.version).where(seen.c.key == paper.key)
    row = connection.execute(query).first()
    return row is not None and row.source == source and arrival.version <= row.version


def _evidence(old: Paper, new: Paper) -> str | None:
    """What a revision says of a paper that was not known before."""
    if new.journal_ref and not old.journal_ref:
        return f"Now published: {new.journal_ref}"
    accepted = new.comment and "accept" in new.comment.casefold()
    if accepted and new.comment != old.comment:
        return f"Its authors now say: {new.comment}"
    if new.doi and not old.doi:
        return f"Now with a DOI: {new.doi}"
    if not titles_agree(old.title, new.title):
        return f"Retitled, it was: {old.title}"
    return None
