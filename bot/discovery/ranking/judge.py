"""Judges papers by a model and by where the listed ones stand. Pure; runs in learning's child."""

from heapq import nlargest

from bot.discovery.ranking.explanations import Judgement
from bot.discovery.ranking.model_process import JudgeTask
from bot.discovery.ranking.placement import Placement
from bot.discovery.ranking.relevance import Model


def judge_papers(task: JudgeTask) -> tuple[Judgement, ...]:
    """Every paper's score; reasons and sections for the best, as nobody asks for the others."""
    model, papers = Model.from_bytes(task.model), tuple(task.papers)
    scores = model.score(papers, task.authors)
    best = set(nlargest(task.best, range(len(papers)), key=scores.__getitem__))
    placement = None
    if best and (task.placed or task.allowed):
        placement = Placement(tuple(task.placed), task.names, task.allowed)
    return tuple(
        Judgement(
            arxiv=paper.arxiv,
            score=score,
            reasons=model.explain(paper, task.authors) if at in best else None,
            choices=placement.choose(paper.title, paper.abstract)
            if placement and at in best
            else (),
        )
        for at, (paper, score) in enumerate(zip(papers, scores, strict=True))
    )
