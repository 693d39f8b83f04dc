"""A person is removed from every column of every table, and the history stays whole."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.app.clock import utc_now
from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.digest.model import EVERYTHING, Schedule, SubscriptionRequest
from bot.digest.store import DigestStore
from bot.errors import PapersError
from bot.ops.forget import SHORTEST_COLUMN, describe, forget, parse_person, remaining
from bot.outbox.store import Outbox
from bot.publishing.queue import PublicationQueue
from bot.review.actions import Approve, DecisionRules, Reopen, Second, Transition, Undo
from bot.review.model import Person, Subject
from bot.review.service import Proposal, ReviewService, SuggestionMade
from bot.review.store import SuggestionStore
from bot.slack.blocks.text import mention
from tests.cli.runner import papers
from tests.conftest import opened

PERSON, OTHER, THIRD = "U0ALICE", "U0ALICE2", "U0BOB"
NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
REVIEWER = DecisionRules(is_reviewer=True)
SHORT = {
    # Words of this code; none can hold an id.
    "subscriptions.rhythm",
    "outbox.state",
    "publications.state",
}
VALUES: list[tuple[type[Any], object]] = [
    (sa.JSON, {PERSON: [f"<@{PERSON}>", {"deep": f"{PERSON}, {OTHER}"}, 1, None]}),
    (sa.String, "x"),
    (sa.Boolean, True),
    (sa.DateTime, NOW),
    (sa.Date, NOW.date()),
    (sa.Time, NOW.time()),
    (sa.LargeBinary, b""),
]
ENTRY = Entry(title="Made Up", url="https://arxiv.org/abs/2603.00001", sections=("serving",))


def reflected(database: Database) -> list[sa.Table]:
    """The tables of the database, also those that this test does not know."""
    metadata = sa.MetaData()
    with database.read() as connection:
        metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != "alembic_version"]


def is_text(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.String) and (column.type.length or 99) >= SHORTEST_COLUMN


def value(column: sa.Column[Any], number: int) -> object:
    """A value that names the person wherever the column can hold that."""
    if is_text(column):
        return PERSON if number == 1 else f"{number}:{PERSON}"
    if column.foreign_keys:
        return 1
    return next((v for kind, v in VALUES if isinstance(column.type, kind)), number)


def texts(database: Database) -> Iterator[tuple[str, str]]:
    """Everything that a database holds: column and text."""
    with database.read() as connection:
        for table in reflected(database):
            for row in connection.execute(sa.select(table)).mappings():
                for name, found in row.items():
                    yield f"{table.name}.{name}", json.dumps(found, default=str)


def test_the_id_is_nowhere_afterwards_in_any_table(database: Database) -> None:
    """Every text and JSON column of the database, so that no new table is forgotten."""
    tables = reflected(database)
    with database.write() as connection:
        for table in tables:
            for number in (1, 2):
                row = {column.name: value(column, number) for column in table.columns}
                if table.name == "outbox":
                    row |= {"channel": "C0001", "posted_in": "C0001"}  # not a direct message
                connection.execute(table.insert().values(row))
    before = {place for place, text in texts(database) if PERSON in text.replace(OTHER, "")}
    removal = forget(database, PERSON, NOW, dry_run=False)
    after = list(texts(database))
    left = [place for place, text in after if PERSON in text.replace(OTHER, "")]
    assert not left
    assert {place.partition(".")[0] for place in before} == set(removal.changed)
    assert removal.pseudonym == "removed-1"
    assert any("removed-1, U0ALICE2" in text for _, text in after), "another id stays"
    with database.read() as connection:
        for table in tables:
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 2


def test_what_cannot_be_searched_cannot_hold_an_id(sqlite: Database) -> None:
    """A new short column or a new binary one has to be looked at."""
    columns = [column for table in reflected(sqlite) for column in table.columns]
    short = [c for c in columns if isinstance(c.type, sa.String) and not is_text(c)]
    assert {str(column) for column in short} == SHORT
    binary = [c for c in columns if isinstance(c.type, sa.LargeBinary)]
    assert {str(column) for column in binary} == {"models.content"}, "a fitted model: words"


def suggest(review: ReviewService, source: str | None = PERSON) -> int:
    made = review.suggest(
        Proposal(identity="arxiv:2603.00001", subject=Subject(after=ENTRY), source=source), NOW
    )
    assert isinstance(made, SuggestionMade)
    return made.suggestion.id


def test_the_history_stays_whole_and_a_decision_can_still_be_undone(database: Database) -> None:
    review, store = ReviewService(database, "C0REVIEW"), SuggestionStore(database)
    number = suggest(review)
    review.act(number, Approve(), Person(PERSON, "Alice A."), NOW, REVIEWER)
    before = store.history(number)
    removal = forget(database, PERSON, NOW, dry_run=False)
    suggestion = store.get(number)
    assert suggestion is not None
    assert (suggestion.source, suggestion.decided_by) == ("removed-1", "removed-1")
    assert suggestion.approvals == ("removed-1",)
    events = store.history(number)
    assert [(event.at, event.what) for event in events] == [
        (event.at, event.what) for event in before
    ]
    assert {event.actor for event in events} == {"removed-1"}
    (due,) = PublicationQueue(database, None).due(NOW)
    assert due.author == Person("removed-1", "removed-1")
    assert "Alice" not in str(list(texts(database)))
    assert removal.changed == {"suggestions": 1, "suggestion_events": 2, "publications": 1}
    undone = review.act(number, Undo(), Person(THIRD, "bob"), NOW, REVIEWER)
    assert isinstance(undone, Transition)
    approved = review.act(number, Approve(), Person(THIRD, "bob"), NOW, REVIEWER)
    assert isinstance(approved, Transition)


def test_pending_direct_messages_are_deleted_and_none_follow(database: Database) -> None:
    review, outbox = ReviewService(database, "C0REVIEW"), Outbox(database)
    number = suggest(review)
    review.act(number, Second(), Person(OTHER), NOW, REVIEWER)
    review.act(number, Approve(), Person(THIRD, "bob"), NOW, REVIEWER)
    channels = [row.channel for row in outbox.pending_rows()]
    assert {PERSON, OTHER} < set(channels)
    removal = forget(database, PERSON, NOW, dry_run=False)
    assert removal.deleted == 1
    left = [row.channel for row in outbox.pending_rows()]
    assert sorted(left) == sorted(channel for channel in channels if channel != PERSON)
    review.act(number, Undo(), Person(THIRD, "bob"), NOW, REVIEWER)
    assert {row.channel for row in outbox.pending_rows()} == {OTHER, "C0REVIEW"}


def test_a_subscription_in_a_direct_message_ends_and_one_of_a_channel_goes_on(
    database: Database,
) -> None:
    store = DigestStore(database)
    for channel in ("D0ALICE", "C0001"):
        request = SubscriptionRequest(
            channel=channel, topic=EVERYTHING, schedule=Schedule(), requested_by=PERSON
        )
        store.subscribe(request, NOW)
    removal = forget(database, PERSON, NOW, dry_run=False)
    assert removal.ended == 1
    (left,) = store.active()
    assert (left.channel, left.created_by) == ("C0001", "removed-1")
    assert "D0ALICE" not in str(list(texts(database)))


def test_each_person_has_a_pseudonym_of_their_own(database: Database) -> None:
    review = ReviewService(database, None)
    number = suggest(review)
    review.act(number, Approve(), Person(THIRD, "bob"), NOW, REVIEWER)
    assert forget(database, PERSON, NOW, dry_run=False).pseudonym == "removed-1"
    assert forget(database, THIRD, NOW, dry_run=False).pseudonym == "removed-2"
    suggestion = SuggestionStore(database).get(number)
    assert suggestion is not None
    assert (suggestion.source, suggestion.decided_by) == ("removed-1", "removed-2")
    assert forget(database, PERSON, NOW, dry_run=False).is_empty


def test_a_mention_in_a_reason_is_replaced_with_its_markup(database: Database) -> None:
    review, store = ReviewService(database, None), SuggestionStore(database)
    number = suggest(review, source=THIRD)
    review.act(number, Approve(), Person(THIRD), NOW, REVIEWER)
    review.act(number, Undo(), Person(THIRD), NOW, REVIEWER)
    with database.write() as connection:
        connection.execute(
            sa.text("update suggestions set reason = :text, state = 'rejected'"),
            {"text": f"Ask <@{PERSON}|alice> or {PERSON}; not {OTHER}."},
        )
    forget(database, PERSON, NOW, dry_run=False)
    suggestion = store.get(number)
    assert suggestion is not None
    assert suggestion.reason == f"Ask removed-1 or removed-1; not {OTHER}."
    reopened = review.act(number, Reopen("more"), Person(THIRD), NOW, REVIEWER)
    assert isinstance(reopened, Transition)


def test_a_dry_run_counts_the_same_and_changes_nothing(database: Database) -> None:
    suggest(ReviewService(database, "C0REVIEW"))
    before = list(texts(database))
    planned = forget(database, PERSON, NOW, dry_run=True)
    assert list(texts(database)) == before
    assert forget(database, PERSON, NOW, dry_run=False) == planned
    assert list(texts(database)) != before


def test_the_file_of_a_database_has_no_trace_of_the_id(sqlite: Database) -> None:
    """SQLite leaves deleted text in its file until that is rewritten."""
    suggest(ReviewService(sqlite, "C0REVIEW"))
    removal = forget(sqlite, PERSON, NOW, dry_run=False)
    assert not removal.has_traces
    path = Path(sqlite.engine.url.database or "")
    files = [path, *path.parent.glob(f"{path.name}-*")]
    assert not [file for file in files if PERSON.encode() in file.read_bytes()]


def test_a_database_in_use_is_changed_and_its_traces_are_named(sqlite: Database) -> None:
    suggest(ReviewService(sqlite, "C0REVIEW"))
    with opened(str(sqlite.engine.url)) as other, other.read() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.exec_driver_sql("SELECT * FROM suggestions").all()
        removal = forget(sqlite, PERSON, NOW, dry_run=False)
    assert removal.has_traces
    assert "VACUUM" in " ".join(remaining(removal, Path("nowhere"), "files"))


def test_a_removed_person_is_not_mentioned() -> None:
    assert mention("removed-1") == "a former member"
    assert mention(PERSON) == f"<@{PERSON}>"
    assert mention(None) == "the bot"


@pytest.mark.parametrize("text", [PERSON, f"<@{PERSON}>", f"<@{PERSON}|alice>", f" {PERSON}\n"])
def test_a_person_is_named_by_id_or_by_mention(text: str) -> None:
    assert parse_person(text) == PERSON


@pytest.mark.parametrize("text", ["", "alice", "C0001", "u0alice", "U0 ALICE", "%", "U0'--"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(PapersError, match="Copy member ID"):
        parse_person(text)


@pytest.fixture
def settings(
    catalog_copy: Callable[[Path], Path], tmp_path: Path, sqlite: Database
) -> dict[str, str]:
    data = catalog_copy(tmp_path)
    with (data / "list.yaml").open("a") as file:
        file.write(f"review:\n  reviewers: [{PERSON}, {OTHER}]\n")
    return {"DATABASE_URL": str(sqlite.engine.url), "PAPERS_DATA_DIR": str(data)}


def test_the_command_asks_for_confirmation_and_names_what_is_left(
    settings: dict[str, str], sqlite: Database
) -> None:
    suggest(ReviewService(sqlite, "C0REVIEW"))
    before = list(texts(sqlite))
    refused = papers("forget", PERSON, **settings)
    assert (refused.returncode, "--yes" in refused.stderr) == (1, True)
    planned = papers("forget", PERSON, "--dry-run", **settings)
    assert "nothing was changed" in planned.stdout
    assert "suggestions (1)" in planned.stdout
    assert list(texts(sqlite)) == before
    done = papers("forget", f"<@{PERSON}>", "--yes", "--json", PAPERS_PUBLISH="git", **settings)
    result = json.loads(done.stdout)
    assert result["pseudonym"] == "removed-1"
    assert result["changed"] == {"suggestions": 1, "suggestion_events": 1}
    assert result["dry_run"] is False
    left = " ".join(result["remaining"])
    number = (Path(settings["PAPERS_DATA_DIR"]) / "list.yaml").read_text().count("\n")
    assert f"list.yaml:{number} names {PERSON}" in left
    assert all(word in left for word in ("Commits", "Slack keeps", "Backups", "Logs"))
    again = papers("forget", PERSON, "--yes", **settings)
    assert f"Nothing in the database names {PERSON}" in again.stdout
    assert papers("forget", "alice", "--yes", **settings).returncode == 1


def test_the_sentences_name_tables_and_counts(sqlite: Database) -> None:
    review = ReviewService(sqlite, "C0REVIEW")
    number = suggest(review)
    review.act(number, Approve(), Person(THIRD, "bob"), utc_now(), REVIEWER)
    lines = list(describe(forget(sqlite, PERSON, NOW, dry_run=True)))
    assert lines[0] == f"{PERSON} is removed-1 in: suggestions (1), suggestion_events (1)."
    assert lines[1] == "1 direct message deleted."
