"""Relevance figures of other methods beside ours: one recording, paired intervals.

The methods follow their public descriptions: keyword phrases (most alert bots), similarity to the
centroid of the list (recommenders that ask for examples), and arxiv-sanity-lite’s linear SVM,
fitted once and refitted. All learn from the same papers as ours. Terms are hashed into two million
columns instead of vocabularies, which changes a figure by one or two papers.

    python -m tests.bench.peers [RECORDING]
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import scipy.sparse as sp
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.svm import LinearSVC

from bot.catalog.yaml.read import read_catalog
from bot.discovery.budget import CARRY_WEEKS
from bot.discovery.evaluation.recording import RecordedPaper, Recording, read_recording
from bot.discovery.evaluation.replay import peak_mb
from bot.discovery.evaluation.weeks import (
    REFIT_WEEKS,
    Scores,
    Weeks,
    listed_before,
    others_before,
    rank,
)
from bot.discovery.ranking.features import Matrix, Row

ROOT = Path(__file__).parents[2]
RECORDING = ROOT.parent / "shared" / "replay"
PHRASES = (
    "llm serving", "llm inference", "inference serving", "llm training", "distributed training",
    "kv cache", "gpu cluster", "pipeline parallelism", "tensor parallelism", "mixture of experts",
    "speculative decoding", "prefill", "batching", "fault tolerance", "scheduling", "throughput",
    "latency", "offloading", "checkpoint", "large language model serving",
)  # fmt: skip
_BITS = 21
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # an odd number whose multiples spread over all bits
_BATCH = 500

Score = Callable[[Matrix], NDArray[np.float64]]
Fit = Callable[[Matrix, int], Score]  # rows, and the number of listed papers, which come first


@dataclass(frozen=True, slots=True)
class Limits:
    """The terms that a method keeps: the least number and greatest share of papers with one."""

    least: int  # papers
    share: float
    most: int | None = None


class Peers:
    """The other methods, on a recording as counts of words and of pairs of words."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        weeks = [paper for week in recording.weeks.values() for paper in week]
        whole = [paper for paper in recording.listed if paper.whole]
        self._papers = [*whole, *recording.background, *weeks]
        self._at = {paper.arxiv: at for at, paper in enumerate(self._papers)}

    def keywords(self) -> Scores:
        """The number of phrases in a paper."""
        names = list(self.recording.words.numbers)
        scores = {}
        for week, papers in self.recording.weeks.items():
            texts = [" ".join(names[number] for number in paper.row) for paper in papers]
            scores[week] = [float(sum(phrase in text for phrase in PHRASES)) for text in texts]
        return scores

    def centroid(self) -> Scores:
        """Cosine similarity to the centroid of the listed papers."""

        def fit(rows: Matrix, listed: int) -> Score:
            centroid = np.asarray(rows[:listed].sum(axis=0)).ravel()
            return lambda week: np.asarray(week @ centroid)

        return self._run(fit, Limits(4, 0.2), self._counts, REFIT_WEEKS)

    def sanity(self, every: int) -> Scores:
        """arxiv-sanity-lite: 20,000 features without stop words, a balanced linear SVM."""

        def fit(rows: Matrix, listed: int) -> Score:
            labels = np.arange(rows.shape[0]) < listed
            machine = LinearSVC(C=0.01, class_weight="balanced", max_iter=10_000, tol=1e-6)
            machine.fit(rows, labels)
            return lambda week: np.asarray(machine.decision_function(week))

        return self._run(fit, Limits(5, 0.1, 20_000), self._counts_without_stops, every)

    @cached_property
    def _counts(self) -> Matrix:
        return _hashed([paper.row for paper in self._papers], np.empty(0, np.int64))

    @cached_property
    def _counts_without_stops(self) -> Matrix:
        numbers = self.recording.words.numbers
        stops = [numbers[word] for word in ENGLISH_STOP_WORDS if word in numbers]
        return _hashed([paper.row for paper in self._papers], np.array(stops, np.int64))

    def _run(self, fit: Fit, limits: Limits, counts: Matrix, every: int) -> Scores:
        scores: dict[date, list[float]] = {}
        score: Score | None = None
        columns, idf = np.empty(0, np.int64), np.empty(0, np.float32)
        for number, (week, papers) in enumerate(self.recording.weeks.items()):
            if score is None or number % every == 0:
                listed = [paper for paper in listed_before(self.recording, week) if paper.whole]
                rows = self._rows([*listed, *others_before(self.recording, week)])
                columns, idf = _kept(counts[rows], limits)
                score = fit(_weighed(counts[rows], columns, idf), len(listed))
            scores[week] = score(_weighed(counts[self._rows(papers)], columns, idf)).tolist()
        return scores

    def _rows(self, papers: Sequence[RecordedPaper]) -> list[int]:
        return [self._at[paper.arxiv] for paper in papers]


