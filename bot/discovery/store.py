"""Seen and listed papers and the checks of feeds, in the database.

The papers of a request are stored in chunks, because there is one writers' lock and people's
decisions wait for it; between two chunks it is free for a moment. The last chunk is stored in one
transaction with the verdicts, and with the validators of the next request. So a poll that is
killed before it has not seen the feed: the next poll takes the feed again, and papers that are
stored already are not stored or counted twice.
"""

import datetime as dt
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bot.catalog.identity import titles_agree
from bot.db.engine import Database
from bot.discovery.feed_history import FeedCheck, SourceHistory
from bot.discovery.paper import Paper
from bot.discovery.record_store import (
    add_records,
    keep_record,
    keys_in_use,
    paper_of,
    record_of,
    same_keys,
    upsert,
    upsert_all,
)
from bot.discovery.records import PaperRecord
from bot.discovery.sources.base import Arrival, DatedPaper, FetchedBatch, LookUpBatch
from bot.discovery.tables import caught_up, checks, feeds, keys, listed, records, seen

_CHUNK = 100  # papers that one transaction stores at most
_HOLD = (
    0.04  # seconds after which a transaction takes no further paper that needs several statements
)
_PAUSE = 0.06
"""Seconds between chunks. SQLite's waiting writers look for the lock at most 50 ms apart."""
_SECOND_LOOK = dt.timedelta(days=183)


