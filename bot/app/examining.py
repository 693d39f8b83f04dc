"""`papers doctor`: looks at everything that the bot depends on, and has it judged.

Slack, the database, the list and the disk are looked at side by side, with one deadline for all of
it. Nothing is changed anywhere, and nothing that fails ends the examination.
"""

import contextlib
import datetime as dt
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.app.container import now
from bot.app.redaction import Redactor
from bot.app.state import WORKER, describe, is_there
from bot.catalog.names import shipped_names
from bot.catalog.yaml.lint import lint
from bot.catalog.yaml.read import read_catalog
from bot.db.engine import Database, open_database
from bot.db.error_text import reason
from bot.db.lock import lock_of
from bot.db.migrate import is_known, newest, schema_of
from bot.deadline import TooSlowError, within
from bot.digest.store import DigestStore
from bot.discovery.store import FeedCheck, PaperStore
from bot.discovery.tables import paces
from bot.errors import PapersError
from bot.ops.doctor import job_checks as working
from bot.ops.doctor import slack_checks as talking
from bot.ops.doctor import storage_checks as keeping
from bot.ops.doctor.finding import Finding, error, ok
from bot.ops.jobs import JobJournal
from bot.outbox.store import Outbox
from bot.publishing.git_cli import GitCli
from bot.publishing.publication import PublishError
from bot.publishing.queue import PublicationQueue
from bot.review.store import SuggestionStore
from bot.settings import Settings
from bot.slack.manifest import scopes
from bot.slack.self_check import BotIdentity, BotSelfCheck

