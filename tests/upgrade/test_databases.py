"""Laws of upgrades: a database of version 0.1.0 comes to the newest schema with nothing lost."""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.catalog.model import Entry
from bot.db.engine import Database
from bot.db.migrate import is_current, migrate, schema_version
from bot.digest.store import DigestStore
from bot.discovery.candidate_store import CandidateStore
from bot.discovery.ranking.relevance import Model
from bot.discovery.store import PaperStore
from bot.ops.backup import backup, restore
from bot.outbox.store import Outbox
from bot.review.model import Subject
from bot.review.service import AlreadySuggested, Proposal, ReviewService, SuggestionMade
from bot.review.store import SuggestionStore
from tests.conftest import opened
from tests.upgrade.installation import BACKUPS, V0_1
from tests.upgrade.reading import MODEL, SOURCE, TABLES, differences, facts

SCHEMA = "0004"
NOW = V0_1.now + dt.timedelta(hours=1)


def lost(database: Database) -> list[str]:
    """What the database lacks of the recorded facts, or holds otherwise."""
    return list(differences(V0_1.facts, facts(database, V0_1.now)))


def test_the_fixture_has_rows_in_every_table_of_its_schema(tmp_path: Path) -> None:
    """And the columns that may be empty are set in some row, save one that 0.1.0 never sets."""
    with opened(V0_1.copy_sqlite(tmp_path / "old.db")) as old, old.read() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        assert {table.name for table in tables.sorted_tables} - {"alembic_version"} == set(TABLES)
        never = {
            f"{table.name}.{column.name}"
            for table in tables.sorted_tables
            for column in table.columns
            if not connection.scalar(sa.select(sa.func.count(column)))
        }
        assert schema_version(old) == SCHEMA
    assert never == {"feed_memory.not_before"}


def test_a_database_of_0_1_is_migrated_with_nothing_lost(upgraded: Database) -> None:
    assert is_current(upgraded)
    assert lost(upgraded) == []


@pytest.mark.parametrize("name", BACKUPS)
def test_a_backup_of_0_1_is_restored_with_nothing_lost(
    name: str, empty_database_url: str, tmp_path: Path
) -> None:
    with opened(empty_database_url) as database:
        V0_1.restore(name, database, tmp_path)
        assert is_current(database)
        assert lost(database) == []


def test_a_migrated_database_is_backed_up_and_restored_with_nothing_lost(
    upgraded: Database, tmp_path: Path
) -> None:
    backup(upgraded, tmp_path / "new.backup")
    with opened(f"sqlite:///{tmp_path}/other.db") as other:
        restore(other, tmp_path / "new.backup", replace=False)
        assert lost(other) == []


def test_a_second_migration_changes_nothing(upgraded: Database) -> None:
    migrate(upgraded)
    assert lost(upgraded) == []


def test_a_suggested_paper_is_known_after_the_upgrade(upgraded: Database) -> None:
    """By its identity, and an addition by its title too; only an approved one may come again."""
    review, store = ReviewService(upgraded, None), SuggestionStore(upgraded)
    for recorded in V0_1.facts["suggestions"]:
        if recorded["state"] == "approved":
            continue
        number = recorded["id"]
        there = store.get(number)
        assert there is not None
        again = Proposal(identity=recorded["identity"], subject=there.subject, source="U0009")
        assert review.suggest(again, NOW) == AlreadySuggested(there)
        assert store.find_by_identity(recorded["identity"]) == there
        if there.subject.kind == "addition":
            by_title = Proposal(
                identity=f"url:example.org/{number}", subject=there.subject, source="U0009"
            )
            assert review.suggest(by_title, NOW) == AlreadySuggested(there)


def test_new_rows_get_new_numbers_after_the_upgrade(upgraded: Database) -> None:
    entry = Entry(title="A New Paper", url="https://example.org/new", sections=("ml-systems",))
    proposal = Proposal(identity="url:example.org/new", subject=Subject(after=entry), source=None)
    made = ReviewService(upgraded, "C0REVIEW").suggest(proposal, NOW)
    assert isinstance(made, SuggestionMade)
    assert made.suggestion.id == V0_1.facts["counts"]["suggestions"] + 1
    item = Outbox(upgraded).get(f"suggestion:{made.suggestion.id}:card")
    assert item is not None
    assert item.id > max(row["id"] for row in V0_1.facts["outbox"])


def test_a_seen_paper_is_not_new_after_the_upgrade(upgraded: Database) -> None:
    keys = [f"arxiv:{paper['arxiv']}" for paper in V0_1.facts["seen"]]
    assert PaperStore(upgraded).history(SOURCE).seen(keys, NOW) == frozenset(keys)


def test_a_proposed_paper_is_not_proposed_again_after_the_upgrade(upgraded: Database) -> None:
    store = CandidateStore(upgraded)
    proposed = {row["arxiv"] for row in V0_1.facts["candidates"]["all"]}
    assert proposed.isdisjoint(
        waiting.paper.arxiv for waiting in store.waiting(dt.date(2026, 1, 1))
    )
    assert store.proposals() == len(proposed)
    assert store.spent(dt.date(2026, 11, 16)) == len(proposed)


def test_the_fitted_model_is_read_after_the_upgrade(upgraded: Database) -> None:
    kept = CandidateStore(upgraded).model(MODEL)
    assert kept is not None
    model = Model.from_bytes(kept[2])
    assert len(model.listed) > 50
    assert "serving" in model.vocabulary


def test_a_channel_is_not_told_of_a_paper_again_after_the_upgrade(upgraded: Database) -> None:
    store, told = DigestStore(upgraded), V0_1.facts["told"]
    for channel in {row["channel"] for row in told}:
        keys = {row["paper"] for row in told if row["channel"] == channel}
        assert store.sent_keys(channel, keys) == frozenset(keys)


def test_a_dead_message_is_tried_again_on_request_after_the_upgrade(upgraded: Database) -> None:
    (dead,) = [row["key"] for row in V0_1.facts["outbox"] if row["state"] == "dead"]
    store = Outbox(upgraded)
    assert [item.key for item in store.dead_rows()] == [dead]
    assert store.retry(NOW) == 1
    assert dead in {item.key for item in store.pending_rows()}


def test_the_backups_of_both_databases_hold_the_same_facts(tmp_path: Path) -> None:
    """The premise of the other tests: one file of facts for all of them."""
    found = []
    for name in BACKUPS:
        with opened(f"sqlite:///{tmp_path}/{name}.db") as database:
            V0_1.restore(name, database, tmp_path)
            found.append(facts(database, V0_1.now))
    assert found[0] == found[1]
