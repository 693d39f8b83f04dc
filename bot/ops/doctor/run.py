"""Runs all checks of `papers doctor` in parallel, under one deadline.

Checks change nothing, and a check that fails does not stop the others.
"""

import contextlib
import datetime as dt
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.catalog.model import ReviewPolicy
from bot.catalog.names import shipped_names
from bot.catalog.yaml.lint import lint
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database, open_database
from bot.db.error_text import driver_reason
from bot.db.lock import WORKER_LOCK, open_lock
from bot.db.migrate import is_known_version, newest_version, schema_version
from bot.deadline import DeadlineError, results_within
from bot.digest.store import DigestStore
from bot.discovery.feed_history import FeedCheck
from bot.discovery.store import PaperStore
from bot.discovery.tables import paces
from bot.errors import PapersError
from bot.ops.database import describe, is_there
from bot.ops.doctor import job_checks, slack_checks, storage_checks
from bot.ops.doctor.findings import Finding, error, ok
from bot.ops.jobs import JobJournal
from bot.outbox.store import Outbox
from bot.publishing.git_cli import GitCli
from bot.publishing.publication import PublishError
from bot.publishing.queue import PublicationQueue
from bot.review.store import SuggestionStore
from bot.settings import ENVIRONMENT, Settings
from bot.slack.authority import Workspace
from bot.slack.manifest import scopes
from bot.slack.self_check import BotIdentity, BotSelfCheck, Conversation

