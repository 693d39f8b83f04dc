"""From discovery to review: candidates become suggestions, and suggestions get their facts.

Every step may be repeated after an interruption anywhere: what review knows already is dropped.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog
from bot.discovery.paper import Paper
from bot.discovery.poll_report import PollReport
from bot.discovery.proposer import Candidate
from bot.discovery.ranking.explanations import Judgement
from bot.discovery.service import DiscoveryService, no_progress
from bot.discovery.sources.base import DatedPaper, Progress
from bot.review.actions import Complete, DecisionRules
from bot.review.model import BOT, Subject, Suggestion
from bot.review.service import Proposal, ReviewService, SuggestionMade
from bot.review.store import SuggestionStore

# Reasons about the moment or about another listing, not about the paper's subject.
_NOT_ABOUT_THE_SUBJECT = ("Already on the list", "Wait for a published version")
MAX_LOOKUP_ATTEMPTS = 20
"""Unanswered questions about a suggested paper before its card comes without facts."""
_MANY = 100


class Intake:
    """Makes suggestions of papers, and completes suggestions with facts."""

    def __init__(self, review: ReviewService, catalog: Catalog) -> None:
        self._review, self._catalog = review, catalog

    def suggest_candidates(self, candidates: Iterable[Candidate], now: dt.datetime) -> int:
        """Suggest candidates; returns how many suggestions are new."""
        made = 0
        for candidate in candidates:
            paper = candidate.paper
            judged = Judgement(
                key=paper.key,
                score=candidate.score,
                reasons=candidate.reasons,
                choices=candidate.choices,
            )
            subject = replace(
                _subject(DatedPaper(paper, candidate.day), judged, self._catalog),
                rank=candidate.rank,
                ranked=candidate.ranked,
                evidence=candidate.evidence,
            )
            proposal = Proposal(identity=paper.key, subject=subject, source=None)
            made += isinstance(self._review.suggest(proposal, now), SuggestionMade)
        return made

    def complete(
        self,
        suggestion: Suggestion,
        dated: DatedPaper | None,
        judged: Judgement | None,
        now: dt.datetime,
    ) -> None:
        """Give a suggestion the facts of its paper, and have its card made.

        Where no source knows the paper, the card has only what the suggestion says.
        """
        subject = suggestion.subject
        if dated is not None:
            known = _subject(dated, judged, self._catalog)
            entry = known.entry
            if subject.is_placed or judged is None:  # a person has chosen the section
                entry = replace(entry, sections=subject.entry.sections)
            subject = replace(known, after=entry, note=subject.note)
        self._review.act(suggestion.id, Complete(subject), BOT, now, DecisionRules())


class IntakeJobs:
    """The jobs that bring papers from discovery to review."""

    def __init__(
        self,
        discovery: DiscoveryService,
        review: ReviewService,
        suggestions: SuggestionStore,
        catalog: Callable[[], Catalog],
        now: Callable[[], dt.datetime],
    ) -> None:
        self._discovery, self._review, self._suggestions = discovery, review, suggestions
        self._catalog, self._now = catalog, now

    def poll(self, progress: Progress, *, dry_run: bool = False) -> PollReport:
        """Poll every source now, propose the best papers and suggest them."""
        report = self._discovery.poll(progress, dry_run=dry_run)
        if not dry_run:
            self.hand_over()
        return report

    def poll_when_due(self) -> str:
        """Poll the sources that are due; returns a summary, empty if none was."""
        report = self._discovery.poll_due(no_progress)
        if report is None:
            return ""
        self.hand_over()
        verdicts = sorted({check.verdict for check in report.outcome.checks})
        return (
            f"{report.outcome.new + report.outcome.caught_up} new papers, "
            f"{len(report.candidates)} proposed; feeds: {', '.join(verdicts)}"
        )

    def hand_over(self) -> int:
        """Suggest what was proposed, also by a killed poll; returns how many are new."""
        proposed = {candidate.paper.key: candidate for candidate in self._discovery.proposed()}
        known = self._suggestions.existing_identities(proposed)
        new = [candidate for key, candidate in proposed.items() if key not in known]
        return self._intake().suggest_candidates(new, self._now())

    def complete(self) -> str:
        """Look up the papers that people suggested, and have their cards made."""
        waiting = self._suggestions.gathering(self._now())[:_MANY]
        if not waiting:
            return ""
        keys = {suggestion.id: entry_key(suggestion.subject.entry) for suggestion in waiting}
        findings = self._discovery.look_up(list(keys.values()))
        intake, done = self._intake(), 0
        for suggestion in waiting:
            key = keys[suggestion.id]
            dated, judged = findings.papers.get(key), findings.judgements.get(key)
            if dated is None and findings.problem:
                attempts = self._review.record_completion_attempt(suggestion, self._now())
                if attempts < MAX_LOOKUP_ATTEMPTS:
                    continue
            intake.complete(suggestion, dated, judged, self._now())
            done += 1
        return f"{done} completed{f'; {findings.problem}' if findings.problem else ''}"

    def refit(self, moment: dt.datetime) -> str:
        """Learn from what was decided since the model was fitted."""
        return "the model was fitted again" if self._discovery.refit(moment) else ""

    def _intake(self) -> Intake:
        return Intake(self._review, self._catalog())


def negative_examples(rejected: Sequence[Suggestion]) -> tuple[Paper, ...]:
    """The rejected papers whose subject does not fit the list, for the relevance model."""
    return tuple(
        Paper(
            arxiv=suggestion.subject.entry.arxiv,
            doi=suggestion.subject.entry.doi,
            title=suggestion.subject.entry.title,
            abstract=suggestion.subject.abstract,
            authors=suggestion.subject.authors,
        )
        for suggestion in rejected
        if suggestion.subject.kind == "addition"
        and not (suggestion.reason or "").startswith(_NOT_ABOUT_THE_SUBJECT)
    )


def _subject(dated: DatedPaper, judged: Judgement | None, catalog: Catalog) -> Subject:
    paper = dated.paper
    choices = judged.choices if judged else ()
    home = choices[0].section if choices else next(iter(catalog.places))
    return Subject(
        after=paper.as_entry(home),
        authors=paper.authors,
        abstract=paper.abstract,
        categories=paper.categories,
        day=dated.day,
        choices=choices,
        reasons=judged.reasons if judged else None,
    )
