"""Scores of a recording's weeks, and what their best papers find of its additions.

Nothing is learned from before it could be known: an addition counts as listed from the first week
whose Monday lies after both its day and its `added` date, and is an unlabelled paper until then.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from heapq import nsmallest

import numpy as np

from bot.discovery.budget import RankedPaper, choose, monday
from bot.discovery.evaluation.recording import RecordedPaper, Recording
from bot.discovery.evaluation.shares import Counts, Interval, Share, interval_of
from bot.discovery.ranking.authors import author_key, known_authors
from bot.discovery.ranking.relevance import NEGATIVES, Model, sample_rank, to_learn

BUDGET = 10
REFIT_WEEKS = 4  # refitting each week gained nothing

Scores = Mapping[date, Sequence[float]]  # by Monday, a score for each paper of the week


def listed_before(recording: Recording, week: date) -> list[RecordedPaper]:
    """The papers that were listed before this Monday and had been seen."""
    return [*recording.listed, *_added_before(recording, week)]


def others_before(recording: Recording, week: date) -> Iterator[RecordedPaper]:
    """All other papers that were seen before this Monday."""
    added = {paper.arxiv for paper in _added_before(recording, week)}
    return (paper for paper in _seen_before(recording, week) if paper.arxiv not in added)


def rank(
    recording: Recording,
    *,
    most: int = NEGATIVES,
    authors: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Scores:
    """The scores of every week by the project's own model."""
    every = _seen_before(recording, date.max)
    order = {paper.arxiv: sample_rank(paper.arxiv) for paper in every}
    scores: dict[date, list[float]] = {}
    model: Model | None = None
    for number, (week, papers) in enumerate(recording.weeks.items()):
        listed = listed_before(recording, week)
        if model is None or number % REFIT_WEEKS == 0:
            taught = to_learn(listed, lambda paper: paper.whole)
            say(f"week {number + 1} of {len(recording.weeks)}")
            others = nsmallest(
                most, others_before(recording, week), key=lambda paper: order[paper.arxiv]
            )
            model = Model.learn(
                recording.words,
                [(paper.arxiv, "") for paper in taught],
                [paper.row for paper in taught],
                [paper.row for paper in others],
            )
        scores[week] = model.score_rows([paper.row for paper in papers], recording.words)
        if authors:
            known = _by_authors(listed, papers)
            scores[week] = [sum(both) for both in zip(scores[week], known, strict=True)]
    return scores


@dataclass(frozen=True)
class Weeks:
    """Counts the additions that scores find, week by week."""

    recording: Recording
    targets: frozenset[str]
    in_week: Counts  # targets

    @classmethod
    def of(cls, recording: Recording) -> "Weeks":
        """Count the targets once."""
        targets = recording.targets
        weeks = recording.weeks.values()
        return cls(
            recording,
            targets,
            np.array([sum(paper.arxiv in targets for paper in week) for week in weeks]),
        )

    def hits(self, scores: Scores, most: int) -> Counts:
        """The additions among the best of each week."""
        return np.array(
            [
                sum(papers[at].arxiv in self.targets for at in _best(scores[week], most))
                for week, papers in self.recording.weeks.items()
            ]
        )

    def streaming(self, scores: Scores, *, carry: int, budget: int = BUDGET) -> Counts:
        """The additions proposed day by day, counted in the week in which they were announced."""
        found: Counter[date] = Counter()
        pool: list[RankedPaper] = []
        for week, papers in self.recording.weeks.items():
            pool = [paper for paper in pool if self._may_wait(paper, week, carry)]
            pool += [
                RankedPaper(paper.arxiv, score, paper.day)
                for paper, score in zip(papers, scores[week], strict=True)
            ]
            proposed = self._propose(pool, week, carry, budget)
            pool = [paper for paper in pool if paper.key not in proposed]
            for arxiv in proposed & self.targets:
                found[self._week_of[arxiv]] += 1
        return np.array([found[week] for week in self.recording.weeks])

    @staticmethod
    def _propose(
        pool: Sequence[RankedPaper], week: date, carry: int, budget: int
    ) -> frozenset[str]:
        proposed: set[str] = set()
        for today in (week + timedelta(days) for days in range(7)):
            left = (paper for paper in pool if paper.key not in proposed)
            chosen = choose(left, today, budget=budget, spent=len(proposed), carry=carry)
            proposed.update(paper.key for paper in chosen)
        return frozenset(proposed)

    def _may_wait(self, paper: RankedPaper, week: date, carry: int) -> bool:
        """Whether a beaten paper stays in the pool: some weeks, until curators list it."""
        addition = self.recording.additions.get(paper.key)
        young = (week - monday(paper.day)).days <= 7 * carry
        return young and (addition is None or addition.added >= week)

    @cached_property
    def _week_of(self) -> Mapping[str, date]:
        weeks = self.recording.weeks
        return {
            paper.arxiv: week
            for week, papers in weeks.items()
            for paper in papers
            if paper.arxiv in self.targets
        }

    def share(self, found: Counts) -> Share:
        """The part of the targets that was found."""
        return Share(float(found.sum() / self.in_week.sum()), self.interval(found))

    def interval(self, found: Counts) -> Interval:
        """Resample weeks. Of a difference of two counts it is the paired interval."""
        return interval_of(found, self.in_week)


def _seen_before(recording: Recording, week: date) -> Iterator[RecordedPaper]:
    yield from recording.background
    for other, papers in recording.weeks.items():
        if other < week:
            yield from papers


def _added_before(recording: Recording, week: date) -> list[RecordedPaper]:
    return [
        paper
        for paper in _seen_before(recording, week)
        if (addition := recording.additions.get(paper.arxiv)) and addition.added < week
    ]


def _by_authors(listed: Sequence[RecordedPaper], papers: Sequence[RecordedPaper]) -> list[float]:
    counts = Counter(
        key for paper in listed for key in {author_key(name) for name in paper.authors} if key
    )
    return [
        sum(author.weight for author in known_authors(paper.authors, counts)) for paper in papers
    ]


def _best(scores: Sequence[float], most: int) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: -scores[at])[:most]
