"""How well would the bot have done? The figures of a replayed recording.

    recording ──► rank: before each week learn from what was known, score the week's papers
              ──► recall@10 and @20: the best of each week against what curators added
              ──► streaming recall: the same decided day by day under the weekly budget
              ──► placement: the section of each addition, learned from what was listed before

Nothing is learned from before it could be known: an addition counts as listed from the first week
whose Monday lies after both its day and its `added` date, and is an unlabelled paper until then.
"""

import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from heapq import nsmallest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.catalog.model import Catalog, compact
from bot.discovery.budget import CARRY_WEEKS, RankedPaper, choose, monday
from bot.discovery.evaluation.recording import RecordedPaper, Recording, read_recording
from bot.discovery.ranking.authors import author_key, known_authors
from bot.discovery.ranking.placement import Features, Placement
from bot.discovery.ranking.placement_sections import PlacedPaper, names_by_section, paper_sections
from bot.discovery.ranking.relevance import NEGATIVES, Model, sample_rank, to_learn

BUDGET = 10
CHOICES = 3  # sections
REFIT_WEEKS = 4  # refitting each week gained nothing

Scores = Mapping[date, Sequence[float]]  # by Monday, a score for each paper of the week
Counts = NDArray[np.int64]
_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies in 95 % of resampled recordings."""

    low: float
    high: float

    def __str__(self) -> str:
        """`[0.67, 0.85]`."""
        return f"[{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True, slots=True)
class Share:
    """A figure: so many of so many, with its interval."""

    value: float
    interval: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementFigures:
    """How often the right section came first, and among the first three."""

    top1: Share
    top3: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a replay tells. Placement is None where no addition has a section of the catalog.

    `carry` is streaming recall with the budget's rule as the bot runs it, where a paper that was
    beaten all week can be proposed in a later one; `carry_gain` is its paired interval against the
    protocol's. `placement` learns from the catalog and the additions placed before the paper's
    week, as the bot does; `placement_seed` from the catalog alone.
    """

    recall_10: Share
    recall_20: Share
    streaming_recall: Share
    carry: Share
    carry_gain: Interval
    placement: PlacementFigures | None
    placement_seed: PlacementFigures | None
    seconds: float
    peak_mb: float
    weeks: int
    targets: int
    papers: int
    placed: int
    skipped: Mapping[str, int]

    def rows(self) -> Iterator[tuple[str, Share]]:
        """Every figure with its name, for people."""
        yield "recall@10 a week", self.recall_10
        yield "recall@20 a week", self.recall_20
        yield f"streaming recall, {BUDGET} a week", self.streaming_recall
        yield f"the same, papers waiting {CARRY_WEEKS} weeks more", self.carry
        for how, placed in [
            ("learning from additions", self.placement),
            ("from the list alone", self.placement_seed),
        ]:
            if placed:
                yield f"placement, first choice, {how}", placed.top1
                yield f"placement, three choices, {how}", placed.top3

    def remarks(self) -> str:
        """What the figures were counted on, and at what cost."""
        skipped = "".join(
            f"\n{count} lines skipped: {why}." for why, count in self.skipped.items()
        )
        return (
            f"{self.targets} additions to find among {self.papers} papers of {self.weeks} weeks, "
            f"{self.placed} to place. Waiting gains {self.carry_gain} (paired).\n"
            f"{self.seconds:.0f} seconds, {self.peak_mb:.0f} MB at most.{skipped}"
        )

    def as_json(self) -> dict[str, float | None]:
        """The contract's keys."""
        return {
            "recall@10": self.recall_10.value,
            "recall@20": self.recall_20.value,
            "streaming_recall": self.streaming_recall.value,
            "placement_top1": self.placement.top1.value if self.placement else None,
            "placement_top3": self.placement.top3.value if self.placement else None,
            "seconds": round(self.seconds, 1),
            "peak_mb": round(self.peak_mb, 1),
        }


def replay(
    folder: Path, catalog: Catalog, *, say: Callable[[str], None] = lambda _: None
) -> Figures:
    """Run the protocol on a folder. Raises RecordingError when it is no recording."""
    started = time.perf_counter()
    say("reading the recording")
    recording = read_recording(folder, catalog)
    scores = rank(recording, say=say)
    weeks = Weeks.of(recording)
    found = {most: weeks.hits(scores, most) for most in (10, 20)}
    day_by_day, carried = (weeks.streaming(scores, carry=carry) for carry in (0, CARRY_WEEKS))
    say("placing the additions")
    placing = Placing(recording, catalog)
    return Figures(
        recall_10=weeks.share(found[10]),
        recall_20=weeks.share(found[20]),
        streaming_recall=weeks.share(day_by_day),
        carry=weeks.share(carried),
        carry_gain=weeks.interval(carried - day_by_day),
        placement=placing.figures(learning=True),
        placement_seed=placing.figures(learning=False),
        seconds=time.perf_counter() - started,
        peak_mb=peak_mb(),
        weeks=len(recording.weeks),
        targets=len(recording.targets),
        papers=sum(len(week) for week in recording.weeks.values()),
        placed=len(placing.todo),
        skipped=recording.skipped,
    )


