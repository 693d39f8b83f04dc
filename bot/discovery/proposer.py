"""Choose the papers to propose: the best of the pool, within the week's budget.

    pool (seen, not proposed, not listed) ──► judge ──► budget ──► no listed title ──► candidates

The model is fitted again when the listed papers have changed or the model has grown old. A
candidate is stored once and for ever, so a poll that is killed before it stores candidates
proposes the same papers next time.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from pydantic import TypeAdapter
from rapidfuzz import fuzz, process

from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog, Entry, compact
from bot.discovery.budget import CARRY_WEEKS, RankedPaper, allowance, choose, monday
from bot.discovery.candidate_store import CandidateStore, PoolPaper, RunnerUp
from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import count_authors
from bot.discovery.ranking.explanations import Judgement, Reasons, SectionChoice
from bot.discovery.ranking.model_process import CHILD, FitTask, JudgeTask, ModelRunner
from bot.discovery.ranking.placement_sections import (
    PlacedPaper,
    names_by_section,
    paper_sections,
)
from bot.discovery.sources.arxiv.calendar import EASTERN
from bot.discovery.store import PaperStore

_MODEL = "relevance"
_REFIT_AFTER = dt.timedelta(days=28)  # more often gained nothing in the replay
_EXPLAINED = 5  # times the week's budget: some of the best may be listed under another key
_SAME_TITLE = 90.0
_REASONS: TypeAdapter[Reasons] = TypeAdapter(Reasons)
_CHOICES: TypeAdapter[tuple[SectionChoice, ...]] = TypeAdapter(tuple[SectionChoice, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A paper to propose, with the reasons for a reviewer.

    It is the `rank`-th of `ranked` papers that could have been proposed.
    """

    paper: Paper
    day: dt.date
    score: float
    rank: int
    ranked: int
    reasons: Reasons
    choices: tuple[SectionChoice, ...]
    evidence: str | None = None


class Proposer:
    """Chooses candidates for a list."""

    def __init__(
        self,
        store: PaperStore,
        catalog: Catalog,
        rejected: Sequence[Paper] = (),
        model: ModelRunner = CHILD,
    ) -> None:
        """`rejected` are papers that reviewers found not to belong; the model learns from them."""
        self._store, self._catalog, self._rejected = store, catalog, tuple(rejected)
        self._candidates = CandidateStore(store.database)
        self._runner = model

    def propose(self, now: dt.datetime, *, dry_run: bool = False) -> tuple[Candidate, ...]:
        """Choose candidates and, unless it is a dry run, store them as proposed.

        Raises ModelProcessError when the papers cannot be judged; the next call tries again.
        """
        today = now.astimezone(EASTERN).date()
        budget, week = self._catalog.info.budget, monday(today)
        spent = self._candidates.spent(week)
        if not allowance(today, budget, spent):
            return ()
        pool = {paper.paper.key: paper for paper in self._pool(week)}
        if not pool:
            return ()
        papers = [paper.paper for paper in pool.values()]
        judged = self._judge(papers, now, best=_EXPLAINED * budget)
        ranked = self._ranked(pool, judged)
        chosen = choose(ranked, today, budget=budget, spent=spent)
        candidates = tuple(
            _candidate(pool[paper.key], judged[paper.key], ranked.index(paper) + 1, len(pool))
            for paper in chosen
        )
        if dry_run:
            return candidates
        beaten = [paper for paper in ranked if paper not in chosen]
        self._candidates.keep_runners_up(_runners_up(beaten, pool, judged), now)
        rows = [_row(candidate, week, now) for candidate in candidates]
        kept = self._candidates.propose(rows, week, allowance(today, budget, 0))
        return tuple(candidate for candidate in candidates if candidate.paper.key in kept)

    def judge(self, papers: Sequence[Paper], now: dt.datetime) -> Mapping[str, Judgement]:
        """Judge papers that people suggest, by key: reasons and sections for each.

        Raises ModelProcessError when the papers cannot be judged.
        """
        return self._judge(papers, now, best=len(papers))

    def refit(self, now: dt.datetime) -> bool:
        """Fit the model if there is something to learn; returns whether it was fitted.

        Raises ModelProcessError when the model cannot be fitted.
        """
        before = self._candidates.model(_MODEL)
        if before is None:
            return False  # the first one is fitted when there is something to judge
        self._model(self._described(), now)
        return before != self._candidates.model(_MODEL)

    def _pool(self, week: dt.date) -> list[PoolPaper]:
        """The papers that may be proposed: not proposed before, and not listed under any key."""
        listed = {entry_key(entry) for entry in self._catalog.entries}
        listed = set().union(listed, *self._store.same_keys(listed).values())
        waiting = self._candidates.waiting(week - dt.timedelta(weeks=CARRY_WEEKS))
        return [paper for paper in waiting if paper.paper.key not in listed]

    def _judge(
        self, papers: Sequence[Paper], now: dt.datetime, best: int
    ) -> Mapping[str, Judgement]:
        listed = self._described()
        allowed = paper_sections(self._catalog)
        entries = zip(listed, self._catalog.entries, strict=True)
        task = JudgeTask(
            model=self._model(listed, now),
            papers=papers,
            authors=count_authors(listed),
            best=best,
            placed=[
                PlacedPaper(entry.arxiv or "", entry.title, paper.abstract, entry.sections)
                for paper, entry in entries
            ],
            names=names_by_section(self._catalog.places.values()),
            allowed=tuple(path for path in self._catalog.places if path in allowed),
        )
        return {judgement.key: judgement for judgement in self._runner.judge(task)}

    def _model(self, listed: Sequence[Paper], now: dt.datetime) -> bytes:
        """The fitted model; fitted now if there is something to learn."""
        basis = self._basis(listed)
        stored = self._candidates.model(_MODEL)
        if stored and stored[0] == basis and now - stored[1] < _REFIT_AFTER:
            return stored[2]
        task = FitTask(listed=listed, others=self._store.background(), rejected=self._rejected)
        content = self._runner.fit(task)
        self._candidates.keep_model(_MODEL, basis, content, now)
        return content

    def _basis(self, listed: Sequence[Paper]) -> str:
        """A hash of everything that the model learns from."""
        papers = [f"{paper.arxiv or ''} {paper.title} {len(paper.abstract)}" for paper in listed]
        rejected = sorted(paper.arxiv or paper.key for paper in self._rejected)
        digits = len(str(self._store.count_seen()))  # ten times as many teach something new
        text = "\n".join([*papers, "", *rejected, f"{digits}"])
        return hashlib.sha256(text.encode()).hexdigest()

    def _described(self) -> tuple[Paper, ...]:
        """The entries as papers: with abstract and authors where a record has them."""
        known = self._store.listed_papers()
        return tuple(
            _described(entry, known.get(entry_key(entry))) for entry in self._catalog.entries
        )

    def _ranked(
        self, pool: Mapping[str, PoolPaper], judged: Mapping[str, Judgement]
    ) -> list[RankedPaper]:
        """The papers that were explained, the best first, without those with a listed title."""
        titles = [compact(entry.title) for entry in self._catalog.entries]
        ranked = (
            RankedPaper(key, judged[key].score, paper.day)
            for key, paper in pool.items()
            if judged[key].reasons and not _is_listed(paper.paper.title, titles)
        )
        return sorted(ranked, key=lambda paper: (-paper.score, paper.key))


