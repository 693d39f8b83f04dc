"""Use cases of discovery: poll the sources, propose, look papers up, judge, refit."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.catalog.identity import entry_key
from bot.catalog.model import Catalog
from bot.db.engine import Database
from bot.discovery.alarm import FeedAlarm
from bot.discovery.budget import monday
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.paper import Paper
from bot.discovery.poll_report import PollReport
from bot.discovery.poller import describe_listed, poll_sources
from bot.discovery.proposer import Candidate, Proposer, proposed
from bot.discovery.ranking.explanations import Judgement
from bot.discovery.ranking.model_process import CHILD, ModelProcessError, ModelRunner
from bot.discovery.sources.arxiv.calendar import EASTERN
from bot.discovery.sources.base import DatedPaper, Progress, Source, SourceError
from bot.discovery.store import PaperStore

_HANDED_OVER = dt.timedelta(weeks=6)


def no_progress(_step: str, _done: int, _total: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Papers from the sources, and the model's judgement of each, both by key.

    `problem` is the reason why something may be missing; empty without one.
    """

    papers: Mapping[str, DatedPaper]
    judgements: Mapping[str, Judgement]
    problem: str = ""


class DiscoveryService:
    """Finds, records and judges papers."""

    def __init__(  # noqa: PLR0913  # each dependency can be replaced
        self,
        database: Database,
        catalog: Callable[[], Catalog],
        sources: Sequence[Source],
        now: Callable[[], dt.datetime],
        *,
        rejected: Callable[[], Sequence[Paper]] = tuple,
        is_paused: Callable[[dt.datetime], bool] = lambda _: False,
        channel: str | None = None,
        model: ModelRunner = CHILD,
    ) -> None:
        """Alarms go to `channel`, if there is one.

        `rejected` gives the papers that reviewers found not to belong, `is_paused` whether nothing
        may be proposed at a moment.
        """
        self._database, self._catalog, self._sources, self._now = database, catalog, sources, now
        self._rejected, self._is_paused = rejected, is_paused
        self._channel, self._model = channel, model
        self._store = PaperStore(database)

    def poll(self, progress: Progress, *, dry_run: bool = False) -> PollReport:
        """Poll every source and propose the best of what has come so far."""
        return self._poll(self._sources, progress, dry_run=dry_run)

    def poll_due(self, progress: Progress) -> PollReport | None:
        """Poll the sources whose next poll is due, and propose; None if none is due."""
        due = self._due(self._now())
        return self._poll(due, progress, dry_run=False) if due else None

    def next_poll(self) -> dt.datetime | None:
        """The moment of the next poll of any source, which may have passed; None without one."""
        now = self._now()
        return min(
            (each.next_poll(self._store.history(each.name), now) for each in self._sources),
            default=None,
        )

    def proposed(self) -> tuple[Candidate, ...]:
        """The candidates of the last six weeks, in order of their proposal."""
        since = monday((self._now() - _HANDED_OVER).astimezone(EASTERN).date())
        return proposed(CandidateStore(self._database), since)

    def look_up(self, keys: Collection[str]) -> Findings:
        """Look up and judge papers that people suggest; the sources are asked for unseen ones."""
        papers = dict(self._store.seen_papers(keys))
        problem = ""
        for source in self._sources:
            try:
                missing = [key for key in keys if key not in papers]
                for answer in source.look_up(missing, no_progress):
                    papers |= answer.papers
            except SourceError as error:
                problem = error.reason
        if not papers:
            return Findings({}, {}, problem)
        try:
            judged = self._judge(papers)
        except ModelProcessError as error:
            return Findings(papers, {}, str(error))
        return Findings(papers, judged, problem)

    def refit(self, moment: dt.datetime) -> bool:
        """Fit the model if there is something to learn; returns whether it was fitted."""
        return self._proposer(self._catalog()).refit(moment)

    def _poll(self, sources: Sequence[Source], progress: Progress, *, dry_run: bool) -> PollReport:
        catalog = self._catalog()
        outcome = poll_sources(self._store, sources, self._now(), progress)
        listed = [entry_key(entry) for entry in catalog.entries]
        describe_listed(self._store, sources, listed, self._now(), outcome, progress)
        if self._channel and not dry_run:
            FeedAlarm(self._database, self._channel).update(outcome.at)
        progress("Judging", 0, 1)
        candidates: tuple[Candidate, ...] = ()
        now = self._now()
        try:
            if not self._is_paused(now):
                candidates = self._proposer(catalog).propose(now, dry_run=dry_run)
        except ModelProcessError as error:
            outcome.trouble.append(str(error))
        sections = {path: catalog.section_titles(path) for path in catalog.places}
        return PollReport(outcome, candidates, sections, dry_run)

    def _judge(self, papers: Mapping[str, DatedPaper]) -> Mapping[str, Judgement]:
        """Judgements by the keys that the papers were asked for with."""
        distinct = {dated.paper.key: dated.paper for dated in papers.values()}
        judged = self._proposer(self._catalog()).judge(list(distinct.values()), self._now())
        return {key: judged[dated.paper.key] for key, dated in papers.items()}

    def _due(self, now: dt.datetime) -> list[Source]:
        return [
            source
            for source in self._sources
            if source.next_poll(self._store.history(source.name), now) <= now
        ]

    def _proposer(self, catalog: Catalog) -> Proposer:
        return Proposer(self._store, catalog, self._rejected(), self._model)
