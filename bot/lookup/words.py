"""How text becomes words: the same for what is indexed and for what is typed.

Case, accents, plurals and word forms do not matter (tantivy's analyzers); neither do hyphens and
spaces inside a term: `KV-cache`, `KV Cache` and `KVCache` meet in the compounds.
"""

import re
from functools import cache
from itertools import pairwise

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{2,}|\d+")
_OF_EVERY_PAPER = frozenset({"paper", "papers", "about"})
_LONGEST = 24  # letters of a compound; longer ones are never typed
_WORD = re.compile(r"[^\W_]+")


@cache
def stemming() -> TextAnalyzer:
    """Lower-case words without accents, reduced to their stems."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .filter(Filter.stemmer("english"))
        .build()
    )


@cache
def spelling() -> TextAnalyzer:
    """Lower-case words without accents, as they are spelled."""
    return (
        TextAnalyzerBuilder(Tokenizer.simple())
        .filter(Filter.lowercase())
        .filter(Filter.ascii_fold())
        .build()
    )


@cache
def _meaningful() -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    return builder.filter(Filter.stopword("english")).build()


@cache
def is_stopword(word: str) -> bool:
    """Whether a word (`the`, `papers`) tells nothing about a paper."""
    return word in _OF_EVERY_PAPER or not _meaningful().analyze(word)


def compounds(text: str) -> str:
    """Words that text holds in another form: neighbours joined, joined words apart.

    >>> compounds("FlashAttention for KV caches")
    'FlashAttentionfor forKV KVcaches Flash Attention'
    """
    words = _WORD.findall(text)
    joined = [f"{one}{two}" for one, two in pairwise(words) if len(one) + len(two) <= _LONGEST]
    parts = [part for word in words if len(found := _CAMEL.findall(word)) > 1 for part in found]
    return " ".join((*joined, *parts))


def term_keys(text: str) -> frozenset[str]:
    """Keys of a term as a whole; two texts that share one are the same term.

    `Pre-Training`, `pretraining` and `pre training` share the key `pretrain`.
    """
    words = spelling().analyze(text)
    stems = stemming().analyze(text)
    return frozenset({"".join(stems), "".join(stemming().analyze("".join(words)))} - {""})