def proposed(candidates: CandidateStore, since: dt.date) -> tuple[Candidate, ...]:
    """The candidates of the weeks that began on or after a day, in order of their proposal."""
    return tuple(
        Candidate(
            paper=stored.paper,
            day=stored.day,
            score=stored.score,
            rank=stored.rank,
            ranked=stored.ranked,
            reasons=_REASONS.validate_python(stored.judgement["reasons"]),
            choices=_CHOICES.validate_python(stored.judgement["choices"]),
            evidence=stored.judgement["evidence"],
        )
        for stored in candidates.proposed(since)
    )


def _described(entry: Entry, known: Paper | None) -> Paper:
    paper = Paper(title=entry.title, arxiv=entry.arxiv, doi=entry.doi)
    return replace(paper, abstract=known.abstract, authors=known.authors) if known else paper


def _runners_up(
    beaten: Sequence[RankedPaper],
    pool: Mapping[str, PoolPaper],
    judged: Mapping[str, Judgement],
) -> list[RunnerUp]:
    """The best papers that are not proposed now; digests show some."""
    return [
        RunnerUp(pool[paper.key].paper, paper.day, paper.score, choices[0].section)
        for paper in beaten
        if (choices := judged[paper.key].choices)
    ]


def _is_listed(title: str, titles: Sequence[str]) -> bool:
    """Tell whether the list has this title, or one that differs by a typing slip."""
    match = process.extractOne(compact(title), titles, scorer=fuzz.ratio, score_cutoff=_SAME_TITLE)
    return match is not None


def _candidate(paper: PoolPaper, judged: Judgement, rank: int, ranked: int) -> Candidate:
    if judged.reasons is None:
        raise AssertionError("only explained papers are chosen")
    return Candidate(
        paper=paper.paper,
        day=paper.day,
        score=judged.score,
        rank=rank,
        ranked=ranked,
        reasons=judged.reasons,
        choices=judged.choices,
        evidence=paper.evidence,
    )


def _row(candidate: Candidate, week: dt.date, now: dt.datetime) -> dict[str, object]:
    judgement = {
        "reasons": asdict(candidate.reasons),
        "choices": [asdict(choice) for choice in candidate.choices],
        "evidence": candidate.evidence,
    }
    return {
        "key": candidate.paper.key,
        "week": week,
        "proposed_at": now,
        "score": candidate.score,
        "rank": candidate.rank,
        "ranked": candidate.ranked,
        "judgement": judgement,
    }
