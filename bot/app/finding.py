"""What finds papers: a poll of arXiv, what is proposed of it, what people suggest made whole."""

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from bot.app.parts import Parts, now
from bot.catalog.model import Catalog
from bot.db.engine import open_database
from bot.db.migrate import is_current
from bot.discovery.account import Account
from bot.discovery.alarm import Alarm
from bot.discovery.budget import monday
from bot.discovery.candidates import Candidates
from bot.discovery.document import FeedError
from bot.discovery.freshness import EASTERN
from bot.discovery.learning import LearningError
from bot.discovery.pace import Pace
from bot.discovery.paper import Paper
from bot.discovery.poll import Poller, Progress, Report, Sources
from bot.discovery.polling import next_poll_of
from bot.discovery.proposing import Candidate, Proposer, proposed
from bot.discovery.store import Store
from bot.http import FetchError, HttpClient, user_agent
from bot.review.arrivals import TRIES, Intake, Told, to_learn_from
from bot.settings import Settings

_HANDED_OVER = timedelta(weeks=6)
_MANY = 100


def known_papers(settings: Settings) -> Mapping[str, Paper]:
    """What arXiv has told of listed papers; nothing where no poll has been."""
    path = settings.database.removeprefix("sqlite:///")
    if path != settings.database and not Path(path).exists():
        return {}  # a check makes no database
    database = open_database(settings.database)
    return Store(database).metadata() if is_current(database) else {}


def find(parts: Parts, progress: Progress, *, dry_run: bool = False) -> Account:
    """One poll of arXiv now, and what is proposed of all that has come."""
    catalog = parts.lookup.current().catalog
    with _http(parts) as http:
        report = _poll(parts, catalog, http, progress)
    if parts.settings.review_channel and not dry_run:
        Alarm(parts.database, parts.settings.review_channel).sound(report.checks, report.at)
    progress("Judging", 0, 1)
    candidates: tuple[Candidate, ...] = ()
    paused = parts.suggestions.paused_until(now())
    try:
        if not paused:
            candidates = _proposer(parts, catalog).propose(now(), dry_run=dry_run)
    except LearningError as error:
        report.trouble.append(str(error))
    if not dry_run:
        hand_over(parts)
    sections = {path: catalog.section_titles(path) for path in catalog.places}
    return Account(report, candidates, sections, dry_run)


def hand_over(parts: Parts) -> int:
    """Bring what was proposed to review, also what a killed poll had left; how many are new."""
    since = monday((now() - _HANDED_OVER).astimezone(EASTERN).date())
    found = {
        f"arxiv:{one.paper.arxiv}": one for one in proposed(Candidates(parts.database), since)
    }
    known = parts.suggestions.known(found)
    intake = Intake(parts.review, parts.lookup.current().catalog)
    return intake.hand_over([one for key, one in found.items() if key not in known], now())


def poll_when_due(parts: Parts, moment: datetime) -> str:
    """Poll arXiv if it is time; what came of it, in words."""
    if next_poll_of(Store(parts.database), moment) > moment:
        return ""
    account = find(parts, lambda *_: None)
    verdicts = sorted({check.verdict for check in account.report.checks})
    return (
        f"{account.report.new + account.report.caught_up} new papers, "
        f"{len(account.candidates)} proposed; feeds: {', '.join(verdicts)}"
    )


def complete_suggestions(parts: Parts) -> str:
    """Ask arXiv about papers that people suggested, and have their cards made."""
    waiting = parts.suggestions.gathering(now())[:_MANY]
    if not waiting:
        return ""
    catalog = parts.lookup.current().catalog
    ids = [one.subject.entry.arxiv for one in waiting if one.subject.entry.arxiv]
    store = Store(parts.database)
    told = {arxiv: Told(paper, day) for arxiv, (paper, day) in store.seen_papers(ids).items()}
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
            judged = dict(_proposer(parts, catalog).judge(papers, now()))
    except LearningError as error:
        problem = str(error)
    intake, done = Intake(parts.review, catalog), 0
    for one in waiting:
        arxiv = one.subject.entry.arxiv or ""
        if arxiv not in told and problem and parts.review.tried(one, now()) < TRIES:
            continue
        intake.complete(one, told.get(arxiv), judged.get(arxiv), now())
        done += 1
    return f"{done} completed{f'; {problem}' if problem else ''}"


def refit(parts: Parts, moment: datetime) -> str:
    """Learn from what was decided since the model was fitted."""
    fitted = _proposer(parts, parts.lookup.current().catalog).refit(moment)
    return "the model was fitted again" if fitted else ""


def _asked(parts: Parts, ids: list[str]) -> Mapping[str, Told]:
    """What arXiv's API says of papers."""
    with _http(parts) as http:
        poller = _poller(parts, parts.lookup.current().catalog, http, lambda *_: None)
        found = poller.look_up(ids)
    return {
        arxiv: Told(one.paper, one.published.date() if one.published else None)
        for arxiv, one in found.items()
    }


def _poll(parts: Parts, catalog: Catalog, http: HttpClient, progress: Progress) -> Report:
    """Ask arXiv: what came, and how each category was found."""
    poller = _poller(parts, catalog, http, progress)
    report = poller.poll(now())
    listed = (entry.arxiv for entry in catalog.entries if entry.arxiv)
    poller.describe(listed, now(), report)
    return report


def _poller(parts: Parts, catalog: Catalog, http: HttpClient, progress: Progress) -> Poller:
    settings = parts.settings
    sources = Sources(
        settings.rss_url, settings.api_url, catalog.info.categories, settings.lookback_days
    )
    pace = Pace(parts.database, now, parts.sleep)
    return Poller(Store(parts.database), http, pace, sources, progress)


def _http(parts: Parts) -> HttpClient:
    """A client that waits for its turn at arXiv's door."""
    pace = Pace(parts.database, now, parts.sleep)
    return HttpClient(
        agent=user_agent(parts.settings.contact), clock=time.monotonic, now=now, wait=pace.wait
    )


def _proposer(parts: Parts, catalog: Catalog) -> Proposer:
    rejected = to_learn_from(parts.suggestions.rejected())
    return Proposer(Store(parts.database), catalog, rejected)