DEADLINE = 12.0
"""Seconds for all checks together."""
_TIMEOUT = 5  # seconds for an answer of Slack or git
_MAX_CHANNELS, _MAX_REVIEWERS = 20, 20
_FEED_HISTORY = dt.timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Doctor:
    """The checks of one installation."""

    settings: Settings
    now: Callable[[], dt.datetime]
    redact: Callable[[str], str]
    """Hides secrets in a text."""
    deadline: float = DEADLINE

    def examine(self) -> tuple[Finding, ...]:
        """Run all checks; findings in a fixed order."""
        groups: dict[str, Callable[[], Iterator[Finding]]] = {
            "Slack": self._slack,
            "database": self._database,
            "list": self._list,
            "disk": self._disk,
            "publishing": self._publishing,
        }
        findings: dict[str, list[Finding]] = {name: [] for name in groups}
        for name, result in results_within(self.deadline, groups):
            finding = result if isinstance(result, Finding) else self._failure(name, result)
            sentence, remedy = self.redact(finding.sentence), self.redact(finding.remedy)
            findings[name].append(replace(finding, sentence=sentence, remedy=remedy))
        return tuple(itertools.chain.from_iterable(findings.values()))

    def _failure(self, what: str, problem: Exception) -> Finding:
        """The finding for a group of checks that could not be completed."""
        match problem:
            case DeadlineError():
                sentence = f"No answer within {self.deadline:g} s."
                return error(what, sentence, "Check the network between this machine and it.")
            case SQLAlchemyError():
                sentence = f"The database stopped answering: {driver_reason(problem)}."
                return error(what, sentence, "See the log of the database.")
            case PapersError():
                return error(what, str(problem), "The sentence names the remedy.")
            case _:
                sentence = f"The check failed: {type(problem).__name__}: {problem}"[:300]
                return error(what, sentence, "Please report this, with the log.")

    def _slack(self) -> Iterator[Finding]:
        settings = self.settings
        slack = BotSelfCheck(settings.slack_api_url, timeout=_TIMEOUT, now=self.now)
        token = _plain(settings.slack_bot_token)
        identity = None
        if wrong := slack_checks.token_form("SLACK_BOT_TOKEN", token, "xoxb-"):
            yield wrong
        elif token:
            identity = slack.identity(token)
            yield slack_checks.bot_token(identity)
        yield self._transport(slack)
        if isinstance(identity, BotIdentity) and token:
            yield slack_checks.scopes(identity.scopes, scopes())
            yield slack_checks.clock(identity.skew)
            yield from self._channels(slack, token)
            yield from self._reviewers(slack, token, identity.workspace)
        elif unset := slack_checks.review_channel(settings.review_channel):
            yield unset

    def _transport(self, slack: BotSelfCheck) -> Finding:
        token = _plain(self.settings.slack_app_token)
        has_secret = bool(self.settings.slack_signing_secret)
        if token is None:
            return slack_checks.no_app_token(has_secret=has_secret)
        wrong = slack_checks.token_form("SLACK_APP_TOKEN", token, "xapp-")
        return wrong or slack_checks.app_token(slack.app_token(token), has_secret=has_secret)

    def _channels(self, slack: BotSelfCheck, token: str) -> Iterator[Finding]:
        """The channels that the bot posts to."""
        review = self.settings.review_channel
        if wrong := slack_checks.review_channel(review):
            yield wrong
        elif review:
            answer = slack.conversation(token, review)
            yield slack_checks.conversation("PAPERS_REVIEW_CHANNEL", review, answer)
            if isinstance(answer, Conversation):
                yield from slack_checks.review_audience(answer, self._policy())
        yield from slack_checks.subscriptions(
            slack_checks.conversation(
                f"subscription of {channel}", channel, slack.conversation(token, channel)
            )
            for channel in self._subscribed_channels()[:_MAX_CHANNELS]
        )

    def _reviewers(
        self, slack: BotSelfCheck, token: str, workspace: Workspace
    ) -> Iterator[Finding]:
        """The people whom the list names as reviewers, also as members of a user group."""
        policy, people = self._policy(), []
        for reviewer in policy.reviewers:
            if not reviewer.startswith("S"):
                people.append(reviewer)
                continue
            members = slack.group(token, reviewer)
            if wrong := slack_checks.reviewer_group(reviewer, members):
                yield wrong
            elif isinstance(members, tuple):
                people += members
        for person in list(dict.fromkeys(people))[:_MAX_REVIEWERS]:
            answer = slack.member(token, person)
            if wrong := slack_checks.reviewer(person, answer, workspace, policy):
                yield wrong

    def _policy(self) -> ReviewPolicy:
        """The list's rules of review; the default ones if the list cannot be read."""
        try:
            return read_catalog(self.settings.data_dir).catalog.info.review
        except PapersError:
            return ReviewPolicy()  # reported by the check of the list

    def _subscribed_channels(self) -> list[str]:
        """Channels with a subscription; none if the database cannot tell."""
        if not is_there(self.settings):
            return []
        with contextlib.closing(open_database(self.settings.database)) as database:
            try:
                active = DigestStore(database).active()
            except SQLAlchemyError:
                return []
        channels = (subscription.channel for subscription in active)
        return list(dict.fromkeys(channel for channel in channels if channel[:1] in "CG"))

    def _database(self) -> Iterator[Finding]:
        where = describe(self.settings)
        if not is_there(self.settings):
            facts = storage_checks.DatabaseFacts(where=where, is_there=False)
            yield from storage_checks.database(facts)
            return
        with contextlib.closing(open_database(self.settings.database)) as database:
            facts = self._database_facts(where, database)
            yield from storage_checks.database(facts)
            if not facts.problem and facts.version == facts.newest:
                yield from self._feeds(database)
                yield from self._work(database)

    def _database_facts(self, where: str, database: Database) -> storage_checks.DatabaseFacts:
        try:
            version = schema_version(database)
            return storage_checks.DatabaseFacts(
                where=where,
                version=version,
                newest=newest_version(),
                is_known=version is None or is_known_version(version),
                write_error=self._write_error(database) if version == newest_version() else None,
                connections=None if database.is_sqlite else _connections(database),
            )
        except SQLAlchemyError as problem:
            return storage_checks.DatabaseFacts(where=where, problem=driver_reason(problem))

    def _write_error(self, database: Database) -> str | None:
        """The error of a test write, which is rolled back; None if it succeeds."""
        try:
            with database.write() as connection:
                connection.execute(paces.insert().values(name="papers doctor", next_at=self.now()))
                connection.rollback()
        except SQLAlchemyError as problem:
            return driver_reason(problem)
        return None

    def _feeds(self, database: Database) -> Iterator[Finding]:
        now = self.now()
        try:
            categories = read_catalog(self.settings.data_dir).catalog.info.categories
        except PapersError:
            return  # reported by the check of the list
        last: dict[str, tuple[dt.datetime, FeedCheck]] = {}
        for at, check in PaperStore(database).checked(now - _FEED_HISTORY):
            last[check.feed] = at, check
        yield from job_checks.feeds(categories, last, now)
        yield from job_checks.waiting_for_facts(SuggestionStore(database).unanswered())
        yield from job_checks.paused(SuggestionStore(database).paused_until(now))

    def _work(self, database: Database) -> Iterator[Finding]:
        outbox, now = Outbox(database), self.now()
        yield from job_checks.outbox(outbox.depth(), outbox.dead_rows(), now)
        yield storage_checks.queue(*PublicationQueue(database, None).depth())
        runs, is_running = JobJournal(database).runs(), _is_worker_running(database)
        yield from job_checks.worker(is_running=is_running, runs=runs, now=now)

    def _list(self) -> Iterator[Finding]:
        loaded = read_catalog(self.settings.data_dir)
        problems = lint(loaded, shipped_names())
        errors = sum(problem.is_error for problem in problems)
        yield storage_checks.listed(len(loaded.catalog.entries), errors, len(problems) - errors)

    def _disk(self) -> Iterator[Finding]:
        folders = {"data folder": self.settings.data_dir}
        url = sa.make_url(self.settings.database)
        if url.get_backend_name() == "sqlite" and url.database:
            folders["database folder"] = Path(url.database).parent
        for what, folder in folders.items():
            if folder.is_dir():
                free = shutil.disk_usage(folder).free
                yield storage_checks.space(what, folder, free, is_writable=_is_writable(folder))

    def _publishing(self) -> Iterator[Finding]:
        settings = self.settings
        match settings.publish:
            case "git":
                yield _git(settings.data_dir)
            case "github":
                has_token = settings.github_token is not None
                yield storage_checks.github(has_token=has_token, repo=settings.github_repo)
            case "files":
                yield ok("publishing", "Approvals are written into the data folder alone.")


