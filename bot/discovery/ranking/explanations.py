"""Values that explain a judgement to a reviewer: terms, authors, nearest entries, sections.

This module imports nothing heavy: the long-lived process holds judgements that a child process has
made with scikit-learn.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A word, or a pair of words, and what it adds to the score."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class KnownAuthor:
    """An author with papers on the list: how many, and what that adds to the score."""

    name: str
    papers: int
    weight: float


@dataclass(frozen=True, slots=True)
class NearEntry:
    """A listed paper that reads alike: its arXiv id (empty where it has none), title, cosine."""

    arxiv: str
    title: str
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a paper has its score: `base`, the terms shown, the `rest` and the authors sum to it."""

    score: float
    base: float
    terms_for: tuple[Term, ...]
    terms_against: tuple[Term, ...]
    rest: float
    authors: tuple[KnownAuthor, ...]
    nearest: tuple[NearEntry, ...]


@dataclass(frozen=True, slots=True)
class SectionChoice:
    """A section where a paper would go.

    `named` is the name of the section that stands in the paper's title, if that is what chose it;
    `nearest` are the entries of the section that read most like the paper.
    """

    section: str
    nearest: tuple[NearEntry, ...] = ()
    named: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The score of a paper, by its key; reasons and sections only for the best papers."""

    key: str
    score: float
    reasons: Reasons | None = None
    choices: tuple[SectionChoice, ...] = ()
