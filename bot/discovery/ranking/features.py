"""Text features: a paper is a row of word numbers, and rows become a sparse matrix of counts.

A row takes four bytes a word, a fraction of the text, and a text is read once however often a
model is fitted on it. That keeps a refit, and a replay of many refits, small and fast.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from bot.discovery.paper import Paper

Row: TypeAlias = "array[int]"  # word numbers in the order of the text; -1 is a word not known
Numbers: TypeAlias = NDArray[np.int64]
Matrix: TypeAlias = Any  # scipy.sparse.csr_array: scipy carries no types

_WORD = re.compile(r"\b\w\w+\b")
_AT_ONCE = 500  # rows; the buffers for more would be larger than what they make


def text_of(paper: Paper) -> str:
    """The text that a model reads: title and abstract, or the title alone."""
    return f"{paper.title} {paper.abstract}"


class Words:
    """Words and their numbers; reading can teach it new ones."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """Begin with these words, numbered in this order."""
        self.numbers: dict[str, int] = defaultdict(count().__next__)
        for word in words:
            self.numbers[word]

    def __len__(self) -> int:
        """The number of known words."""
        return len(self.numbers)

    def learn(self, text: str) -> Row:
        """The words of a text as numbers; new words get new ones."""
        return array("i", map(self.numbers.__getitem__, _WORD.findall(text.lower())))

    def read(self, text: str) -> Row:
        """The words of a text as numbers, and -1 for those not known."""
        numbers = self.numbers
        return array("i", [numbers.get(word, -1) for word in _WORD.findall(text.lower())])


def shared_pairs(rows: Sequence[Row], least: int) -> Numbers:
    """The codes of the word pairs that at least so many of the rows hold."""
    each = [np.unique(_pair_codes(*_flat([row]))[0]) for row in rows]
    codes, seen = np.unique(np.concatenate([np.empty(0, np.int64), *each]), return_counts=True)
    shared: Numbers = codes[(seen >= least) & (codes >= 0)]
    return shared


@dataclass(frozen=True, slots=True)
class Columns:
    """The matrix column of each word and pair of words."""

    of_word: Numbers  # by word number; the last one stands for words not known
    pairs: Numbers  # codes, ascending
    of_pair: Numbers
    width: int

    @classmethod
    def every(cls, words: Words, pairs: Numbers) -> "Columns":
        """A column for every word, then for each of these pairs."""
        count = len(words)
        of_word = np.append(np.arange(count, dtype=np.int64), -1)
        return cls(of_word, pairs, np.arange(len(pairs)) + count, count + len(pairs))

    @classmethod
    def of(cls, vocabulary: Sequence[str], words: Words) -> "Columns":
        """The columns of a vocabulary, for rows that `words` has read."""
        of_word = np.full(len(words) + 1, -1, dtype=np.int64)
        codes: list[tuple[int, int]] = []
        for column, term in enumerate(vocabulary):
            numbers = [words.numbers.get(word, -1) for word in term.split(" ")]
            if min(numbers) < 0:
                continue
            if len(numbers) == 1:
                of_word[numbers[0]] = column
            else:
                codes.append((numbers[0] << 32 | numbers[1], column))
        table = np.array(sorted(codes), dtype=np.int64).reshape(-1, 2)
        return cls(of_word, table[:, 0].copy(), table[:, 1].copy(), len(vocabulary))

    def names(self, words: Words) -> list[str]:
        """The term of every column, where the columns are those of `every`."""
        known = list(words.numbers)
        pairs = [f"{known[code >> 32]} {known[code & 0xFFFFFFFF]}" for code in self.pairs.tolist()]
        return known + pairs

    def counts(self, rows: Sequence[Row]) -> Matrix:
        """The count of each column's term in each row."""
        flat, row_of = _flat(rows)
        columns = self.of_word[flat]
        found = columns >= 0
        at, held = row_of[found], columns[found]
        if len(self.pairs):
            codes, pair_row = _pair_codes(flat, row_of)
            place = np.minimum(np.searchsorted(self.pairs, codes), len(self.pairs) - 1)
            hit = self.pairs[place] == codes
            at = np.concatenate([at, pair_row[hit]])
            held = np.concatenate([held, self.of_pair[place[hit]]])
        ones = np.ones(len(held), dtype=np.float32)
        shape = (len(rows), self.width)
        index = (at.astype(np.int32), held.astype(np.int32))
        return sp.csr_array(sp.coo_array((ones, index), shape=shape))


def documents(columns: Columns, rows: Sequence[Row]) -> Numbers:
    """The number of rows that hold the term of each column."""
    seen = np.zeros(columns.width, dtype=np.int64)
    for some in _chunks(rows):
        seen += np.bincount(columns.counts(some).indices, minlength=columns.width)
    return seen


def vectors(columns: Columns, rows: Sequence[Row], idf: NDArray[np.float32]) -> Matrix:
    """Sublinear TF-IDF of each row, of length 1."""
    parts = [_weighed(columns.counts(some), idf) for some in _chunks(rows)]
    if not parts:
        return sp.csr_array((0, columns.width), dtype=np.float32)
    return sp.vstack(parts, format="csr") if len(parts) > 1 else parts[0]


def _chunks(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))


def _weighed(counts: Matrix, idf: NDArray[np.float32]) -> Matrix:
    data = ((1 + np.log(counts.data)) * idf[counts.indices]).astype(np.float32)
    sizes = np.diff(counts.indptr)
    row_of = np.repeat(np.arange(len(sizes)), sizes)
    lengths = np.sqrt(np.bincount(row_of, data**2, minlength=len(sizes)))
    data /= np.repeat(np.where(lengths > 0, lengths, 1.0), sizes).astype(np.float32)
    return sp.csr_array((data, counts.indices, counts.indptr), shape=counts.shape)


def _flat(rows: Sequence[Row]) -> tuple[Numbers, Numbers]:
    """All words of the rows one after the other, and the row of each."""
    flat = np.frombuffer(b"".join(rows), dtype=np.int32).astype(np.int64)
    return flat, np.repeat(np.arange(len(rows)), [len(row) for row in rows])


def _pair_codes(flat: Numbers, row_of: Numbers) -> tuple[Numbers, Numbers]:
    """One number for each two neighbours in a row, and its row."""
    inside = (row_of[:-1] == row_of[1:]) & (flat[:-1] >= 0) & (flat[1:] >= 0)
    return ((flat[:-1] << 32) | flat[1:])[inside], row_of[:-1][inside]