class PaperStore:
    """Stores and reads the papers and feed checks that sources return."""

    def __init__(self, database: Database, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """`sleep` pauses between two chunks."""
        self.database, self._sleep = database, sleep

    def history(self, source: str) -> SourceHistory:
        """The stored results of earlier polls of a source."""
        return SourceHistory(self.database, source)

    def take(self, source: str, batch: FetchedBatch, now: dt.datetime) -> int:
        """Store a batch, its verdicts last; returns how many of its papers are new."""
        waiting: Sequence[Arrival] = self._in_order(source, batch.arrivals)
        new = 0
        while True:
            with self.database.write() as connection:
                stored, waiting = _take_chunk(connection, source, waiting, now)
                if not waiting:
                    _finish(connection, source, batch, now)
            new += stored
            if not waiting:
                return new
            self._sleep(_PAUSE)

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
        """The recorded facts of listed papers, by each key of each paper."""
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
        waiting: Sequence[str] = answer.asked
        while True:
            with self.database.write() as connection:
                waiting = _keep_chunk(connection, source, answer, waiting, now)
            if not waiting:
                return
            self._sleep(_PAUSE)

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

    def _in_order(self, source: str, arrivals: Sequence[Arrival]) -> tuple[Arrival, ...]:
        """The arrivals that change something, new papers last.

        So an unseen paper is in the last chunk, and a feed that was stored in part looks fresh.
        """
        known: list[Arrival] = []
        new: list[Arrival] = []
        with self.database.read() as connection:
            for at in range(0, len(arrivals), _CHUNK):
                chunk = arrivals[at : at + _CHUNK]
                facts = _Known.of(connection, source, chunk)
                for arrival in chunk:
                    if not facts.leads_to(arrival.paper):
                        new += [arrival] if arrival.is_new else []
                    elif not facts.is_repeated(arrival):
                        known.append(arrival)
        return (*known, *new)


@dataclass(frozen=True, slots=True)
class _Known:
    """Stored facts about the papers of a chunk."""

    source: str
    keys: frozenset[str]
    seen: Mapping[str, sa.Row[Any]]

    @classmethod
    def of(cls, connection: sa.Connection, source: str, arrivals: Collection[Arrival]) -> "_Known":
        wanted = {key for arrival in arrivals for key in arrival.paper.keys}
        query = sa.select(seen.c.key, seen.c.source, seen.c.version).where(
            seen.c.key.in_({arrival.paper.key for arrival in arrivals})
        )
        rows: dict[str, Any] = {row.key: row for row in connection.execute(query)}
        return cls(source, keys_in_use(connection, wanted), rows)

    def leads_to(self, paper: Paper) -> bool:
        """Tell whether a key of a paper leads to a record, of the same or of another paper."""
        return not self.keys.isdisjoint(paper.keys)

    def is_repeated(self, arrival: Arrival) -> bool:
        """Tell whether a version that its source announced arrives again, without new facts."""
        paper = arrival.paper
        if paper.doi or paper.journal_ref or paper.comment:
            return False
        row = self.seen.get(paper.key)
        return row is not None and row.source == self.source and arrival.version <= row.version


def _take_chunk(
    connection: sa.Connection, source: str, waiting: Sequence[Arrival], now: dt.datetime
) -> tuple[int, Sequence[Arrival]]:
    """Store the first of the arrivals; returns how many are new, and those that still wait."""
    begin, stored = time.monotonic(), 0
    chunk, later = waiting[:_CHUNK], waiting[_CHUNK:]
    facts = _Known.of(connection, source, chunk)
    known: list[Arrival] = []
    new: dict[str, Arrival] = {}
    twins: list[Arrival] = []
    taken: set[str] = set()
    for arrival in chunk:
        if facts.leads_to(arrival.paper):
            known += [] if facts.is_repeated(arrival) else [arrival]
        elif not taken.isdisjoint(arrival.paper.keys):
            twins.append(arrival)
        elif arrival.is_new:
            new[arrival.paper.key] = arrival
            taken.update(arrival.paper.keys)
    for number, arrival in enumerate(known):
        if number and time.monotonic() - begin > _HOLD:
            return stored, (*known[number:], *new.values(), *twins, *later)
        stored += _take(connection, source, arrival, now)
    _add_seen(connection, source, new, now)
    return stored + len(new), (*twins, *later)


def _add_seen(
    connection: sa.Connection, source: str, new: Mapping[str, Arrival], now: dt.datetime
) -> None:
    """Store papers that nothing is known about, by key."""
    add_records(connection, [PaperRecord.of(new[key].paper, source, now) for key in new])
    if new:
        connection.execute(
            seen.insert(),
            [
                {"key": key, "source": source, "version": a.version, "day": a.day, "seen_at": now}
                for key, a in new.items()
            ],
        )


def _finish(connection: sa.Connection, source: str, batch: FetchedBatch, now: dt.datetime) -> None:
    """Store what holds once all papers of a batch are stored."""
    if batch.checks:
        rows = [{"checked_at": now, **asdict(check)} for check in batch.checks]
        connection.execute(checks.insert(), rows)
    if batch.url is not None:
        upsert(connection, feeds, {"url": batch.url}, asdict(batch.validators))
    if batch.days:
        query = sa.select(caught_up.c.feed, caught_up.c.day).where(caught_up.c.source == source)
        stored = {(row.feed, row.day) for row in connection.execute(query)}
        days = [pair for pair in dict.fromkeys(batch.days) if pair not in stored]
        if days:
            connection.execute(
                caught_up.insert(),
                [{"source": source, "feed": feed, "day": day} for feed, day in days],
            )


def _keep_chunk(
    connection: sa.Connection,
    source: str,
    answer: LookUpBatch,
    waiting: Sequence[str],
    now: dt.datetime,
) -> Sequence[str]:
    """Store the first of the answers about listed papers; returns the keys that still wait."""
    begin, rows = time.monotonic(), list[dict[str, Any]]()
    chunk, later = waiting[:_CHUNK], waiting[_CHUNK:]
    given = {key: answer.papers[key].paper for key in chunk if key in answer.papers}
    used = keys_in_use(connection, {key for paper in given.values() for key in paper.keys})
    new: list[PaperRecord] = []
    taken = set(used)
    for number, asked in enumerate(chunk):
        paper, key = given.get(asked), asked
        if paper and taken.isdisjoint(paper.keys):
            taken.update(paper.keys)
            new.append(PaperRecord.of(paper, source, now))
            key = paper.key
        elif paper:
            if used.isdisjoint(paper.keys) or (number and time.monotonic() - begin > _HOLD):
                later = (asked, *later)  # after the record that shares a key with it
                continue
            kept = keep_record(connection, PaperRecord.of(paper, source, now), may_create=True)
            key = kept[0] if kept else asked
        rows.append({"key": key, "found": paper is not None, "fetched_at": now})
    add_records(connection, new)
    upsert_all(connection, listed, rows)
    return later


def _take(connection: sa.Connection, source: str, arrival: Arrival, now: dt.datetime) -> bool:
    """Store one arrival; returns whether its paper is new."""
    record = PaperRecord.of(arrival.paper, source, now)
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


def _evidence(old: Paper, new: Paper) -> str | None:
    """The most important news in a revision of a paper, as a sentence; None without any."""
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