PATIENCE = 12.0
"""Seconds for all of it."""
_SILENCE = 5  # seconds for one answer of Slack's, and of git's
_CHANNELS = 20
_LONG_AGO = 60  # days


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Everything that was looked at, in a fixed order."""
    groups: dict[str, Callable[[], Iterator[Finding]]] = {
        "Slack": partial(_slack, settings),
        "database": partial(_database, settings),
        "list": partial(_listed, settings),
        "disk": partial(_disk, settings),
        "publishing": partial(_publishing, settings),
    }
    names = list(groups)
    brought: dict[int, list[Finding]] = {number: [] for number in range(len(names))}
    for number, found in within(PATIENCE, list(groups.values())):
        judged = found if isinstance(found, Finding) else _failed(names[number], found)
        brought[number].append(judged)
    redact = Redactor(settings)
    return tuple(
        replace(one, sentence=redact(one.sentence), remedy=redact(one.remedy))
        for ones in brought.values()
        for one in ones
    )


def _failed(what: str, problem: Exception) -> Finding:
    match problem:
        case TooSlowError():
            sentence = f"No answer within {PATIENCE:g} s."
            return error(what, sentence, "Check the network between this machine and that one.")
        case SQLAlchemyError():
            sentence = f"The database stopped answering: {reason(problem)}."
            return error(what, sentence, "See what the database's own log says.")
        case PapersError():
            return error(what, str(problem), "The sentence says what to do.")
        case _:
            sentence = f"It could not be looked at: {type(problem).__name__}: {problem}"[:300]
            return error(what, sentence, "Please report this, with the log.")


def _slack(settings: Settings) -> Iterator[Finding]:
    checkup = BotSelfCheck(settings.slack_api_url, timeout=_SILENCE, now=now)
    token = _plain(settings.slack_bot_token)
    identity = None
    if wrong := talking.token_form("SLACK_BOT_TOKEN", token, "xoxb-"):
        yield wrong
    elif token:
        identity = checkup.identity(token)
        yield talking.bot_token(identity)
    yield _transport(settings, checkup)
    if isinstance(identity, BotIdentity) and token:
        yield talking.scopes(identity.scopes, scopes())
        yield talking.clock(identity.skew)
        yield from _channels(settings, checkup, token)
    elif unset := talking.review_channel(settings.review_channel):
        yield unset


def _transport(settings: Settings, checkup: BotSelfCheck) -> Finding:
    token, has_secret = _plain(settings.slack_app_token), bool(settings.slack_signing_secret)
    if token is None:
        return talking.no_app_token(has_secret=has_secret)
    wrong = talking.token_form("SLACK_APP_TOKEN", token, "xapp-")
    return wrong or talking.app_token(checkup.app_token(token), has_secret=has_secret)


def _channels(settings: Settings, checkup: BotSelfCheck, token: str) -> Iterator[Finding]:
    """The channels that the bot is to speak in."""
    review = settings.review_channel
    if wrong := talking.review_channel(review):
        yield wrong
    elif review:
        told = checkup.conversation(token, review)
        yield talking.conversation("PAPERS_REVIEW_CHANNEL", review, told)
    found = (
        talking.conversation(
            f"subscription of {channel}", channel, checkup.conversation(token, channel)
        )
        for channel in _subscribed(settings)[:_CHANNELS]
    )
    yield from talking.subscriptions(found)


def _subscribed(settings: Settings) -> list[str]:
    """The channels that digests go to; none where the database cannot tell."""
    if not is_there(settings):
        return []
    with contextlib.closing(open_database(settings.database)) as database:
        try:
            active = DigestStore(database).active()
        except SQLAlchemyError:
            return []
    return list(dict.fromkeys(one.channel for one in active if one.channel[:1] in "CG"))


def _database(settings: Settings) -> Iterator[Finding]:
    if not is_there(settings):
        yield from keeping.database(
            keeping.DatabaseFacts(where=describe(settings), is_there=False)
        )
        return
    with contextlib.closing(open_database(settings.database)) as database:
        stored = _stored(describe(settings), database)
        yield from keeping.database(stored)
        if not stored.problem and stored.version == stored.newest:
            yield from _feeds(settings, database)
            yield from _work(database)


def _work(database: Database) -> Iterator[Finding]:
    outbox = Outbox(database)
    yield from working.outbox(outbox.depth(), outbox.dead(), now())
    yield keeping.queue(*PublicationQueue(database, None).depth())
    at_work, runs = _is_at_work(database), JobJournal(database).runs()
    yield from working.worker(is_at_work=at_work, runs=runs, now=now())


def _stored(where: str, database: Database) -> keeping.DatabaseFacts:
    try:
        version = schema_of(database)
        return keeping.DatabaseFacts(
            where=where,
            version=version,
            newest=newest(),
            is_known=version is None or is_known(version),
            unwritable=_unwritable(database) if version == newest() else None,
            connections=None if database.is_sqlite else _connections(database),
        )
    except SQLAlchemyError as problem:
        return keeping.DatabaseFacts(where=where, problem=reason(problem))


def _unwritable(database: Database) -> str | None:
    """Why nothing can be written; tried, and taken back."""
    try:
        with database.write() as connection:
            connection.execute(paces.insert().values(name="papers doctor", next_at=now()))
            connection.rollback()
    except SQLAlchemyError as problem:
        return reason(problem)
    return None


def _connections(database: Database) -> tuple[int, int]:
    with database.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM pg_stat_activity").scalar()
        most = connection.exec_driver_sql("SHOW max_connections").scalar()
    return int(count or 0), int(most or 0)


def _feeds(settings: Settings, database: Database) -> Iterator[Finding]:
    try:
        categories = read_catalog(settings.data_dir).catalog.info.categories
    except PapersError:
        return  # what is wrong with the list is told elsewhere
    last: dict[str, tuple[dt.datetime, FeedCheck]] = {}
    for at, check in PaperStore(database).checked(now() - dt.timedelta(days=_LONG_AGO)):
        last[check.category] = at, check
    yield from working.feeds(categories, last, now())
    yield from working.paused(SuggestionStore(database).paused_until(now()))


def _is_at_work(database: Database) -> bool:
    """Whether a worker holds its lock."""
    if database.is_sqlite and not Path(f"{database.engine.url.database}.{WORKER}.lock").exists():
        return False
    lock = lock_of(database, WORKER)
    if lock.acquire():
        lock.release()
        return False
    return True


def _listed(settings: Settings) -> Iterator[Finding]:
    loaded = read_catalog(settings.data_dir)
    problems = lint(loaded, shipped_names())
    errors = sum(problem.is_error for problem in problems)
    yield keeping.listed(len(loaded.catalog.entries), errors, len(problems) - errors)


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = {"data folder": settings.data_dir}
    url = sa.make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        folders["database folder"] = Path(url.database).parent
    for what, folder in folders.items():
        if folder.is_dir():
            free = shutil.disk_usage(folder).free
            yield keeping.space(keeping.DiskSpace(what, str(folder), free, _is_writable(folder)))


def _is_writable(folder: Path) -> bool:
    """Whether this user may write there, in what is there already, too."""
    inside = [folder, folder / "list.yaml", folder / "papers", *(folder / "papers").glob("*.yaml")]
    return all(os.access(path, os.W_OK) for path in inside if path.exists())


def _publishing(settings: Settings) -> Iterator[Finding]:
    match settings.publish:
        case "git":
            yield keeping.git(_repository(settings.data_dir))
        case "github":
            has_token = settings.github_token is not None
            yield keeping.github(has_token=has_token, repo=settings.github_repo)
        case _:
            yield ok("publishing", "Approvals are written into the data folder, and no further.")


def _repository(folder: Path) -> keeping.GitState:
    git = GitCli(folder, os.environ, timeout=_SILENCE)  # noqa: TID251  # git needs its PATH and HOME
    try:
        inside = git.run("rev-parse", "--is-inside-work-tree")
        if inside.code:
            return keeping.GitState(problem=f"{folder} is in no git repository")
        branch = git.run("symbolic-ref", "--quiet", "--short", "HEAD").text or None
        return keeping.GitState(branch=branch, remotes=tuple(git.ask("remote").split()))
    except PublishError as problem:
        return keeping.GitState(problem=str(problem).rstrip("."))


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value().strip() if secret else None