def _connections(database: Database) -> tuple[int, int]:
    """Open connections of the PostgreSQL server, and its limit."""
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM pg_stat_activity").scalar()
        most = connection.exec_driver_sql("SHOW max_connections").scalar()
    return int(count or 0), int(most or 0)


def _is_worker_running(database: Database) -> bool:
    """Tell whether a worker process holds the worker's lock."""
    path = Path(f"{database.engine.url.database}.{WORKER_LOCK}.lock")
    if database.is_sqlite and not path.exists():
        return False  # looking must not create the file
    lock = open_lock(database, WORKER_LOCK)
    if lock.acquire():
        lock.release()
        return False
    return True


def _is_writable(folder: Path) -> bool:
    """Tell whether this process may write a folder and the list's files in it."""
    paths = [folder, folder / "list.yaml", folder / "papers", *(folder / "papers").glob("*.yaml")]
    return all(os.access(path, os.W_OK) for path in paths if path.exists())


def _git(folder: Path) -> Finding:
    git = GitCli(folder, ENVIRONMENT, timeout=_TIMEOUT)
    try:
        if git.run("rev-parse", "--is-inside-work-tree").code:
            return storage_checks.git(f"{folder} is in no git repository")
        branch = git.run("symbolic-ref", "--quiet", "--short", "HEAD").text or None
        return storage_checks.git(None, branch, git.output("remote"))
    except PublishError as problem:
        return storage_checks.git(str(problem).rstrip("."))


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value().strip() if secret else None
