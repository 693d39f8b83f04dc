"""Laws of relevance: similarity to listed papers raises the score, and reasons explain it."""

import math
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import WEIGHT, author_key, count_authors, known_authors
from bot.discovery.ranking.features import Columns, Words, shared_pairs
from bot.discovery.ranking.relevance import Model, ModelError
from tests.discovery.made_up import OFF_TOPIC, paper, papers

LISTED = papers(0, 30, "serving", "training")
OTHERS = papers(1000, 600, *OFF_TOPIC)
NOBODY: Counter[str] = Counter()


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.fit(LISTED, OTHERS)


def belongs(model: Model) -> bool:
    """Whether every new paper of the list's topics is above every other."""
    new, other = papers(5000, 20, "serving", "training"), papers(6000, 20, "poetry", "vision")
    return min(model.score(new, NOBODY)) > max(model.score(other, NOBODY))


def test_papers_of_the_lists_topics_come_first(model: Model) -> None:
    assert belongs(model)


def test_a_listed_author_raises_the_score_as_the_formula_states(model: Model) -> None:
    new = replace(paper(5000, "poetry"), authors=("José P. Núñez", "B. Nobody"))
    counts = count_authors([replace(LISTED[0], authors=("Jose P Nunez",))])
    alone, known = model.score([new], NOBODY)[0], model.score([new], counts)[0]
    assert known - alone == pytest.approx(WEIGHT * math.log(2) / math.sqrt(2))


def test_the_author_term_grows_with_listed_papers_and_is_shared_by_authors() -> None:
    counts = Counter({"ann": 3, "bo": 1})
    (ann,) = known_authors(["Ann"], counts)
    (bo,) = known_authors(["Bo"], counts)
    (shared,) = known_authors(["Ann", "Unknown", "Other", "More"], counts)
    assert ann.weight > bo.weight
    assert shared.weight == ann.weight / 2


@pytest.mark.parametrize("other", ["jose p nunez", "José P. Núñez", "JOSE-P.  NUNEZ"])
def test_spellings_of_a_name_are_equal(other: str) -> None:
    assert author_key(other) == "jose p nunez"


def test_initials_do_not_match_full_names() -> None:
    assert author_key("J. Wang") != author_key("Jing Wang")


def test_an_author_named_twice_on_a_paper_counts_once() -> None:
    assert count_authors([replace(LISTED[0], authors=("Ann", "ann", ""))]) == {"ann": 1}


def test_terms_of_listed_papers_raise_and_other_terms_lower_the_score(model: Model) -> None:
    mixed = Paper(arxiv="2409.1", title="Serving throughput for sonnet rhyme", abstract="batching")
    reasons = model.explain(mixed, NOBODY)
    assert {term.text for term in reasons.terms_for} >= {"serving", "throughput"}
    assert {term.text for term in reasons.terms_against} >= {"sonnet", "rhyme"}
    assert all(term.weight > 0 for term in reasons.terms_for)
    assert all(term.weight < 0 for term in reasons.terms_against)


def test_reasons_sum_to_the_score(model: Model) -> None:
    counts = Counter({"ann": 2})
    for at, topic in enumerate(["serving", "poetry", "edge"]):
        new = paper(7000 + at, topic, authors=("Ann", "Bo"))
        reasons = model.explain(new, counts)
        shown = sum(term.weight for term in (*reasons.terms_for, *reasons.terms_against))
        total = reasons.base + shown + reasons.rest + sum(item.weight for item in reasons.authors)
        assert total == pytest.approx(reasons.score)
        assert reasons.score == pytest.approx(model.score([new], counts)[0], abs=1e-4)


def test_the_nearest_papers_are_similar_listed_papers_other_than_itself(
    model: Model,
) -> None:
    reasons = model.explain(LISTED[0], NOBODY)
    assert len(reasons.nearest) == 3
    assert LISTED[0].arxiv not in {near.arxiv for near in reasons.nearest}
    serving = {item.arxiv: item.title for item in LISTED[::2]}
    assert all(serving[near.arxiv] == near.title for near in reasons.nearest)
    cosines = [near.cosine for near in reasons.nearest]
    assert cosines == sorted(cosines, reverse=True)


def test_a_pair_of_words_counts_only_when_two_listed_papers_share_it() -> None:
    words = Words()
    rows = [words.learn(text) for text in ["kv cache reuse", "fast kv cache", "cache kv"]]
    columns = Columns.every(words, shared_pairs(rows, 2))
    assert [name for name in columns.names(words) if " " in name] == ["kv cache"]


def test_unknown_words_separate_word_pairs() -> None:
    words = Words(["kv", "cache"])
    columns = Columns.of(["cache", "kv", "kv cache"], words)
    rows = [words.read("kv cache kv cache"), words.read("kv what cache"), words.read("")]
    assert columns.counts(rows).toarray().tolist() == [[2, 2, 2], [1, 1, 0], [0, 0, 0]]


