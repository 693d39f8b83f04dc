"""The report of a poll, as text for a terminal and as JSON. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.discovery.feed_history import FeedCheck
from bot.discovery.poller import PollOutcome
from bot.discovery.proposer import Candidate
from bot.discovery.sources.base import TROUBLE
from bot.text import pluralize

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class PollReport:
    """The outcome of a poll and the candidates that it led to.

    `sections` are the titles of the list's sections by path.
    """

    outcome: PollOutcome
    candidates: tuple[Candidate, ...]
    sections: Mapping[str, str]
    is_dry: bool

    @property
    def is_trouble(self) -> bool:
        """Whether a feed is stalled or failed, or a gap could not be filled."""
        checks = self.outcome.checks
        return bool(self.outcome.trouble) or any(check.verdict in TROUBLE for check in checks)

    def as_json(self) -> dict[str, Any]:
        """The report as the JSON of `papers poll --json`."""
        return {
            "checks": [
                {
                    "source": check.source,
                    "category": check.feed,
                    "verdict": check.verdict,
                    "reason": check.reason,
                    "unseen": check.unseen,
                }
                for check in self.outcome.checks
            ],
            "new": self.outcome.new,
            "caught_up": self.outcome.caught_up,
            "trouble": list(self.outcome.trouble),
            "faults": list(self.outcome.faults),
            "dry_run": self.is_dry,
            "candidates": [_as_json(candidate, self.sections) for candidate in self.candidates],
        }

    def as_text(self) -> str:
        """The report as text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        for check in _last_of_each(self.outcome.checks):
            yield f"{check.feed:<10} {check.verdict:<8} {check.reason}"
        yield ""
        caught = (
            f", {self.outcome.caught_up} of days that were missed"
            if self.outcome.caught_up
            else ""
        )
        yield f"{self.outcome.new + self.outcome.caught_up} new papers{caught}."
        yield from self.outcome.trouble
        if self.outcome.faults:
            first = self.outcome.faults[0]
            yield f"{len(self.outcome.faults)} items could not be read; the first: {first}"
        yield ""
        if not self.candidates:
            yield "Nothing to propose now: the week's budget is spent, or nothing new has come."
            return
        verb = "would be proposed" if self.is_dry else "proposed"
        yield f"{len(self.candidates)} papers {verb}, the best first:"
        for candidate in self.candidates:
            yield ""
            yield from _candidate_lines(candidate, self.sections)


def _last_of_each(checks: Iterable[FeedCheck]) -> Iterable[FeedCheck]:
    """The last check of each feed; one that was asked for again has several."""
    return {check.feed: check for check in checks}.values()


def _candidate_lines(candidate: Candidate, sections: Mapping[str, str]) -> Iterator[str]:
    paper, reasons = candidate.paper, candidate.reasons
    yield f"{paper.title}"
    more = f" and {len(paper.authors) - 3} more" if len(paper.authors) > 3 else ""  # noqa: PLR2004  # three are named
    yield f"    {paper.link or paper.key}  {', '.join(paper.authors[:3])}{more}"
    yield f"    number {candidate.rank} of {candidate.ranked} papers that could be proposed"
    if candidate.evidence:
        yield f"    a second look: {candidate.evidence}"
    if reasons.authors:
        known = (
            f"{author.name} ({pluralize(author.papers, 'paper')})"
            for author in reasons.authors[:_SHOWN]
        )
        yield f"    authors on the list: {', '.join(known)}"
    if reasons.terms_for:
        yield f"    for it: {', '.join(term.text for term in reasons.terms_for[:_SHOWN])}"
    if reasons.terms_against:
        yield f"    against it: {', '.join(term.text for term in reasons.terms_against[:_SHOWN])}"
    if reasons.nearest:
        yield f"    nearest on the list: {reasons.nearest[0].title}"
    for number, choice in enumerate(candidate.choices):
        near = f", beside {choice.nearest[0].title}" if choice.nearest else ""
        named = f", which its title names (“{choice.named}”)" if choice.named else ""
        label = "goes to" if number == 0 else "     or"
        yield f"    {label} {sections.get(choice.section, choice.section)}{named or near}"


def _as_json(candidate: Candidate, sections: Mapping[str, str]) -> dict[str, Any]:
    return {
        "arxiv": candidate.paper.arxiv,
        "key": candidate.paper.key,
        "title": candidate.paper.title,
        "day": candidate.day.isoformat(),
        "rank": candidate.rank,
        "ranked": candidate.ranked,
        "score": candidate.score,
        "evidence": candidate.evidence,
        "reasons": asdict(candidate.reasons),
        "sections": [
            {"path": c.section, "title": sections.get(c.section, c.section)}
            for c in candidate.choices
        ],
    }
