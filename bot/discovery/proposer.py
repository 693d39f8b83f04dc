"""Choose the papers to propose: the best of the pool, within the week's budget.

    pool (seen, not proposed, not listed) ──► judge ──► budget ──► no listed title ──► candidates

The model is fitted again when the listed papers have changed or the model has grown old; fitting
and judging happen in a child process (`ranking.model_process`). A candidate is kept once and for
ever, so a poll that is killed before it keeps candidates proposes the same papers next time.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter
from rapidfuzz import fuzz, process

from bot.catalog.model import Catalog, compact
from bot.discovery.budget import CARRY_WEEKS, RankedPaper, allowance, choose, monday
from bot.discovery.candidate_store import CandidateStore, PoolPaper, RunnerUp
from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import count_authors
from bot.discovery.ranking.explanations import Judgement, Reasons, SectionChoice
from bot.discovery.ranking.model_process import FitTask, JudgeTask, fit, judge
from bot.discovery.ranking.placement_sections import (
    names_by_section,
    paper_sections,
    placed_papers,
)
from bot.discovery.sources.arxiv.calendar import EASTERN
from bot.discovery.store import PaperStore

_MODEL = "relevance"
_REFIT_AFTER = dt.timedelta(days=28)  # more often gained nothing in the replay
_EXPLAINED = 5  # times the week's budget: some of the best may be listed under another id
_SAME_TITLE = 90.0
_REASONS: TypeAdapter[Reasons] = TypeAdapter(Reasons)
_CHOICES: TypeAdapter[tuple[SectionChoice, ...]] = TypeAdapter(tuple[SectionChoice, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A paper to propose, with what a reviewer needs to see why.

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
        self, store: PaperStore, catalog: Catalog, rejected: Sequence[Paper] = ()
    ) -> None:
        """`rejected` are papers that reviewers found not to belong; the model learns from them."""
        self._store, self._catalog, self._rejected = store, catalog, tuple(rejected)
        self._candidates = CandidateStore(store.database)

    def propose(self, now: dt.datetime, *, dry_run: bool = False) -> tuple[Candidate, ...]:
        """What is to be proposed now; kept as proposed unless it is a dry run.

        Raises LearningError when the child process cannot judge; the next call tries again.
        """
        today = now.astimezone(EASTERN).date()
        budget, week = self._catalog.info.budget, monday(today)
        spent = self._candidates.spent(week)
        if not allowance(today, budget, spent):
            return ()
        pool = self._pool(week)
        if not pool:
            return ()
        judged = self._judge([one.paper for one in pool], now, best=_EXPLAINED * budget)
        waiting = self._ranked(pool, judged)
        chosen = choose(waiting, today, budget=budget, spent=spent)
        order = {one.arxiv: rank for rank, one in enumerate(_best_first(waiting), 1)}
        by_id = {one.paper.arxiv: one for one in pool}
        candidates = tuple(
            _candidate(by_id[one.arxiv], judged[one.arxiv], order[one.arxiv], len(pool))
            for one in chosen
        )
        if dry_run:
            return candidates
        self._candidates.keep_runners_up(_beaten(waiting, chosen, by_id, judged), now)
        rows = [_row(candidate, week, now) for candidate in candidates]
        kept = self._candidates.propose(rows, week, allowance(today, budget, 0))
        return tuple(candidate for candidate in candidates if candidate.paper.arxiv in kept)

    def judge(self, papers: Sequence[Paper], now: dt.datetime) -> Mapping[str, Judgement]:
        """What is thought of papers that people suggest, by id: reasons and places for each.

        Raises LearningError when the child process cannot judge.
        """
        return self._judge(papers, now, best=len(papers))

    def refit(self, now: dt.datetime) -> bool:
        """Fit the model if there is something to learn; whether it was.

        Raises LearningError when the child process cannot.
        """
        before = self._candidates.model(_MODEL)
        if before is None:
            return False  # the first one is fitted when there is something to judge
        self._model(tuple(_described(self._catalog, self._store.metadata())), now)
        return before != self._candidates.model(_MODEL)

    def _pool(self, week: dt.date) -> tuple[PoolPaper, ...]:
        listed = {entry.arxiv for entry in self._catalog.entries}
        found = self._candidates.waiting(week - dt.timedelta(weeks=CARRY_WEEKS))
        return tuple(one for one in found if one.paper.arxiv not in listed)

    def _judge(
        self, papers: Sequence[Paper], now: dt.datetime, best: int
    ) -> Mapping[str, Judgement]:
        known = self._store.metadata()
        listed = tuple(_described(self._catalog, known))
        abstracts = {arxiv: paper.abstract for arxiv, paper in known.items()}
        allowed = paper_sections(self._catalog)
        task = JudgeTask(
            model=self._model(listed, now),
            papers=papers,
            authors=count_authors(listed),
            best=best,
            placed=placed_papers(self._catalog.entries, abstracts),
            names=names_by_section(self._catalog.places.values()),
            allowed=tuple(path for path in self._catalog.places if path in allowed),
        )
        return {one.arxiv: one for one in judge(task)}

    def _model(self, listed: Sequence[Paper], now: dt.datetime) -> bytes:
        """The fitted model; fitted now if there is something to learn."""
        told = "\n".join(f"{paper.arxiv} {paper.title} {len(paper.abstract)}" for paper in listed)
        told += "\n\n" + "\n".join(sorted(paper.arxiv for paper in self._rejected))
        told += f"\n{len(str(self._store.count_seen()))}"  # ten times as many teach something new
        basis = hashlib.sha256(told.encode()).hexdigest()
        kept = self._candidates.model(_MODEL)
        if kept and kept[0] == basis and now - kept[1] < _REFIT_AFTER:
            return kept[2]
        content = fit(
            FitTask(listed=listed, others=self._store.background(), rejected=self._rejected)
        )
        self._candidates.keep_model(_MODEL, basis, content, now)
        return content

    def _ranked(
        self, pool: Sequence[PoolPaper], judged: Mapping[str, Judgement]
    ) -> tuple[RankedPaper, ...]:
        """Those that were explained, as only the best are, without what the list has already."""
        titles = [compact(entry.title) for entry in self._catalog.entries]
        return tuple(
            RankedPaper(one.paper.arxiv, judged[one.paper.arxiv].score, one.day)
            for one in pool
            if judged[one.paper.arxiv].reasons and not _is_listed(one.paper.title, titles)
        )


def proposed(candidates: CandidateStore, since: dt.date) -> tuple[Candidate, ...]:
    """The candidates of the weeks that began on or after a day, in order of their proposal."""
    return tuple(
        Candidate(
            paper=found.paper,
            day=found.day,
            score=found.score,
            rank=found.rank,
            ranked=found.ranked,
            reasons=_REASONS.validate_python(found.judgement["reasons"]),
            choices=_CHOICES.validate_python(found.judgement["choices"]),
            evidence=found.judgement["evidence"],
        )
        for found in candidates.proposed(since)
    )


def _best_first(waiting: Sequence[RankedPaper]) -> Sequence[RankedPaper]:
    return sorted(waiting, key=lambda one: (-one.score, one.arxiv))


def _beaten(
    waiting: Sequence[RankedPaper],
    chosen: Sequence[RankedPaper],
    by_id: Mapping[str, PoolPaper],
    judged: Mapping[str, Judgement],
) -> list[RunnerUp]:
    """The best of those that are not proposed now; digests tell of some."""
    return [
        RunnerUp(by_id[one.arxiv].paper, one.day, one.score, choices[0].section)
        for one in waiting
        if one not in chosen and (choices := judged[one.arxiv].choices)
    ]


def _is_listed(title: str, titles: Sequence[str]) -> bool:
    """Whether the list has this title, or one that differs by a slip."""
    found = process.extractOne(compact(title), titles, scorer=fuzz.ratio, score_cutoff=_SAME_TITLE)
    return found is not None


def _described(catalog: Catalog, known: Mapping[str, Paper]) -> list[Paper]:
    """The entries as papers: with abstract and authors where arXiv has told them."""
    nothing = Paper(arxiv="", title="")
    told = ((entry, known.get(entry.arxiv or "", nothing)) for entry in catalog.entries)
    return [
        Paper(
            arxiv=entry.arxiv or "",
            title=entry.title,
            abstract=paper.abstract,
            authors=paper.authors,
        )
        for entry, paper in told
    ]


def _candidate(one: PoolPaper, judged: Judgement, rank: int, ranked: int) -> Candidate:
    if judged.reasons is None:
        raise AssertionError("only what was explained is chosen")
    return Candidate(
        paper=one.paper,
        day=one.day,
        score=judged.score,
        rank=rank,
        ranked=ranked,
        reasons=judged.reasons,
        choices=judged.choices,
        evidence=one.evidence,
    )


def _row(candidate: Candidate, week: dt.date, now: dt.datetime) -> dict[str, object]:
    told = {
        "reasons": asdict(candidate.reasons),
        "choices": [asdict(choice) for choice in candidate.choices],
        "evidence": candidate.evidence,
    }
    return {
        "arxiv": candidate.paper.arxiv,
        "week": week,
        "proposed_at": now,
        "score": candidate.score,
        "rank": candidate.rank,
        "ranked": candidate.ranked,
        "judgement": told,
    }
