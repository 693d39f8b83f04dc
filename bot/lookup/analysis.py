"""Text analysis, the same for indexed text and for queries.

Case, accents, plurals and word forms do not matter (tantivy's analyzers); neither do hyphens and
spaces inside a term: `KV-cache`, `KV Cache` and `KVCache` meet in the compounds.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise

from rapidfuzz import fuzz, process
from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from bot.catalog.model import fold

_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]{2,}|[A-Z]{2,}|\d+")
# Words that ask, and words that fit every paper.
_ASKING = frozenset(
    """
    about accept accepted after all am another any anybody anymore anyone anything appear
    appeared around article articles ask author authored authors available back become
    becomes been before behind being better between bibtex both bring brings can cannot
    cheers citation cite collaboration come comes concerning conference conferences contain
    contains could currently deal dealing deals describe described describes did discuss
    discusses discussing do does doing done during each easily else enough entries entry et
    etc ever every everybody everyone everything example examples exist exists explain
    explains find finding focused focuses from further get gets getting github give gives
    going good got had happen happens has have having he heard hello help her here hey hi
    him his how however i idea include includes info information instead interested
    introduce introduced introduces invented investigate its itself joint just keep kind
    know known lab labs latest let like list listed lists ll look looking lot made make
    makes many matter may maybe me mean means mention mentions might mine mostly much must
    my name named names need needs newest now off ok ones only other others our ours out
    over own paper papers pdf people please pls possible preprint preprints present
    proceedings propose proposed proposes publication publications published question
    quickly read reading really recommend recommended regarding related remember research
    run running runs said saw says section sections see seen she should show shows since so
    some somebody someone something specific studied studies stuff subject such suggest
    tackle talk talks team teams tell than thank thanks them these thing things think those
    title titled today topic topics toward towards try under understand university until up
    used useful uses using usually ve versus very via vs want was way ways we well were what
    whats when where whether which while who whom whose why within without work works worth
    would write written wrote year you your yours
    """.split()  # noqa: SIM905  # a list of words reads better as text
)
# Common words of questions: they count where the list has them, and nothing where it does not.
_COMMON = frozenset(
    """
    able accelerate accelerating achieve across actually add address advance advanced
    advantage again aim allow allows alternative amount annual answer application apply
    approach approaches architecture area avoid aware bad based become begin beginner better
    big bigger build building call called case cases cause change cheaply choose clearly
    clever close combine common compare compared comparison complete complex concept concern
    conference conferences consider consist core correct create decide decides deciding
    decrease deliver depend deploy deploying deployment design designs detail details
    develop different difficult difficulty directly discuss doable easier edition editions
    effect effects efficient efficiently enable enabling end ensure entire especially
    evaluate evaluates everyday explain exploit extra face faced facing fact fail far faster
    feature features few fewer figure fine fit fix following form found fully future general
    generally generate given goal group groups handle handles handling hard help hidden high
    highly huge idea impact implement implementation important improve improved improves
    improving increase increases increasing inside instance intro introduction involve issue
    issues journal kept key kinds lab labs large largely larger later lead less level levels
    light likely limit limited little long look low lower main mainstream maintain major
    make manage managing many massive maximize measure method methods minimize modern
    multiple must natural near necessary needed nice novel nowadays number numbers obtain
    occur offer old online open operate options original outside overcome overhead
    particular per perform performs pick popular practical practice predict prevent problem
    problems processing produce proper provide provides purpose put quick quicker range
    rapidly rate real realistic reason reduce reduced reduces reducing regular remove
    requests require requires result results right role safely save saves saving scaled
    scenario science scientific separate serious set setup several share sharing simple
    simply single situation size slow slower small smart solution solutions solve solves
    sort speak special speed speeding spend split stable standard start status step stop
    strategies strategy strong suffer suitable support supports sure symposium system
    systems take takes team teams technique techniques technology term terms test theory
    think three time times tool tools total toward trade treat trick tricks trying turn two
    type types unlike update upgrade usage useful value variety various view vs wait ways
    weak where whole widely wise wish word words working world worst wrong years
    """.split()  # noqa: SIM905  # a list of words reads better as text
)
_LONGEST_COMPOUND = 24  # letters; nobody types a longer one
_WORD = re.compile(r"[^\W_]+")
_NEAREST_NAMES = 3
_LEAST_SIMILARITY = 58.0  # of 100


def _folding() -> TextAnalyzerBuilder:
    lowercase = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    return lowercase.filter(Filter.ascii_fold())


@cache
def stemming() -> TextAnalyzer:
    """The analyzer for stems: lower-case words without accents, reduced to their stems."""
    return _folding().filter(Filter.stemmer("english")).build()


@cache
def spelling() -> TextAnalyzer:
    """The analyzer for spellings: lower-case words without accents, not stemmed."""
    return _folding().build()


@cache
def _without_stopwords() -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple()).filter(Filter.lowercase())
    return builder.filter(Filter.stopword("english")).build()


@cache
def is_stopword(word: str) -> bool:
    """Tell whether a lower-case word (`the`, `papers`) distinguishes no paper from another."""
    return word in _ASKING or not _without_stopwords().analyze(word)


def is_common(word: str) -> bool:
    """Tell whether a lower-case word is so common that a list without it does not miss it."""
    return word in _COMMON


def compounds(text: str) -> str:
    """Neighbouring words of a text joined, and the parts of its joined words.

    >>> compounds("FlashAttention for KV caches")
    'FlashAttentionfor forKV KVcaches Flash Attention'
    """
    words = _WORD.findall(text)
    joined = [
        f"{left}{right}"
        for left, right in pairwise(words)
        if len(left) + len(right) <= _LONGEST_COMPOUND
    ]
    split = [part for word in words if len(parts := _CAMEL.findall(word)) > 1 for part in parts]
    return " ".join((*joined, *split))


def term_keys(text: str) -> frozenset[str]:
    """Keys of a term as a whole; two texts that share one are the same term.

    `Pre-Training`, `pretraining` and `pre training` share the key `pretrain`.
    """
    words = spelling().analyze(text)
    stems = stemming().analyze(text)
    return frozenset({"".join(stems), "".join(stemming().analyze("".join(words)))} - {""})


def folded(names: Iterable[str]) -> dict[str, str]:
    """Names with their folded forms, as `nearest_names` compares them."""
    return {name: fold(name) for name in names}


def nearest_names(text: str, names: Mapping[str, str]) -> list[str]:
    """The names that are most like the text, best first; `names` come from `folded`."""
    matches = process.extract(
        fold(text), names, scorer=fuzz.QRatio, limit=_NEAREST_NAMES, score_cutoff=_LEAST_SIMILARITY
    )
    return [name for _, _, name in matches]
