"""What a database holds, as facts in plain JSON; the one place that knows the stores' names.

`facts` made `fixtures/v0_1/facts.json` with the code of version 0.1.0. Papers are named by their
arXiv ids and suggestions, subscriptions and editions by their numbers, whatever the schema's keys
are. Where a store has no method that reads a value back, its column is read.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.digest.model import Subscription
from bot.digest.store import DigestStore
from bot.digest.tables import edition_papers, editions, subscriptions
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.paper import Paper
from bot.discovery.store import PaperStore
from bot.discovery.tables import candidates, feeds, listed, paces, runners_up, seen
from bot.ops.jobs import JobJournal
from bot.outbox.message import OutboxRow
from bot.outbox.store import Outbox
from bot.outbox.tables import outbox
from bot.publishing.queue import PublicationQueue
from bot.review.model import Suggestion
from bot.review.service import CHANGE
from bot.review.store import SUBJECT, SuggestionStore
from bot.review.tables import history, pauses, publications
from bot.review.tables import suggestions as suggestion_rows

Facts = dict[str, Any]

TABLES: Mapping[str, str] = {
    name: name
    for name in (
        "candidates", "caught_up_days", "edition_papers", "editions", "feed_checks",
        "feed_memory", "job_runs", "listed_papers", "models", "outbox", "paces", "pauses",
        "publications", "runners_up", "seen_papers", "subscriptions", "suggestion_events",
        "suggestions",
    )
}  # fmt: skip
"""The tables of schema 0004, and under which names their rows are now."""

CATEGORIES = ("cs.DC", "cs.LG", "cs.OS")
MODEL = "relevance"
SOURCE = "arXiv"
_ARXIV = "arxiv:"
_FIRST_DAY = dt.date(2026, 1, 1)
_BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def facts(database: Database, now: dt.datetime) -> Facts:
    """Everything that an upgrade must keep, as of the moment `now`."""
    found = {
        "counts": _counts(database),
        "suggestions": _suggestions(database),
        "history": _history(database),
        "decided and not yet settled": _unsettled(database),
        "publications": _rows(database, publications, *publications.c.keys()),
        "pauses": _pauses(database, now),
        "outbox": _outbox(database),
        "subscriptions": _subscriptions(database),
        "editions": _editions(database),
        "told": _rows(database, edition_papers, "channel", "paper", "edition"),
        "seen": _seen(database),
        "feeds": _feeds(database),
        "listed": _listed(database),
        "candidates": _candidates(database),
        "runners-up": _rows(database, runners_up, "key", "day", "score", "section", "judged_at"),
        "model": _model(database),
        "pace": _rows(database, paces, "name", "next_at"),
        "jobs": [
            {
                "name": run.name,
                "started_at": run.started_at,
                "finished_at": run.finished_at,
                "outcome": run.outcome,
                "is_ok": run.is_ok,
                "next_at": run.next_at,
            }
            for run in JobJournal(database).runs()
        ],
    }
    plain: Facts = json.loads(json.dumps(found, default=_plain))
    return plain


def differences(recorded: object, found: object, at: str = "") -> Iterator[str]:
    """Where what was found lacks something recorded, or has another value for it.

    A mapping may have more keys than were recorded; lists hold the same, in the same order.
    """
    match recorded, found:
        case dict(), dict():
            for key, value in recorded.items():
                if key not in found:
                    yield f"{at}/{key}: missing"
                else:
                    yield from differences(value, found[key], f"{at}/{key}")
        case list(), list() if len(recorded) == len(found):
            for number, (one, other) in enumerate(zip(recorded, found, strict=True)):
                yield from differences(one, other, f"{at}/{number}")
        case list(), list():
            yield f"{at}: {len(found)} instead of {len(recorded)}"
        case _ if recorded != found:
            yield f"{at}: {found!r} instead of {recorded!r}"


def paper_facts(paper: Paper) -> Facts:
    return {
        "arxiv": paper.arxiv,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "comment": paper.comment,
    }


def suggestion_facts(found: Suggestion) -> Facts:
    return {
        "id": found.id,
        "identity": found.identity,
        "state": found.state,
        "version": found.version,
        "subject": SUBJECT.dump_python(found.subject, mode="json"),
        "source": found.source,
        "suggested_at": found.suggested_at,
        "seconds": list(found.seconds),
        "approvals": list(found.approvals),
        "wake_at": found.wake_at,
        "decided_by": found.decided_by,
        "decided_at": found.decided_at,
        "reason": found.reason,
        "published": found.published,
        "trouble": found.trouble,
    }


def item_facts(item: OutboxRow) -> Facts:
    return {
        "id": item.id,
        "key": item.key,
        "channel": item.channel,
        "kind": item.kind,
        "content": dict(item.content),
        "version": item.version,
        "sent_version": item.sent_version,
        "state": item.state,
        "attempted": item.attempted,
        "tries": item.tries,
        "thread_of": item.thread_of,
        "posted_in": item.posted_in,
        "ts": item.ts,
        "problem": item.problem,
        "created_at": item.created_at,
    }


def events(database: Database) -> list[Facts]:
    """What happened to suggestions, in order."""
    rows = _rows(database, history, "id", "suggestion", "what", "actor")
    return [{name: row[name] for name in ("suggestion", "what", "actor")} for row in rows]


def states(database: Database) -> dict[str, str]:
    """The state of each suggestion, by its number."""
    rows = _rows(database, suggestion_rows, "id", "state")
    return {str(row["id"]): row["state"] for row in rows}


def _counts(database: Database) -> Mapping[str, int]:
    with database.read() as connection:
        return {
            name: connection.scalar(sa.select(sa.func.count()).select_from(sa.table(table))) or 0
            for name, table in TABLES.items()
        }


def _rows(database: Database, table: sa.Table, *names: str) -> list[Facts]:
    """Columns of every row, in the order of the keys as text."""
    query = sa.select(*(table.c[name] for name in names))
    with database.read() as connection:
        rows = [row._asdict() for row in connection.execute(query)]
    keys = [column.name for column in table.primary_key if column.name in names]
    rows.sort(key=lambda row: [_sortable(row[key]) for key in keys or names])
    return [_by_arxiv_id(row) for row in rows]


def _by_arxiv_id(row: Facts) -> Facts:
    """A row whose paper is named by its arXiv id, as in the recorded facts."""
    if str(row.get("key", "")).startswith(_ARXIV):
        row["arxiv"] = row.pop("key").removeprefix(_ARXIV)
    return row


def _sortable(value: object) -> tuple[int, str]:
    return (value, "") if isinstance(value, int) else (0, str(value))


def _suggestions(database: Database) -> list[Facts]:
    store = SuggestionStore(database)
    columns = ("id", "tries", "next_try_at", "settled", "applied_in")
    found = []
    for row in _rows(database, suggestion_rows, *columns):
        suggestion = store.get(row["id"])
        assert suggestion is not None
        found.append({**suggestion_facts(suggestion), **row})
    return found


def _history(database: Database) -> Mapping[str, list[Facts]]:
    store = SuggestionStore(database)
    return {
        number: [
            {
                "at": event.at,
                "actor": event.actor,
                "what": event.what,
                "detail": dict(event.detail),
            }
            for event in store.history(int(number))
        ]
        for number in states(database)
    }


def _unsettled(database: Database) -> Facts:
    queue = PublicationQueue(database, None)
    return {
        # By number: those that were undone have no date of decision, and come first on SQLite,
        # last on PostgreSQL.
        "changes": {
            str(suggestion.id): CHANGE.dump_python(change, mode="json")
            for suggestion, change in SuggestionStore(database).unsettled()
        },
        "written by": {str(suggestion.id): run for suggestion, run in queue.unsettled()},
        "queue": list(queue.depth()),
    }


def _pauses(database: Database, now: dt.datetime) -> Facts:
    return {
        "until": SuggestionStore(database).paused_until(now),
        "all": _rows(database, pauses, "id", "until", "by"),
    }


def _outbox(database: Database) -> list[Facts]:
    store = Outbox(database)
    found = []
    for row in _rows(database, outbox, "id", "key", "next_at", "sent_at"):
        item = store.get(row["key"])
        assert item is not None
        found.append({**item_facts(item), **row})
    return found


def _subscriptions(database: Database) -> Facts:
    return {
        "active": [_subscription(entry) for entry in DigestStore(database).active()],
        "all": _rows(
            database, subscriptions, "id", "channel", "topic", "removed_by", "removed_at"
        ),
    }


def _subscription(found: Subscription) -> Facts:
    return {
        "id": found.id,
        "channel": found.channel,
        "topic": found.topic.text,
        "section": found.topic.section,
        "rhythm": found.schedule.rhythm,
        "weekday": found.schedule.weekday,
        "time": found.schedule.time,
        "zone": found.schedule.zone,
        "is_quiet": found.is_quiet,
        "created_by": found.created_by,
        "created_at": found.created_at,
        "changed_at": found.changed_at,
        "revision": found.revision,
        "since": found.since,
        "covered_until": found.covered_until,
    }


def _editions(database: Database) -> Facts:
    periods: dict[str, list[Facts]] = {
        str(row["id"]): [] for row in _rows(database, subscriptions, "id")
    }
    for row in _rows(database, editions, "subscription", "period", "begins", "ends"):
        period = {"key": row["period"], "begin": row["begins"], "end": row["ends"]}
        periods[str(row["subscription"])].append(period)
    return {
        "periods": periods,
        "all": _rows(
            database, editions, "id", "subscription", "period", "issued_at", "papers", "is_said"
        ),
    }


def _seen(database: Database) -> list[Facts]:
    store = PaperStore(database)
    papers = {paper.arxiv: paper for paper in store.background()}
    columns = ("key", "version", "day", "seen_at", "evidence", "evidence_day")
    return [
        {**paper_facts(papers[row["arxiv"]]), **row} for row in _rows(database, seen, *columns)
    ]


def _feeds(database: Database) -> Facts:
    store = PaperStore(database)
    polls = store.history(SOURCE)
    return {
        "checks": [
            {
                "at": at,
                "category": check.feed,
                "verdict": check.verdict,
                "reason": check.reason,
                "unseen": check.unseen,
                "day": check.day,
            }
            for at, check in store.checked(_BEGIN)
        ],
        "categories": {
            category: {
                "first check": polls.first_check(category),
                "last fresh": polls.last_fresh(category),
                "volume": polls.volume(category),
                "days taken": sorted(polls.taken_days(category, _FIRST_DAY)),
            }
            for category in CATEGORIES
        },
        "memory": {
            row["url"]: {
                "etag": polls.validators(row["url"]).etag,
                "last_modified": polls.validators(row["url"]).last_modified,
            }
            for row in _rows(database, feeds, "url")
        },
    }


def _listed(database: Database) -> list[Facts]:
    papers = PaperStore(database).listed_papers()
    rows = _rows(database, listed, "key", "found", "fetched_at")
    described = {key.removeprefix(_ARXIV) for key in papers if key.startswith(_ARXIV)}
    assert {row["arxiv"] for row in rows if row["found"]} == described
    return [
        {**row, **(paper_facts(papers[_ARXIV + row["arxiv"]]) if row["found"] else {})}
        for row in rows
    ]


def _candidates(database: Database) -> Facts:
    store = CandidateStore(database)
    return {
        "proposed": [
            {
                "arxiv": found.paper.arxiv,
                "day": found.day,
                "score": found.score,
                "rank": found.rank,
                "ranked": found.ranked,
                "judgement": dict(found.judgement),
            }
            for found in store.proposed(_FIRST_DAY)
        ],
        "waiting": [
            {"arxiv": found.paper.arxiv, "day": found.day, "evidence": found.evidence}
            for found in store.waiting(_FIRST_DAY)
        ],
        "beaten": [
            {"arxiv": found.paper.arxiv, "score": found.score, "section": found.section}
            for found in store.runners_up(_FIRST_DAY)
        ],
        "all": _rows(database, candidates, "key", "week", "proposed_at"),
    }


def _model(database: Database) -> Facts:
    kept = CandidateStore(database).model(MODEL)
    assert kept is not None
    basis, fitted_at, content = kept
    return {
        "basis": basis,
        "fitted_at": fitted_at,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    raise TypeError(value)
