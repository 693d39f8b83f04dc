"""Placement of papers: the three likeliest sections and the entries there that are alike. Pure.

A section's own name in the title leads; then comes what a regression on words and letter groups
chooses, then the sections whose middle is nearest. The regression is the better judge of the first
place and the worse one of the second: small sections rarely come first, and often belong.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from bot.discovery.ranking.explanations import NearEntry, SectionChoice
from bot.discovery.ranking.features import Matrix
from bot.discovery.ranking.placement_sections import PlacedPaper, name_key, title_keys

Doubles = NDArray[np.float64]

_TRUST = 10.0  # C of the regression
_NEAREST = 2
_JITTER = 1e-6  # an entry in two sections would make the roots of their likeness unsolvable


def _counter(analyzer: str, grams: tuple[int, int], stop_words: str | None) -> HashingVectorizer:
    return HashingVectorizer(
        analyzer=analyzer, ngram_range=grams, stop_words=stop_words, n_features=2**18,
        alternate_sign=False, norm=None, dtype=np.float32,
    )  # fmt: skip


# Words and their pairs, and groups of letters inside words, which forgive inflection.
_KINDS = (_counter("word", (1, 2), "english"), _counter("char_wb", (3, 5), None))


@dataclass(frozen=True, slots=True)
class Features:
    """Features of papers before weighting: counts of titles and of whole texts, by kind.

    It depends on nothing but the papers, so a replay counts each paper once.
    """

    counts: tuple[tuple[Matrix, Matrix], ...]

    @classmethod
    def of(cls, papers: Sequence[tuple[str, str]]) -> "Features":
        """The features of papers, each a title and an abstract."""
        titles = [title for title, _ in papers]
        texts = [f"{title} {abstract}" for title, abstract in papers]
        return cls(tuple((_sublinear(kind, titles), _sublinear(kind, texts)) for kind in _KINDS))

    @classmethod
    def stacked(cls, parts: Sequence["Features"]) -> "Features":
        """Several as one, in this order."""

        def stack(blocks: Iterable[Matrix]) -> Matrix:
            return sp.vstack(list(blocks), "csr")

        kinds = list(zip(*(part.counts for part in parts), strict=True))
        return cls(
            tuple(
                (stack(titles for titles, _ in kind), stack(texts for _, texts in kind))
                for kind in kinds
            )
        )


@dataclass(frozen=True)
class Space:
    """The rarity of each feature among the listed papers, which weights vectors."""

    rarity: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, features: Features) -> "Space":
        """The space of the features that listed papers have."""
        return cls(tuple(_rarity(texts) for _, texts in features.counts))

    def vectors(self, features: Features) -> Matrix:
        """Titles count as much as whole texts, words as much as groups of letters."""
        blocks = [
            _unit(_unit(titles @ sp.diags_array(idf)) + _unit(texts @ sp.diags_array(idf)))
            for (titles, texts), idf in zip(features.counts, self.rarity, strict=True)
        ]
        return sp.hstack(blocks, "csr")


def _sublinear(kind: HashingVectorizer, texts: Sequence[str]) -> Matrix:
    counts = sp.csr_array(kind.transform(texts))
    counts.data = 1 + np.log(counts.data)
    return counts


def _rarity(texts: Matrix) -> NDArray[np.float32]:
    total, width = texts.shape
    seen = np.bincount(texts.indices, minlength=width)
    idf = np.where(seen > 0, np.log((1 + total) / (1 + seen)) + 1, 0)
    return idf.astype(np.float32)


def _unit(rows: Matrix) -> Matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    return sp.csr_array(sp.diags_array(1 / np.where(lengths > 0, lengths, 1)) @ rows)


class Placement:
    """A model of sections, fitted on the sections of the listed papers."""

    def __init__(
        self,
        entries: Sequence[PlacedPaper],
        names: Mapping[str, Sequence[str]] | None = None,
        allowed: Collection[str] | None = None,
        features: Features | None = None,
    ) -> None:
        """Learn; few entries, one section or none make a poorer answer, never an error.

        `names` are what leads to a section when a title has it; `allowed` the sections that may be
        answered, in the order in which those without entries are (None: all with entries).
        """
        order = list(dict.fromkeys(s for entry in entries for s in entry.sections))
        self._allowed = order if allowed is None else list(allowed)
        self._entries = entries
        pairs = [
            (at, section, 1 / len(entry.sections))
            for at, entry in enumerate(entries)
            for section in entry.sections
            if section in set(self._allowed)
        ]
        self._of = np.array([at for at, _, _ in pairs], dtype=np.int64)
        self._labels = np.array([section for _, section, _ in pairs], dtype=str)
        self._names = _names(names or {}, self._allowed)
        self._first: LogisticRegression | None = None
        if pairs:
            shares = np.array([share for _, _, share in pairs])
            self._learn(features or _features(entries), shares)

    def _learn(self, features: Features, shares: Doubles) -> None:
        self._space = Space.of(features)
        self._rows = self._space.vectors(features)[self._of]
        self._sections, inverse = np.unique(self._labels, return_inverse=True)
        sizes = np.bincount(inverse, shares)
        members = np.zeros((len(sizes), len(shares)))
        members[inverse, np.arange(len(shares))] = shares
        # Fewer rows than features: the space of the rows is the same problem, and a small one.
        gram = (self._rows @ self._rows.T).toarray().astype(float)
        lengths = np.sqrt(np.einsum("si,ij,sj->s", members, gram, members, optimize=True))
        self._middles = members / np.where(lengths > 0, lengths, 1)[:, None]
        if len(sizes) == 1:
            return
        self._root = np.linalg.cholesky(gram + _JITTER * np.eye(len(gram)))
        even = shares / sizes[inverse]
        self._first = LogisticRegression(C=_TRUST, max_iter=200, tol=1e-3)
        weights = even * len(even) / even.sum()
        self._first.fit(self._root, self._labels, sample_weight=weights)

    def choose(self, title: str, abstract: str = "", first: int = 3) -> tuple[SectionChoice, ...]:
        """The sections where the paper would go, the likeliest first."""
        return self.choose_from(title, Features.of([(title, abstract)]), first)

    def choose_from(
        self, title: str, features: Features, first: int = 3
    ) -> tuple[SectionChoice, ...]:
        """The sections for a paper whose features are known."""
        keys = title_keys(title)
        named = {section: name for key, section, name in self._names if key in keys}
        if not len(self._of):
            order = sorted(self._allowed, key=lambda section: section not in named)
            return tuple(
                SectionChoice(section, (), named.get(section)) for section in order[:first]
            )
        row = self._space.vectors(features)
        close: Doubles = (self._rows @ row.toarray().ravel()).astype(float)
        likeness = (self._middles @ close).tolist()
        middle: dict[str, float] = dict(zip(self._sections.tolist(), likeness, strict=True))
        best = self._best(close)
        order = sorted(
            dict.fromkeys([*self._sections.tolist(), *self._allowed]),
            key=lambda s: (s not in named, s != best, -middle.get(s, -1.0)),
        )
        return tuple(
            SectionChoice(section, self._nearest(section, close), named.get(section))
            for section in order[:first]
        )

    def _best(self, close: Doubles) -> str:
        if self._first is None:
            return str(self._sections[0])
        return str(self._first.predict(np.linalg.solve(self._root, close)[None])[0])

    def _nearest(self, section: str, close: Doubles) -> tuple[NearEntry, ...]:
        members = np.flatnonzero(self._labels == section)
        best = members[np.argsort(-close[members], kind="stable")][:_NEAREST]
        found = [(self._entries[self._of[at]], float(close[at])) for at in best]
        # Two kinds of features, each of length 1.
        return tuple(
            NearEntry(entry.arxiv, entry.title, cosine / len(_KINDS))
            for entry, cosine in found
            if cosine > 0
        )


def _features(entries: Iterable[PlacedPaper]) -> Features:
    return Features.of([(entry.title, entry.abstract) for entry in entries])


def _names(
    names: Mapping[str, Sequence[str]], allowed: Collection[str]
) -> list[tuple[str, str, str]]:
    """Key, section and name; a name that two sections have names neither."""
    found = [
        (key, section, name)
        for section, given in names.items()
        if section in allowed
        for name in given
        if (key := name_key(name))
    ]
    owners: dict[str, set[str]] = {}
    for key, section, _ in found:
        owners.setdefault(key, set()).add(section)
    return [triple for triple in found if len(owners[triple[0]]) == 1]
