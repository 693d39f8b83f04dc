"""Placement of a recording's additions in sections of the catalog."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from bot.catalog.model import Catalog, compact
from bot.discovery.budget import monday
from bot.discovery.evaluation.recording import Recording
from bot.discovery.evaluation.shares import Share, interval_of
from bot.discovery.ranking.placement import Features, Placement
from bot.discovery.ranking.placement_sections import (
    PlacedPaper,
    names_by_section,
    paper_sections,
)

CHOICES = 3  # sections


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementFigures:
    """The shares of papers whose right section came first, and among the first three."""

    top1: Share
    top3: Share


class PlacementReplay:
    """Places every addition that has sections of the catalog, learning week by week."""

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
        self.todo = [
            arxiv for arxiv, addition in additions.items() if addition.sections and arxiv in texts
        ]
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
        self._seed = [Features.of([(entry.title, entry.abstract)]) for entry in self._entries]
        self._features = {arxiv: Features.of([texts[arxiv]]) for arxiv in self.todo}
        self._fitted: dict[tuple[str, ...], Placement] = {}

    def figures(self, *, learning: bool) -> PlacementFigures | None:
        """The shares of additions whose section was right; None without additions to place."""
        if not self.todo:
            return None
        ranks = [self._rank_of_right(arxiv, learning=learning) for arxiv in self.todo]
        return PlacementFigures(
            top1=_share_of([at < 1 for at in ranks]),
            top3=_share_of([at < CHOICES for at in ranks]),
        )

    def choices(self, arxiv: str, *, learning: bool = True) -> list[str]:
        """The sections chosen for an addition, learned from what was listed before its week."""
        before = self._before(arxiv) if learning else ()
        if before not in self._fitted:
            more = [
                PlacedPaper(
                    paper, *self._recording.texts[paper], tuple(sorted(self._right[paper]))
                )
                for paper in before
            ]
            features = [*self._seed, *(self._features[paper] for paper in before)]
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
        """The additions before the week of a paper; none for a paper from before the stream."""
        day = self._days.get(arxiv)
        if day is None:
            return ()
        additions, week = self._recording.additions, monday(day)
        return tuple(
            other
            for other in self.todo
            if additions[other].added < week
            and self._days.get(other, date.min) < week
            and self._right[other]
        )

    def _rank_of_right(self, arxiv: str, *, learning: bool) -> int:
        chosen = self.choices(arxiv, learning=learning)
        return next(
            (at for at, section in enumerate(chosen) if section in self._right[arxiv]),
            CHOICES,
        )


def _folded(titles: Sequence[str]) -> tuple[str, ...]:
    return tuple(compact(title) for title in titles)


def _share_of(right: Sequence[bool]) -> Share:
    hits = np.array(right, dtype=np.int64)
    return Share(float(hits.mean()), interval_of(hits, np.ones_like(hits)))