def _hashed(rows: Sequence[Row], without: NDArray[np.int64]) -> Matrix:
    """Counts of words and of pairs of neighbours, without some words."""
    remaining, parts = iter(rows), []
    while batch := list(islice(remaining, _BATCH)):
        flat = np.frombuffer(b"".join(batch), dtype=np.int32).astype(np.uint64)
        row_of = np.repeat(np.arange(len(batch)), [len(row) for row in batch])
        kept = ~np.isin(flat, without)
        flat, row_of = flat[kept], row_of[kept]
        near = row_of[:-1] == row_of[1:]
        pairs = ((flat[:-1] + np.uint64(1)) << np.uint64(32) | flat[1:])[near]
        codes = np.concatenate([flat, pairs])
        at = np.concatenate([row_of, row_of[:-1][near]]).astype(np.int32)
        column = ((codes * _SPREAD) >> np.uint64(64 - _BITS)).astype(np.int32)
        ones = np.ones(len(at), dtype=np.float32)
        counts = sp.coo_array((ones, (at, column)), shape=(len(batch), 2**_BITS))
        parts.append(sp.csr_array(counts))
    return sp.vstack(parts, format="csr")


def _kept(counts: Matrix, limits: Limits) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The columns of the kept terms, and their inverse document frequency."""
    total, width = counts.shape
    seen = np.bincount(counts.indices, minlength=width)
    columns = np.flatnonzero((seen >= limits.least) & (seen <= limits.share * total))
    if limits.most:
        often = np.bincount(counts.indices, counts.data, minlength=width)[columns]
        columns = np.sort(columns[np.argsort(-often, kind="stable")[: limits.most]])
    idf = np.log((1 + total) / (1 + seen[columns])) + 1
    return columns, idf.astype(np.float32)


def _weighed(counts: Matrix, columns: NDArray[np.int64], idf: NDArray[np.float32]) -> Matrix:
    """Sublinear TF-IDF, each row of length 1."""
    rows = sp.csr_array(counts[:, columns])
    rows.data = ((1 + np.log(rows.data)) * idf[rows.indices]).astype(np.float32)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    rows.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(rows.indptr))
    return rows


def run(folder: Path = RECORDING) -> tuple[Weeks, Mapping[str, Scores]]:
    """Every method's scores on a recording, ours first."""
    recording = read_recording(folder, read_catalog(ROOT / "data").catalog)
    peers = Peers(recording)
    return Weeks.of(recording), {
        "ours": rank(recording),
        "ours without authors": rank(recording, authors=False),
        "keyword phrases": peers.keywords(),
        "centroid": peers.centroid(),
        "arxiv-sanity-lite, fitted once": peers.sanity(len(recording.weeks)),
        f"arxiv-sanity-lite, each {REFIT_WEEKS} weeks": peers.sanity(REFIT_WEEKS),
    }


def show(console: Console, folder: Path = RECORDING) -> None:
    """Print a table: each figure, its interval, and the interval of its difference to ours."""
    if not folder.is_dir():
        console.print(f"No recording at {folder}; name one to compare with peers.")
        return
    weeks, methods = run(folder)
    ours = _hits(weeks, methods["ours"])
    table = Table("method", "figure", "value", "95 %", "minus ours, 95 % paired")
    for method, scores in methods.items():
        for (name, hits), reference in zip(
            _hits(weeks, scores).items(), ours.values(), strict=True
        ):
            share, paired = weeks.share(hits), weeks.interval(hits - reference)
            less = "" if method == "ours" else f"[{paired.low:+.3f}, {paired.high:+.3f}]"
            table.add_row(
                method, name, f"{share.value:.3f}", Text(str(share.interval)), Text(less)
            )
    console.print(table)
    console.print(f"{len(weeks.targets)} additions to find; {peak_mb():.0f} MB at most.")


def _hits(weeks: Weeks, scores: Scores) -> dict[str, NDArray[np.int64]]:
    return {
        "recall@10": weeks.hits(scores, 10),
        "recall@20": weeks.hits(scores, 20),
        "streaming": weeks.streaming(scores, carry=0),
        "with waiting": weeks.streaming(scores, carry=CARRY_WEEKS),
    }


def main(
    folder: Annotated[Path, typer.Argument(help="A recording.")] = RECORDING,
) -> None:
    """Print the figures of every method on a recording."""
    show(Console(), folder)


if __name__ == "__main__":
    typer.run(main)