def test_a_saved_model_scores_and_explains_the_same(model: Model) -> None:
    again = Model.from_bytes(model.to_bytes())
    new = papers(8000, 50, "serving", "poetry")
    assert again.score(new, NOBODY) == model.score(new, NOBODY)
    assert again.explain(new[0], NOBODY) == model.explain(new[0], NOBODY)
    assert again.to_bytes() == model.to_bytes()


@pytest.mark.parametrize("blob", [b"", b"rubbish", b"PK\x03\x04 rubbish"])
def test_bytes_that_are_no_model_are_refused(blob: bytes) -> None:
    with pytest.raises(ModelError, match="anew"):
        Model.from_bytes(blob)


def test_a_truncated_model_is_refused(model: Model) -> None:
    blob = model.to_bytes()
    for end in range(0, len(blob), len(blob) // 10):
        with pytest.raises(ModelError):
            Model.from_bytes(blob[:end])


def test_the_model_does_not_depend_on_the_order_of_other_papers() -> None:
    shuffled = list(OTHERS)
    random.Random(1).shuffle(shuffled)
    again = Model.fit(LISTED, iter([*shuffled, *shuffled[:50]]), most=300)
    first = Model.fit(LISTED, OTHERS, most=300)
    assert again.to_bytes() == first.to_bytes()


def test_listed_papers_in_the_background_are_not_negative_examples(model: Model) -> None:
    again = Model.fit(LISTED, [*LISTED, *OTHERS])
    assert again.to_bytes() == model.to_bytes()


def test_a_rejection_lowers_similar_papers_and_is_always_used() -> None:
    no = papers(9000, 12, "edge")
    like = papers(9500, 10, "edge")
    taught = Model.fit(LISTED, OTHERS, no, most=100)
    untaught = Model.fit(LISTED, OTHERS, most=100)
    assert np.mean(taught.score(like, NOBODY)) < np.mean(untaught.score(like, NOBODY))
    assert belongs(taught)


def test_titles_and_a_few_hundred_background_papers_are_enough() -> None:
    titles = [replace(item, abstract="") for item in LISTED]
    assert belongs(Model.fit(titles, OTHERS[:300]))


def test_titles_without_abstract_are_not_learned_from_beside_enough_abstracts() -> None:
    listed = papers(0, 60, "serving", "training")
    bare = Paper(arxiv="", title="A sonnet in rhyme")
    with_title, without = (Model.fit(more, OTHERS) for more in ([*listed, bare], listed))
    new = paper(5000, "poetry")
    assert with_title.score([new], NOBODY) == without.score([new], NOBODY)
    near = with_title.explain(Paper(arxiv="", title="Sonnet with rhyme"), NOBODY).nearest
    assert near[0].title == bare.title


def test_a_word_of_every_listed_title_is_kept_with_a_small_background() -> None:
    titles = [replace(item, abstract="", title=f"LLM {item.title}") for item in LISTED * 5]
    assert "llm" in Model.fit(titles, OTHERS[:60]).vocabulary


@pytest.mark.parametrize("count", [0, 1, 5, 25])
@pytest.mark.parametrize("abstract", [True, False])
def test_without_background_the_list_itself_ranks(count: int, *, abstract: bool) -> None:
    listed = papers(0, 30, "serving", "training", abstract=abstract)
    model = Model.fit(listed, OTHERS[:count])
    new, other = papers(5000, 20, "serving", "training"), papers(6000, 20, "poetry", "vision")
    assert np.mean(model.score(new, NOBODY)) > np.mean(model.score(other, NOBODY))
    assert Model.from_bytes(model.to_bytes()).score(new, NOBODY) == model.score(new, NOBODY)


@pytest.mark.parametrize("listed", [[], LISTED[:1], [Paper(arxiv="", title="\x00 \u202e")]])
@pytest.mark.parametrize("others", [[], OTHERS[:1], OTHERS])
def test_with_too_little_to_learn_from_authors_decide(
    listed: list[Paper], others: list[Paper]
) -> None:
    model = Model.fit(listed, others)
    new = paper(1, "serving", authors=("Ann",))
    assert model.score([new], Counter({"ann": 1}))[0] > model.score([new], NOBODY)[0]
    assert model.explain(new, NOBODY).score == pytest.approx(model.score([new], NOBODY)[0])
    assert model.score([], NOBODY) == []


def test_extreme_texts_neither_fail_nor_enlarge_the_model() -> None:
    absurd = Paper(
        arxiv="2401.00001", title="\ud83d" + "a" * 20_000, abstract="\x00<!channel> ﷽ \ud83d" * 100
    )
    model = Model.fit([absurd, *LISTED[:3]], [])
    assert len(model.to_bytes()) < 50_000
    assert math.isfinite(model.score([absurd], NOBODY)[0])
