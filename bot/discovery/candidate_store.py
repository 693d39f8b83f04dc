"""Candidates, runners-up and the fitted model, in the database."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.discovery.paper import Paper
from bot.discovery.record_store import paper_of, upsert, upsert_all
from bot.discovery.tables import candidates, models, records, runners_up, seen


@dataclass(frozen=True, slots=True)
class PoolPaper:
    """A paper that may still be proposed."""

    paper: Paper
    day: dt.date
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCandidate:
    """A candidate as it is stored; its judgement is plain JSON."""

    paper: Paper
    day: dt.date
    score: float
    rank: int
    ranked: int
    judgement: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """A paper that was among the best when papers were judged, and was not proposed.

    `score` is in log-odds: above 0 it reads more like the list than like other papers.
    """

    paper: Paper
    day: dt.date
    score: float
    section: str


_SEEN = sa.select(records, seen.c.day, seen.c.evidence, seen.c.evidence_day).join(
    seen, seen.c.key == records.c.key
)


class CandidateStore:
    """Stores and reads candidates, runners-up and models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, since: dt.date) -> tuple[PoolPaper, ...]:
        """Papers announced since a day, or with evidence since then, that were not proposed."""
        query = (
            _SEEN.outerjoin(candidates, candidates.c.key == seen.c.key)
            .where(candidates.c.key.is_(None))
            .where(sa.or_(seen.c.day >= since, seen.c.evidence_day >= since))
            .order_by(seen.c.key)
        )
        with self._database.read() as connection:
            return tuple(
                PoolPaper(paper_of(row), max(row.day, row.evidence_day or row.day), row.evidence)
                for row in connection.execute(query)
            )

    def keep_runners_up(self, best: Iterable[RunnerUp], now: dt.datetime) -> None:
        """Store the best of the papers that were not proposed, as judged now."""
        rows = [
            {
                "key": paper.paper.key,
                "day": paper.day,
                "score": paper.score,
                "section": paper.section,
                "judged_at": now,
            }
            for paper in best
        ]
        with self._database.write() as connection:
            upsert_all(connection, runners_up, rows)

    def runners_up(self, since: dt.date) -> tuple[RunnerUp, ...]:
        """Runners-up announced since a day that were still not proposed, the best first."""
        columns = (runners_up.c.day.label("judged_day"), runners_up.c.score, runners_up.c.section)
        query = (
            sa.select(records, *columns)
            .join(seen, seen.c.key == records.c.key)
            .join(runners_up, runners_up.c.key == seen.c.key)
            .outerjoin(candidates, candidates.c.key == seen.c.key)
            .where(candidates.c.key.is_(None), runners_up.c.day >= since)
            .order_by(runners_up.c.score.desc(), seen.c.key)
        )
        with self._database.read() as connection:
            return tuple(
                RunnerUp(paper_of(row), row.judged_day, row.score, row.section)
                for row in connection.execute(query)
            )

    def proposed(self, since: dt.date) -> tuple[StoredCandidate, ...]:
        """The candidates of the weeks that began on or after a day, in order of their proposal."""
        columns = (candidates.c.score, candidates.c.rank, candidates.c.ranked)
        query = (
            _SEEN.add_columns(*columns, candidates.c.judgement)
            .join(candidates, candidates.c.key == seen.c.key)
            .where(candidates.c.week >= since)
            .order_by(candidates.c.proposed_at, candidates.c.rank)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            StoredCandidate(
                paper=paper_of(row),
                day=row.day,
                score=row.score,
                rank=row.rank,
                ranked=row.ranked,
                judgement=row.judgement,
            )
            for row in rows
        )

    def proposals(self) -> int:
        """The number of papers that were ever proposed."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(candidates)) or 0

    def spent(self, week: dt.date) -> int:
        """The number of papers proposed in the week that begins on this Monday."""
        query = sa.select(sa.func.count()).where(candidates.c.week == week)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def propose(
        self, rows: Iterable[Mapping[str, Any]], week: dt.date, most: int
    ) -> tuple[str, ...]:
        """Store candidates, each paper once for ever; returns the keys of the new ones.

        No more than `most` are stored in a week, however many processes propose at once, as
        writers wait for each other.
        """
        wanted = {str(row["key"]): row for row in rows}
        if not wanted:
            return ()
        spent = sa.select(sa.func.count()).where(candidates.c.week == week)
        query = sa.select(candidates.c.key).where(candidates.c.key.in_(wanted))
        with self._database.write() as connection:
            left = max(0, most - (connection.scalar(spent) or 0))
            stored = set(connection.scalars(query))
            kept = tuple(key for key in wanted if key not in stored)[:left]
            if kept:
                connection.execute(candidates.insert(), [wanted[key] for key in kept])
        return kept

    def model(self, name: str) -> tuple[str, dt.datetime, bytes] | None:
        """The fitted model of a name: a hash of its input, when it was fitted, and its bytes."""
        query = sa.select(models).where(models.c.name == name)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (row.basis, row.fitted_at, row.content) if row else None

    def keep_model(self, name: str, basis: str, content: bytes, now: dt.datetime) -> None:
        """Store a fitted model in place of the one before."""
        values = {"basis": basis, "fitted_at": now, "content": content}
        with self._database.write() as connection:
            upsert(connection, models, {"name": name}, values)
