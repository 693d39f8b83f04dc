"""Relevance of papers: a linear model of their words plus a term for known authors. Pure.

    score = logistic regression on TF-IDF (words, and the word pairs that two listed papers share)
          + 4 · Σ over authors of log(1 + listed papers of this author) / √(number of authors)

Learned from the list against everything else that was announced. The author term is added, not
learned, and counted anew at every scoring: it is right the moment a paper joins the list. What was
measured, and what was tried in vain, stands in `docs/relevance.md`.
"""

import hashlib
import heapq
import io
import math
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.linear_model import LogisticRegression

from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import known_authors
from bot.discovery.ranking.explanations import NearEntry, Reasons, Term
from bot.discovery.ranking.features import (
    Columns,
    Matrix,
    Row,
    Words,
    documents,
    shared_pairs,
    text_of,
    vectors,
)
from bot.errors import PapersError

Floats = NDArray[np.float32]
Some = TypeVar("Some")

ENOUGH_TEXTS = 50
NEGATIVES = 30_000  # more gain at most one paper in 86, and cost memory
_LEAST_DOCUMENTS = 10  # a term in fewer papers says nothing …
_SMALL = 500  # … but of this many papers one is enough
_MOST_SHARE = 0.2  # nor does a term that this share of the other papers hold
_FEW = 10  # though so many others may always hold it
_LISTED_WITH_PAIR = 2
_TRUST = 3.0  # C of the regression
# Below so many others, or where the listed papers are titles alone, likeness to the list decides;
# on the recording it finds more then (0.54 instead of 0.36 with 3,000 others and bare titles).
_ENOUGH = 300
_LIKENESS = 10.0  # makes a cosine as large as log-odds are
_UNLIKENESS = 0.5
_SHOWN = 5
_FORM = 1  # of the saved bytes


class ModelError(PapersError):
    """A saved model that cannot be read."""


