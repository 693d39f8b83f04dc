"""Fits models and judges papers in a child process that ends when it has answered.

    papers ──► fit ──► [child: relevance.py] ──► the model as bytes
    model + papers ──► judge ──► [child: relevance.py, placement.py] ──► judgements

scikit-learn costs 90 MB of imports and a fit as much again. The long-lived process never pays
them: this module imports none of it, sends papers in handfuls, and gets bytes and plain values
back.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from heapq import nlargest
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import Any, cast

from bot.discovery.paper import Paper
from bot.discovery.ranking.explanations import Judgement
from bot.discovery.ranking.placement_sections import PlacedPaper
from bot.errors import PapersError

TIMEOUT = 600.0  # seconds; a fit takes 20, so that only something broken takes this long
_NICE = 5  # people wait for lookups; nobody waits for this
_HANDFUL = 200
_BEST = 100


class ModelProcessError(PapersError):
    """The child process did not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitTask:
    """The papers to learn from; `others` is read once and may be a generator over a database."""

    listed: Collection[Paper]
    others: Iterable[Paper]
    rejected: Collection[Paper] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTask:
    """The papers to judge by a model, with the authors of the papers that are listed now.

    The `best` papers are explained and placed beside the `placed` ones; `names` and `allowed` come
    from `placement_sections`. Without `placed` and `allowed` nothing is placed.
    """

    model: bytes
    papers: Collection[Paper]
    authors: Mapping[str, int] = field(default_factory=dict)
    best: int = _BEST
    placed: Collection[PlacedPaper] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allowed: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ModelRunner:
    """The two operations on models, in this process or in a child."""

    fit: Callable[[FitTask], bytes]
    judge: Callable[[JudgeTask], tuple[Judgement, ...]]


def fit(task: FitTask, *, timeout: float = TIMEOUT) -> bytes:
    """Fit a model in a child. Raises ModelProcessError with the reason when it cannot."""
    first = replace(task, others=())
    return cast("bytes", _ask(_fit, first, task.others, timeout))


def judge(task: JudgeTask, *, timeout: float = TIMEOUT) -> tuple[Judgement, ...]:
    """Judge papers in a child, in their order. Raises ModelProcessError when it cannot."""
    return cast("tuple[Judgement, ...]", _ask(_judge, task, (), timeout))


CHILD = ModelRunner(fit, judge)


def _ask(
    work: Callable[[Any, Iterator[Paper]], Any],
    first: object,
    papers: Iterable[Paper],
    timeout: float,
) -> object:
    """Start a child, send it the task and then the papers, and wait for the answer."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, work), daemon=True, name="learning")
    child.start()
    there.close()
    late = threading.Event()

    def end() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    try:
        with here:
            good, answer = _talk(here, first, papers)
    except (EOFError, OSError) as error:
        child.join()
        if late.is_set():
            reason = f"took longer than {timeout:.0f} seconds and was ended"
        else:
            reason = f"ended without an answer (exit code {child.exitcode})"
        raise ModelProcessError(
            f"The process that learns {reason}; it may lack memory. The next poll tries again."
        ) from error
    finally:
        timer.cancel()
        child.kill()
        child.join()
    if not good:
        raise ModelProcessError(f"The process that learns failed: {answer}")
    return answer


def _talk(here: Connection, first: object, papers: Iterable[Paper]) -> tuple[bool, object]:
    here.send(first)
    several = iter(papers)
    while handful := list(islice(several, _HANDFUL)):
        here.send(handful)
    here.send(None)
    good, answer = here.recv()
    return good, answer


def _serve(there: Connection, work: Callable[[Any, Iterator[Paper]], Any]) -> None:
    """In the child: do the work and send the result, or the reason of a failure."""
    os.nice(_NICE)
    try:
        task = there.recv()
        papers: Iterator[Paper] = chain.from_iterable(iter(there.recv, None))
        answer = (True, work(task, papers))
    except (EOFError, BrokenPipeError):
        return  # the parent has ended
    except Exception as error:  # noqa: BLE001  # any reason is for the parent
        answer = (False, f"{type(error).__name__}: {error}")
    there.send(answer)


def _fit(task: FitTask, others: Iterator[Paper]) -> bytes:
    return fit_here(replace(task, others=others))


def _judge(task: JudgeTask, _: Iterator[Paper]) -> tuple[Judgement, ...]:
    return judge_here(task)


def fit_here(task: FitTask) -> bytes:
    """Fit a model in this process."""
    from bot.discovery.ranking.relevance import Model  # noqa: PLC0415  # only the child pays for it

    return Model.fit(task.listed, task.others, task.rejected).to_bytes()


def judge_here(task: JudgeTask) -> tuple[Judgement, ...]:
    """Judge papers in this process: scores for all, reasons and sections for the best."""
    from bot.discovery.ranking.placement import Placement  # noqa: PLC0415  # as above
    from bot.discovery.ranking.relevance import Model  # noqa: PLC0415  # as above

    model, papers = Model.from_bytes(task.model), tuple(task.papers)
    scores = model.score(papers, task.authors)
    best = set(nlargest(task.best, range(len(papers)), key=scores.__getitem__))
    placement = None
    if best and (task.placed or task.allowed):
        placement = Placement(tuple(task.placed), task.names, task.allowed)
    return tuple(
        Judgement(
            key=paper.key,
            score=score,
            reasons=model.explain(paper, task.authors) if at in best else None,
            choices=placement.choose(paper.title, paper.abstract)
            if placement and at in best
            else (),
        )
        for at, (paper, score) in enumerate(zip(papers, scores, strict=True))
    )


IN_PROCESS = ModelRunner(fit_here, judge_here)
