"""From discovery to review: candidates become suggestions, which gather what arXiv says of them.

Each step may be repeated after an interruption anywhere: review ignores what it has already.
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

# Reasons about the moment or about another listing, which say nothing of the paper's subject.
_UNRELATED_REASONS = ("Already on the list", "Wait for a published version")
MAX_LOOKUP_ATTEMPTS = 20
"""Failed attempts to ask arXiv about a paper, after which its card is made without an answer."""


@dataclass(frozen=True, slots=True)
class ArxivFacts:
    """What arXiv says of a paper, and the day on which it was announced."""

    paper: Paper
    day: dt.date | None = None


class Intake:
    """Passes candidates and facts from discovery to review."""

    def __init__(self, review: ReviewService, catalog: Catalog) -> None:
        self._review, self._catalog = review, catalog

    def suggest_candidates(self, candidates: Iterable[Candidate], now: dt.datetime) -> int:
        """Make a suggestion of each candidate; returns the number of new suggestions."""
        made = 0
        for candidate in candidates:
            judgement = Judgement(
                arxiv=candidate.paper.arxiv,
                score=candidate.score,
                reasons=candidate.reasons,
                choices=candidate.choices,
            )
            facts = ArxivFacts(candidate.paper, candidate.day)
            subject = replace(
                _subject(facts, judgement, self._catalog),
                rank=candidate.rank,
                ranked=candidate.ranked,
                evidence=candidate.evidence,
            )
            identity = f"arxiv:{candidate.paper.arxiv}"
            proposal = Proposal(identity=identity, subject=subject, source=None)
            made += isinstance(self._review.suggest(proposal, now), SuggestionMade)
        return made

    def complete(
        self,
        suggestion: Suggestion,
        facts: ArxivFacts | None,
        judgement: Judgement | None,
        now: dt.datetime,
    ) -> None:
        """Add what arXiv says of its paper to a suggestion, and have its card posted.

        Without `facts`, arXiv does not know the paper: the card shows what the person entered.
        """
        subject = suggestion.subject
        if facts is not None:
            completed = _subject(facts, judgement, self._catalog)
            entry = completed.entry
            if subject.is_placed or judgement is None:  # a person has chosen the section
                entry = replace(entry, sections=subject.entry.sections)
            subject = replace(completed, after=entry, note=subject.note)
        self._review.act(suggestion.id, Complete(subject), BOT, now, DecisionRules())


def negative_examples(rejected: Sequence[Suggestion]) -> tuple[Paper, ...]:
    """The rejected papers whose subject does not fit the list, for the relevance model."""
    return tuple(
        Paper(
            arxiv=suggestion.subject.entry.arxiv or "",
            title=suggestion.subject.entry.title,
            abstract=suggestion.subject.abstract,
            authors=suggestion.subject.authors,
        )
        for suggestion in rejected
        if suggestion.subject.kind == "addition"
        and not (suggestion.reason or "").startswith(_UNRELATED_REASONS)
    )


def _subject(facts: ArxivFacts, judgement: Judgement | None, catalog: Catalog) -> Subject:
    paper = facts.paper
    choices = judgement.choices if judgement else ()
    home = choices[0].section if choices else next(iter(catalog.places))
    entry = Entry(
        title=paper.title, url=arxiv_url(paper.arxiv), arxiv=paper.arxiv, sections=(home,)
    )
    return Subject(
        after=entry,
        authors=paper.authors,
        abstract=paper.abstract,
        categories=paper.categories,
        day=facts.day,
        choices=choices,
        reasons=judgement.reasons if judgement else None,
    )