@dataclass(frozen=True)
class Model:
    """A fitted model: a weight for each term, and the listed papers to compare with."""

    vocabulary: tuple[str, ...]
    idf: Floats
    weights: Floats
    base: float
    listed: tuple[tuple[str, str], ...]  # arXiv id (or nothing) and title
    rows: Matrix  # of the listed papers

    @classmethod
    def fit(
        cls,
        listed: Iterable[Paper],
        others: Iterable[Paper],
        rejected: Iterable[Paper] = (),
        *,
        most: int = NEGATIVES,
    ) -> "Model":
        """Fit the difference between listed papers and rejected and other ones.

        `others` is read once and may be a generator; of them a sample by id is kept, the same at
        each refit, so that scores do not jump. Rejected papers always count. Whatever is given
        too little of (titles alone, no others, nothing) makes a poorer model, never an error.
        """
        listed, rejected, words = tuple(listed), tuple(rejected), Words()
        known = {paper.key for paper in (*listed, *rejected)}
        taught = to_learn(listed, lambda paper: bool(paper.abstract))
        rows = [words.learn(text_of(paper)) for paper in taught]
        no = [words.learn(text_of(paper)) for paper in rejected]
        no += _sample((paper for paper in others if paper.key not in known), most, words)
        pairs = [(paper.arxiv or "", paper.title) for paper in taught]
        are_whole = sum(bool(paper.abstract) for paper in taught) >= ENOUGH_TEXTS
        model = cls.learn(words, pairs, rows, no, are_whole=are_whole)
        if taught is listed:
            return model
        return model.showing(paper for paper in listed if not paper.abstract)

    @classmethod
    def learn(
        cls,
        words: Words,
        listed: Sequence[tuple[str, str]],
        rows: Sequence[Row],
        other_rows: Sequence[Row],
        *,
        are_whole: bool = True,
    ) -> "Model":
        """Fit from rows that `words` has read; with `are_whole` the listed ones have abstracts."""
        total = len(rows) + len(other_rows)
        seen = _telling(words, rows, other_rows)
        vocabulary = tuple(sorted(seen))
        rarity = [math.log((1 + total) / (1 + seen[term])) + 1 for term in vocabulary]
        idf = np.array(rarity, dtype=np.float32)
        matrix = vectors(Columns.of(vocabulary, words), [*rows, *other_rows], idf)
        enough = are_whole and len(other_rows) >= _ENOUGH
        weights, base = (_regression if enough else _likeness)(matrix, len(rows))
        return cls(vocabulary, idf, weights, base, tuple(listed), matrix[: len(rows)].copy())

    def showing(self, papers: Iterable[Paper]) -> "Model":
        """The model with more papers among the nearest that are shown."""
        more = tuple(papers)
        rows = vectors(
            self._columns, [self._words.read(text_of(paper)) for paper in more], self.idf
        )
        return replace(
            self,
            listed=(*self.listed, *((paper.arxiv or "", paper.title) for paper in more)),
            rows=sp.vstack([self.rows, rows], format="csr"),
        )

    @cached_property
    def _words(self) -> Words:
        return Words(dict.fromkeys(word for term in self.vocabulary for word in term.split(" ")))

    @cached_property
    def _columns(self) -> Columns:
        return Columns.of(self.vocabulary, self._words)

    def score(self, papers: Sequence[Paper], authors: Mapping[str, int]) -> list[float]:
        """The log-odds, more or less, that each paper belongs; good for ranking, not as a chance.

        `authors` is `count_authors` of what is listed now: it may be fresher than the fit.
        """
        content = self.score_rows([self._words.read(text_of(paper)) for paper in papers])
        return [
            score + sum(author.weight for author in known_authors(paper.authors, authors))
            for score, paper in zip(content, papers, strict=True)
        ]

    def score_rows(self, rows: Sequence[Row], words: Words | None = None) -> list[float]:
        """The score by words alone, of rows that `words` has read."""
        columns = Columns.of(self.vocabulary, words) if words else self._columns
        scores: list[float] = (vectors(columns, rows, self.idf) @ self.weights).tolist()
        return [score + self.base for score in scores]

    def explain(
        self, paper: Paper, authors: Mapping[str, int], *, terms: int = _SHOWN, nearest: int = 3
    ) -> Reasons:
        """Split the score into its parts, with the listed papers that read most alike."""
        row = vectors(self._columns, [self._words.read(text_of(paper))], self.idf)
        parts = (row.data * self.weights[row.indices]).tolist()
        terms_of_paper = [
            Term(self.vocabulary[at], x) for at, x in zip(row.indices, parts, strict=True)
        ]
        terms_of_paper.sort(key=lambda term: (-term.weight, term.text))
        good = tuple(term for term in terms_of_paper[:terms] if term.weight > 0)
        bad = tuple(term for term in terms_of_paper[::-1][:terms] if term.weight < 0)
        known = known_authors(paper.authors, authors)
        rest = sum(parts) - sum(term.weight for term in (*good, *bad))
        return Reasons(
            score=self.base + sum(parts) + sum(author.weight for author in known),
            base=self.base,
            terms_for=good,
            terms_against=bad,
            rest=rest,
            authors=known,
            nearest=self._nearest(row, paper.arxiv or "", nearest),
        )

    def _nearest(self, row: Matrix, arxiv: str, most: int) -> tuple[NearEntry, ...]:
        """The listed papers that read most alike, without the paper itself."""
        close = (self.rows @ row.T).toarray().ravel()
        order = [at for at in np.argsort(-close, kind="stable") if close[at] > 0]
        near = [(self.listed[at], float(close[at])) for at in order[: most + 1]]
        return tuple(
            NearEntry(listed, title, cosine)
            for (listed, title), cosine in near
            if not arxiv or listed != arxiv
        )[:most]

    def to_bytes(self) -> bytes:
        """The model as a file's bytes: NumPy's own format, without pickles."""
        out = io.BytesIO()
        np.savez_compressed(
            out,
            form=np.array(_FORM),
            vocabulary=_packed(self.vocabulary),
            idf=self.idf,
            weights=self.weights,
            base=np.array(self.base),
            listed=_packed([part.replace("\n", " ") for pair in self.listed for part in pair]),
            data=self.rows.data,
            indices=self.rows.indices,
            indptr=self.rows.indptr,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, blob: bytes) -> "Model":
        """The model that `to_bytes` saved. Raises ModelError if these are not its bytes."""
        try:
            with np.load(io.BytesIO(blob), allow_pickle=False) as saved:
                return cls._read(saved)
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"The saved model cannot be read ({error}); it has to be fitted anew."
            ) from error

    @classmethod
    def _read(cls, saved: Mapping[str, NDArray[np.float32]]) -> "Model":
        if int(saved["form"]) != _FORM:
            raise ValueError(f"form {saved['form']}, not {_FORM}")
        vocabulary, listed = _unpacked(saved["vocabulary"]), _unpacked(saved["listed"])
        pairs = tuple(zip(listed[::2], listed[1::2], strict=True))
        rows = sp.csr_array(
            (saved["data"], saved["indices"], saved["indptr"]),
            shape=(len(pairs), len(vocabulary)),
        )
        return cls(vocabulary, saved["idf"], saved["weights"], float(saved["base"]), pairs, rows)


