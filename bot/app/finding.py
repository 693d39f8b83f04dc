"""What finds papers: a poll of arXiv, what is proposed of it, what people suggest made whole."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.app.container import Container
from bot.catalog.model import Catalog
from bot.discovery.alarm import FeedAlarm
from bot.discovery.budget import monday
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.poll_report import PollReport
from bot.discovery.poller import ArxivAddresses, Poller, PollOutcome, Progress
from bot.discovery.proposer import Candidate, Proposer, proposed
from bot.discovery.ranking.model_process import ModelProcessError
from bot.discovery.rate_limit import RateLimit
from bot.discovery.sources.arxiv.calendar import EASTERN
from bot.discovery.sources.arxiv.next_poll import next_poll_of
from bot.discovery.sources.feed_document import FeedError
from bot.discovery.store import PaperStore
from bot.http import FetchError, HttpClient
from bot.review.intake import MAX_LOOKUP_ATTEMPTS, ArxivFacts, Intake, negative_examples

_HANDED_OVER = timedelta(weeks=6)
_MANY = 100


def find(parts: Container, progress: Progress, *, dry_run: bool = False) -> PollReport:
    """One poll of arXiv now, and what is proposed of all that has come."""
    catalog = parts.lookup.current().catalog
    with _http(parts) as http:
        report = _poll(parts, catalog, http, progress)
    if parts.settings.review_channel and not dry_run:
        FeedAlarm(parts.database, parts.settings.review_channel).sound(report.checks, report.at)
    progress("Judging", 0, 1)
    candidates: tuple[Candidate, ...] = ()
    paused = parts.suggestions.paused_until(parts.now())
    try:
        if not paused:
            candidates = _proposer(parts, catalog).propose(parts.now(), dry_run=dry_run)
    except ModelProcessError as error:
        report.trouble.append(str(error))
    if not dry_run:
        hand_over(parts)
    sections = {path: catalog.section_titles(path) for path in catalog.places}
    return PollReport(report, candidates, sections, dry_run)


def hand_over(parts: Container) -> int:
    """Bring what was proposed to review, also what a killed poll had left; how many are new."""
    since = monday((parts.now() - _HANDED_OVER).astimezone(EASTERN).date())
    found = {
        f"arxiv:{one.paper.arxiv}": one for one in proposed(CandidateStore(parts.database), since)
    }
    known = parts.suggestions.existing_identities(found)
    intake = Intake(parts.review, parts.lookup.current().catalog)
    return intake.suggest_candidates(
        [one for key, one in found.items() if key not in known], parts.now()
    )


def poll_when_due(parts: Container, moment: datetime) -> str:
    """Poll arXiv if it is time; what came of it, in words."""
    if next_poll_of(PaperStore(parts.database), moment) > moment:
        return ""
    account = find(parts, lambda *_: None)
    verdicts = sorted({check.verdict for check in account.report.checks})
    return (
        f"{account.report.new + account.report.caught_up} new papers, "
        f"{len(account.candidates)} proposed; feeds: {', '.join(verdicts)}"
    )


def complete_suggestions(parts: Container) -> str:
    """Ask arXiv about papers that people suggested, and have their cards made."""
    waiting = parts.suggestions.gathering(parts.now())[:_MANY]
    if not waiting:
        return ""
    catalog = parts.lookup.current().catalog
    ids = [one.subject.entry.arxiv for one in waiting if one.subject.entry.arxiv]
    store = PaperStore(parts.database)
    told = {
        arxiv: ArxivFacts(paper, day) for arxiv, (paper, day) in store.seen_papers(ids).items()
    }
    problem = ""
    if unknown := [arxiv for arxiv in ids if arxiv not in told]:
        try:
            told |= _asked(parts, unknown)
        except (FetchError, FeedError) as error:
            problem = error.reason
    judged = {}
    try:
        if told:
            papers = [one.paper for one in told.values()]
            judged = dict(_proposer(parts, catalog).judge(papers, parts.now()))
    except ModelProcessError as error:
        problem = str(error)
    intake, done = Intake(parts.review, catalog), 0
    for one in waiting:
        arxiv = one.subject.entry.arxiv or ""
        if (
            arxiv not in told
            and problem
            and parts.review.record_completion_attempt(one, parts.now()) < MAX_LOOKUP_ATTEMPTS
        ):
            continue
        intake.complete(one, told.get(arxiv), judged.get(arxiv), parts.now())
        done += 1
    return f"{done} completed{f'; {problem}' if problem else ''}"


def refit(parts: Container, moment: datetime) -> str:
    """Learn from what was decided since the model was fitted."""
    fitted = _proposer(parts, parts.lookup.current().catalog).refit(moment)
    return "the model was fitted again" if fitted else ""


def _asked(parts: Container, ids: list[str]) -> Mapping[str, ArxivFacts]:
    """What arXiv's API says of papers."""
    with _http(parts) as http:
        poller = _poller(parts, parts.lookup.current().catalog, http, lambda *_: None)
        found = poller.look_up(ids)
    return {
        arxiv: ArxivFacts(one.paper, one.published.date() if one.published else None)
        for arxiv, one in found.items()
    }


def _poll(parts: Container, catalog: Catalog, http: HttpClient, progress: Progress) -> PollOutcome:
    """Ask arXiv: what came, and how each category was found."""
    poller = _poller(parts, catalog, http, progress)
    report = poller.poll(parts.now())
    listed = (entry.arxiv for entry in catalog.entries if entry.arxiv)
    poller.describe(listed, parts.now(), report)
    return report


def _poller(parts: Container, catalog: Catalog, http: HttpClient, progress: Progress) -> Poller:
    settings = parts.settings
    sources = ArxivAddresses(
        settings.rss_url, settings.api_url, catalog.info.categories, settings.lookback_days
    )
    pace = RateLimit(parts.database, parts.now, parts.sleep)
    return Poller(PaperStore(parts.database), http, pace, sources, progress)


def _http(parts: Container) -> HttpClient:
    """A client that waits for its turn at arXiv's door."""
    pace = RateLimit(parts.database, parts.now, parts.sleep)
    return parts.http(pace.wait)


def _proposer(parts: Container, catalog: Catalog) -> Proposer:
    rejected = negative_examples(parts.suggestions.rejected())
    return Proposer(PaperStore(parts.database), catalog, rejected)
