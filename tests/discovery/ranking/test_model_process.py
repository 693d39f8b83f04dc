"""Laws of the model process: it gives the model's scores, and any failure of it is reported."""

import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator

import pytest

from bot.discovery.paper import Paper
from bot.discovery.ranking.authors import count_authors
from bot.discovery.ranking.model_process import FitTask, JudgeTask, ModelProcessError, fit, judge
from bot.discovery.ranking.placement_sections import PlacedPaper
from bot.discovery.ranking.relevance import Model
from tests.discovery.made_up import OFF_TOPIC, paper, papers

LISTED = papers(0, 30, "serving", "training")
OTHERS = papers(1000, 500, *OFF_TOPIC)


@pytest.fixture(scope="module")
def blob() -> bytes:
    return fit(FitTask(listed=LISTED, others=iter(OTHERS), rejected=OTHERS[:3]))


def test_the_long_lived_process_never_loads_scikit_learn() -> None:
    """Neither by imports nor by fitting in the child."""
    program = """
import sys
from bot.discovery.ranking.model_process import FitTask, JudgeTask, fit, judge
from bot.discovery.paper import Paper
if __name__ == "__main__":
    heavy = {"sklearn", "numpy", "scipy"}
    assert not heavy & set(sys.modules), "on import"
    model = fit(FitTask(listed=[Paper(arxiv="1", title="serving")], others=()))
    judge(JudgeTask(model=model, papers=[Paper(arxiv="2", title="serving")]))
    assert not heavy & set(sys.modules), "after work"
    print("light")
"""
    done = subprocess.run(  # noqa: S603  # a fixed command
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.stdout == "light\n", done.stderr


def test_the_model_of_the_child_equals_the_model_fitted_in_this_process(blob: bytes) -> None:
    assert blob == Model.fit(LISTED, OTHERS, OTHERS[:3]).to_bytes()


def test_scores_keep_the_order_of_the_papers_and_the_best_are_explained(blob: bytes) -> None:
    new = [paper(5000, "poetry"), paper(5001, "serving", authors=("Ann",)), paper(5002, "law")]
    counts = count_authors([Paper(title="", authors=("Ann",))])
    entries = [
        PlacedPaper(item.arxiv or "", item.title, item.abstract, ("a",)) for item in LISTED[::2]
    ]
    entries += [
        PlacedPaper(item.arxiv or "", item.title, item.abstract, ("b",)) for item in LISTED[1::2]
    ]
    judged = judge(JudgeTask(model=blob, papers=new, authors=counts, best=1, placed=entries))
    assert [judgement.key for judgement in judged] == [each.key for each in new]
    model = Model.from_bytes(blob)
    assert [item.score for item in judged] == model.score(new, counts)
    best = judged[1]
    assert best.score == max(item.score for item in judged)
    assert best.reasons == model.explain(new[1], counts)
    assert [choice.section for choice in best.choices] == ["a", "b"]
    assert judged[0].reasons is None
    assert judged[0].choices == ()


def test_a_failure_in_the_child_is_raised_with_its_reason() -> None:
    with pytest.raises(ModelProcessError, match="saved model cannot be read"):
        judge(JudgeTask(model=b"rubbish", papers=OTHERS[:1], authors=Counter()))


def test_a_child_beyond_its_time_limit_is_ended() -> None:
    with pytest.raises(ModelProcessError, match="longer than"):
        fit(FitTask(listed=LISTED, others=OTHERS), timeout=0.05)
    assert not multiprocessing.active_children()


def test_the_death_of_the_child_is_raised() -> None:
    def others() -> Iterator[Paper]:
        yield from OTHERS
        for child in multiprocessing.active_children():
            child.kill()
            child.join()

    with pytest.raises(ModelProcessError, match="exit code -9"):
        fit(FitTask(listed=LISTED, others=others()))


def test_an_error_while_papers_are_read_is_raised_and_the_child_ends() -> None:
    def others() -> Iterator[Paper]:
        yield from OTHERS
        raise LookupError("the database went away")

    with pytest.raises(LookupError):
        fit(FitTask(listed=LISTED, others=others()))
    assert not multiprocessing.active_children()