def peak_mb() -> float:
    """The most memory that this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


def listed_before(recording: Recording, week: date) -> list[RecordedPaper]:
    """What was on the list before this Monday and had been seen."""
    return [*recording.listed, *_added_before(recording, week)]


def others_before(recording: Recording, week: date) -> Iterator[RecordedPaper]:
    """Everything else that was seen before this Monday."""
    added = {paper.arxiv for paper in _added_before(recording, week)}
    return (paper for paper in _seen_before(recording, week) if paper.arxiv not in added)


def rank(
    recording: Recording,
    *,
    most: int = NEGATIVES,
    authors: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Scores:
    """The project's own scores of every week."""
    order = {one.arxiv: sample_rank(one.arxiv) for one in _seen_before(recording, date.max)}
    scores: dict[date, list[float]] = {}
    model: Model | None = None
    for number, (week, papers) in enumerate(recording.weeks.items()):
        listed = listed_before(recording, week)
        if model is None or number % REFIT_WEEKS == 0:
            taught = to_learn(listed, lambda paper: paper.whole)
            say(f"week {number + 1} of {len(recording.weeks)}")
            others = nsmallest(
                most, others_before(recording, week), key=lambda one: order[one.arxiv]
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
    """Counts what scores find of a recording's additions, week by week."""

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
            pool = [one for one in pool if self._may_wait(one, week, carry)]
            pool += [
                RankedPaper(paper.arxiv, score, paper.day)
                for paper, score in zip(papers, scores[week], strict=True)
            ]
            proposed = self._propose(pool, week, carry, budget)
            pool = [one for one in pool if one.arxiv not in proposed]
            for arxiv in proposed & self.targets:
                found[self._week_of[arxiv]] += 1
        return np.array([found[week] for week in self.recording.weeks])

    @staticmethod
    def _propose(
        pool: Sequence[RankedPaper], week: date, carry: int, budget: int
    ) -> frozenset[str]:
        proposed: set[str] = set()
        for today in (week + timedelta(days) for days in range(7)):
            left = (one for one in pool if one.arxiv not in proposed)
            chosen = choose(left, today, budget=budget, spent=len(proposed), carry=carry)
            proposed.update(one.arxiv for one in chosen)
        return frozenset(proposed)

    def _may_wait(self, paper: RankedPaper, week: date, carry: int) -> bool:
        """Not for ever, and not once curators have listed it."""
        addition = self.recording.additions.get(paper.arxiv)
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
        """By drawing weeks anew. Of a difference of two counts it is the paired interval."""
        return _interval(found, self.in_week)


class Placing:
    """Places every addition that has sections of the catalog, learning as time goes by."""

    def __init__(self, recording: Recording, catalog: Catalog) -> None:
        """Count the features of each paper once."""
        self._recording = recording
        self._allowed = paper_sections(catalog)
        self._names = names_by_section(catalog.places.values())
        paths = {_folded(place.titles): path for path, place in catalog.places.items()}
        self._right = {
            arxiv: frozenset(
                paths[key]
                for titles in addition.sections
                if (key := _folded(titles.split(" > "))) in paths
            )
            for arxiv, addition in recording.additions.items()
        }
        additions, texts = recording.additions, recording.texts
        self.todo = [one for one in additions if additions[one].sections and one in texts]
        self._days = {
            paper.arxiv: paper.day for week in recording.weeks.values() for paper in week
        }
        later = {compact(texts[arxiv][0]) for arxiv in additions if arxiv in texts}
        self._entries = [
            PlacedPaper(arxiv, entry.title, texts.get(arxiv, ("", ""))[1], entry.sections)
            for entry in catalog.entries
            if self._allowed.intersection(entry.sections)
            and (arxiv := entry.arxiv or "") not in additions
            and compact(entry.title) not in later
        ]
        self._seed = [Features.of([(one.title, one.abstract)]) for one in self._entries]
        self._features = {arxiv: Features.of([texts[arxiv]]) for arxiv in self.todo}
        self._fitted: dict[tuple[str, ...], Placement] = {}

    def figures(self, *, learning: bool) -> PlacementFigures | None:
        """How often the sections were right."""
        if not self.todo:
            return None
        ranks = [self._rank_of_right(arxiv, learning=learning) for arxiv in self.todo]
        return PlacementFigures(
            top1=_part([at < 1 for at in ranks]),
            top3=_part([at < CHOICES for at in ranks]),
        )

    def choices(self, arxiv: str, *, learning: bool = True) -> list[str]:
        """The sections chosen for an addition, learned from what was listed before its week."""
        before = self._before(arxiv) if learning else ()
        if before not in self._fitted:
            more = [
                PlacedPaper(one, *self._recording.texts[one], tuple(sorted(self._right[one])))
                for one in before
            ]
            features = [*self._seed, *(self._features[one] for one in before)]
            self._fitted[before] = Placement(
                [*self._entries, *more],
                self._names,
                sorted(self._allowed),
                Features.stacked(features) if features else None,
            )
        title = self._recording.texts[arxiv][0]
        chosen = self._fitted[before].choose_from(title, self._features[arxiv])
        return [choice.section for choice in chosen]

    def _before(self, arxiv: str) -> tuple[str, ...]:
        """What had been added before the week of a paper; before the stream, nothing."""
        day = self._days.get(arxiv)
        if day is None:
            return ()
        additions, week = self._recording.additions, monday(day)
        return tuple(
            one
            for one in self.todo
            if additions[one].added < week
            and self._days.get(one, date.min) < week
            and self._right[one]
        )

    def _rank_of_right(self, arxiv: str, *, learning: bool) -> int:
        chosen = self.choices(arxiv, learning=learning)
        return next(
            (at for at, section in enumerate(chosen) if section in self._right[arxiv]),
            CHOICES,
        )


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


def _folded(titles: Sequence[str]) -> tuple[str, ...]:
    return tuple(compact(title) for title in titles)


def _part(right: Sequence[bool]) -> Share:
    found = np.array(right, dtype=np.int64)
    return Share(float(found.mean()), _interval(found, np.ones_like(found)))


def _interval(found: Counts, of: Counts) -> Interval:
    drawn = np.random.default_rng(0).integers(0, len(found), (_DRAWS, len(found)))
    values = found[drawn].sum(axis=1) / np.maximum(1, of[drawn].sum(axis=1))
    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))