def to_learn(papers: Sequence[Some], whole: Callable[[Some], bool]) -> Sequence[Some]:
    """The listed papers with an abstract, where there are enough of them; else all.

    Beside whole texts, bare titles teach what titles are like: they cost 3 of 86 papers.
    """
    kept = [paper for paper in papers if whole(paper)]
    return kept if len(kept) >= ENOUGH_TEXTS else papers


def sample_rank(paper: str) -> int:
    """A number that depends on the id alone; the lowest ones make the sample."""
    return int.from_bytes(hashlib.blake2b(paper.encode(), digest_size=7).digest())


def _sample(papers: Iterable[Paper], most: int, words: Words) -> list[Row]:
    """The papers with the lowest ranks, read; a paper that comes twice counts once."""
    kept: list[tuple[int, Row]] = []  # a heap with the highest rank on top
    held: set[int] = set()
    for paper in papers:
        rank = -sample_rank(paper.arxiv or paper.title)
        if rank in held or (len(kept) >= most and rank < kept[0][0]):
            continue
        held.add(rank)
        heapq.heappush(kept, (rank, words.learn(text_of(paper))))
        if len(kept) > most:
            held.discard(heapq.heappop(kept)[0])
    return [row for _, row in sorted(kept, key=lambda pair: -pair[0])]


def _telling(words: Words, rows: Sequence[Row], other_rows: Sequence[Row]) -> dict[str, int]:
    """The terms worth keeping, with how many papers hold each."""
    columns = Columns.every(words, shared_pairs(rows, _LISTED_WITH_PAIR))
    elsewhere = documents(columns, other_rows)
    seen = documents(columns, rows) + elsewhere
    total, others = len(rows) + len(other_rows), len(other_rows)
    # The share is one of the others: with few of them, the list's own subject must not drop out.
    least = min(_LEAST_DOCUMENTS, max(1, total // _SMALL))
    good = (seen >= least) & (elsewhere <= max(_FEW, _MOST_SHARE * others))
    bare = ENGLISH_STOP_WORDS if others * _MOST_SHARE <= _FEW else frozenset[str]()
    names = columns.names(words)
    found = {names[at]: int(seen[at]) for at in np.flatnonzero(good).tolist()}
    return {term: count for term, count in found.items() if term not in bare}


def _regression(matrix: Matrix, listed: int) -> tuple[Floats, float]:
    """A weight for each column, and the score of a paper without any of them."""
    total, width = matrix.shape
    if not (listed and width):
        return np.zeros(width, dtype=np.float32), 0.0
    regression = LogisticRegression(C=_TRUST, class_weight="balanced", max_iter=200)
    regression.fit(matrix, np.arange(total) < listed)
    return regression.coef_[0].astype(np.float32), float(regression.intercept_[0])


def _likeness(matrix: Matrix, listed: int) -> tuple[Floats, float]:
    """A weight for each column by likeness to the listed papers (Rocchio's method)."""
    if not (listed and matrix.shape[1]):
        return np.zeros(matrix.shape[1], dtype=np.float32), 0.0
    like, unlike = _mean(matrix[:listed]), _mean(matrix[listed:])
    return (_LIKENESS * (like - _UNLIKENESS * unlike)).astype(np.float32), 0.0


def _mean(rows: Matrix) -> Floats:
    """The direction of the middle of some rows; nothing if there are none."""
    total = np.asarray(rows.sum(axis=0), dtype=np.float32).ravel()
    mean: Floats = total / (np.linalg.norm(total) or 1.0)
    return mean


def _packed(texts: Iterable[str]) -> NDArray[np.uint8]:
    """Lines as bytes; NumPy's own text arrays would be as wide as the longest."""
    return np.frombuffer(
        "".join(f"{text}\n" for text in texts).encode("utf-8", "replace"), dtype=np.uint8
    )


def _unpacked(lines: NDArray[np.float32]) -> tuple[str, ...]:
    return tuple(lines.tobytes().decode().split("\n")[:-1])
