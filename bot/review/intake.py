"""From discovery to review: candidates become suggestions, and suggestions learn what arXiv says.

Both may be repeated after an interruption anywhere: what review knows already is dropped.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.catalog.links import arxiv_url
from bot.catalog.model import Catalog, Entry
from bot.discovery.paper import Paper
from bot.discovery.proposer import Candidate
from bot.discovery.ranking.explanations import Judgement
from bot.review.decision import Complete, DecisionRules
from bot.review.model import BOT, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade

# Reasons that speak of the moment or of another listing, not of what the paper is about.
_NOT_ABOUT_THE_SUBJECT = ("Already on the list", "Wait for a published version")
MAX_LOOKUP_ATTEMPTS = 20
"""So often arXiv is asked about a suggested paper before its card comes as it is."""


@dataclass(frozen=True, slots=True)
class ArxivFacts:
    """What arXiv says of a paper, and when it was announced."""

    paper: Paper
    day: dt.date | None = None


class Intake:
    """Takes in what discovery has found or learned."""

    def __init__(self, review: ReviewService, catalog: Catalog) -> None:
        self._review, self._catalog = review, catalog

    def suggest_candidates(self, candidates: Iterable[Candidate], now: dt.datetime) -> int:
        """Suggest what discovery proposes; how many suggestions are new."""
        made = 0
        for one in candidates:
            judged = Judgement(
                arxiv=one.paper.arxiv, score=one.score, reasons=one.reasons, choices=one.choices
            )
            subject = _subject(ArxivFacts(one.paper, one.day), judged, self._catalog)
            subject = replace(subject, rank=one.rank, ranked=one.ranked, evidence=one.evidence)
            identity = f"arxiv:{one.paper.arxiv}"
            proposal = Proposal(identity=identity, subject=subject, source=None)
            made += isinstance(self._review.suggest(proposal, now), SuggestionMade)
        return made

    def complete(
        self, one: Suggestion, told: ArxivFacts | None, judged: Judgement | None, now: dt.datetime
    ) -> None:
        """Give a suggestion what arXiv says of its paper, and have its card made.

        Where arXiv does not know the paper the card comes with the little that is known.
        """
        subject = one.subject
        if told is not None:
            found = _subject(told, judged, self._catalog)
            entry = found.entry
            if subject.is_placed or judged is None:  # whoever suggested it has chosen the section
                entry = replace(entry, sections=subject.entry.sections)
            subject = replace(found, after=entry, note=subject.note)
        self._review.act(one.id, Complete(subject), BOT, now, DecisionRules())


def negative_examples(rejected: Sequence[Suggestion]) -> tuple[Paper, ...]:
    """The rejected papers that do not belong; those rejected for other reasons teach nothing."""
    return tuple(
        Paper(
            arxiv=one.subject.entry.arxiv or "",
            title=one.subject.entry.title,
            abstract=one.subject.abstract,
            authors=one.subject.authors,
        )
        for one in rejected
        if one.subject.kind == "addition"
        and not (one.reason or "").startswith(_NOT_ABOUT_THE_SUBJECT)
    )


def _subject(told: ArxivFacts, judged: Judgement | None, catalog: Catalog) -> Subject:
    paper = told.paper
    choices = judged.choices if judged else ()
    home = choices[0].section if choices else next(iter(catalog.places))
    entry = Entry(
        title=paper.title,
        url=arxiv_url(paper.arxiv),
        arxiv=paper.arxiv,
        sections=(home,),
    )
    return Subject(
        after=entry,
        authors=paper.authors,
        abstract=paper.abstract,
        categories=paper.categories,
        day=told.day,
        choices=choices,
        reasons=judged.reasons if judged else None,
    )
