"""Relevance figures of a replayed recording.

recording ──► rank: before each week learn from what was known, score the week's papers
──► recall@10 and @20: the best of each week against what curators added
──► streaming recall: the same decided day by day under the weekly budget
──► placement: the section of each addition, learned from what was listed before
"""

import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.catalog.model import Catalog
from bot.discovery.budget import CARRY_WEEKS
from bot.discovery.evaluation.placements import PlacementFigures, PlacementReplay
from bot.discovery.evaluation.recording import read_recording
from bot.discovery.evaluation.shares import Interval, Share
from bot.discovery.evaluation.weeks import BUDGET, Weeks, rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of a replay. Placement is None where no addition has a section of the catalog.

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
        """The size of the recording and the cost of the replay, for people."""
        skipped = "".join(
            f"\n{count} lines skipped: {why}." for why, count in self.skipped.items()
        )
        return (
            f"{self.targets} additions to find among {self.papers} papers of {self.weeks} weeks, "
            f"{self.placed} to place. Waiting gains {self.carry_gain} (paired).\n"
            f"{self.seconds:.0f} seconds, {self.peak_mb:.0f} MB at most.{skipped}"
        )

    def as_json(self) -> dict[str, float | None]:
        """The JSON of `papers replay --json`."""
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
    placements = PlacementReplay(recording, catalog)
    return Figures(
        recall_10=weeks.share(found[10]),
        recall_20=weeks.share(found[20]),
        streaming_recall=weeks.share(day_by_day),
        carry=weeks.share(carried),
        carry_gain=weeks.interval(carried - day_by_day),
        placement=placements.figures(learning=True),
        placement_seed=placements.figures(learning=False),
        seconds=time.perf_counter() - started,
        peak_mb=peak_mb(),
        weeks=len(recording.weeks),
        targets=len(recording.targets),
        papers=sum(len(week) for week in recording.weeks.values()),
        placed=len(placements.todo),
        skipped=recording.skipped,
    )


def peak_mb() -> float:
    """The peak memory of this process, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
