"""Laws of upgrades: what version 0.1.0 had still to say and to publish is done once."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.catalog.names import shipped_names
from bot.db.engine import Database
from bot.digest.composer import Composer
from bot.publishing.queue import PublicationQueue
from bot.slack.delivery.sender import EVENT
from tests.slack.fake.workspace import PostedMessage
from tests.upgrade.installation import V0_1, Json
from tests.upgrade.interactions import UpgradedBot, standing
from tests.upgrade.reading import item_facts

DUE = [row for row in V0_1.facts["outbox"] if row["state"] == "due"]
DEAD = [row for row in V0_1.facts["outbox"] if row["state"] == "dead"]
UNSURE = {row["key"] for row in DUE if row["attempted"] is not None}
ARRIVED = {"suggestion:20:outcome:U0005", "suggestion:24:card"}
"""Of the unsure ones, those that Slack has."""


@pytest.fixture
def bot(slack_server: HTTPServer, upgraded: Database, tmp_path: Path) -> UpgradedBot:
    return UpgradedBot(slack_server, upgraded, tmp_path, V0_1)


def payload(message: PostedMessage) -> Json:
    assert message.metadata is not None
    found: Json = message.metadata["event_payload"]
    return found


def posts_by_key(bot: UpgradedBot) -> Counter[str]:
    """How often each row was posted, edits left out."""
    return Counter(
        call.args["metadata"]["event_payload"]["key"]
        if isinstance(call.args["metadata"], dict)
        else ""
        for call in bot.slack.calls("chat.postMessage")
    )


def test_the_fixture_has_due_rows_of_every_sort() -> None:
    """First posts and edits of each kind, put-off ones, and both sorts of unsure ones."""
    assert {row["kind"] for row in DUE} == {
        "card", "details", "outcome", "back", "publishing", "feeds", "digest", "digest part",
    }  # fmt: skip
    assert {"card", "outcome"} == {row["kind"] for row in DUE if row["ts"]}
    assert {row["problem"] is None for row in DUE} == {True, False}
    there = {payload(message)["key"] for message in standing(V0_1) if message.metadata}
    assert UNSURE & there == ARRIVED
    assert UNSURE - there == {"suggestion:21:outcome:U0006"}


def test_recorded_messages_carry_the_key_and_version_of_their_row() -> None:
    for message in standing(V0_1):
        if message.metadata:
            assert message.metadata["event_type"] == EVENT
            assert set(payload(message)) == {"key", "version"}


def test_due_rows_of_0_1_are_delivered_once(bot: UpgradedBot) -> None:
    bot.deliver()
    posts = posts_by_key(bot)
    assert posts.keys() == {row["key"] for row in DUE if not row["ts"]} - ARRIVED
    assert set(posts.values()) == {1}
    for row in DUE:
        (message,) = bot.slack.by_metadata("key", row["key"])
        assert message.metadata == {
            "event_type": "papers_message",
            "event_payload": {"key": row["key"], "version": row["version"]},
        }
        item = bot.workspace_bot.outbox.get(row["key"])
        assert item is not None
        assert (item.state, item.sent_version) == ("sent", row["version"])
        assert (item.posted_in, item.ts) == (message.channel, message.ts)
    bot.slack.check()


def test_a_delivered_row_of_0_1_is_not_delivered_again(bot: UpgradedBot) -> None:
    bot.deliver()
    before = len(bot.slack.calls("chat.postMessage")) + len(bot.slack.calls("chat.update"))
    bot.workspace_bot.sender = bot.workspace_bot.container.sender()
    bot.deliver()
    after = len(bot.slack.calls("chat.postMessage")) + len(bot.slack.calls("chat.update"))
    assert after == before


def test_replies_of_0_1_come_to_the_threads_of_their_messages(bot: UpgradedBot) -> None:
    bot.deliver()
    for row in DUE:
        (message,) = bot.slack.by_metadata("key", row["key"])
        if row["thread_of"]:
            (head,) = bot.slack.by_metadata("key", row["thread_of"])
            assert message.thread_ts == head.ts


def test_an_edit_of_0_1_changes_the_message_that_is_there(bot: UpgradedBot) -> None:
    bot.deliver()
    for row in DUE:
        if row["ts"]:
            (message,) = bot.slack.by_metadata("key", row["key"])
            assert message.ts == row["ts"]
            assert message.edits == 1


def test_what_0_1_has_sent_or_given_up_is_left_alone(bot: UpgradedBot) -> None:
    bot.deliver()
    due = {row["key"] for row in DUE}
    for row in V0_1.facts["outbox"]:
        if row["key"] in due:
            continue
        item = bot.workspace_bot.outbox.get(row["key"])
        assert item is not None
        found = item_facts(item)
        del found["created_at"]
        assert found == {name: row[name] for name in found}


def test_decisions_of_0_1_that_wait_are_published_once(bot: UpgradedBot) -> None:
    """The change is in the list's files, and the card says so no more that it is not."""
    queue = PublicationQueue(bot.database, None)
    assert queue.depth()[0] == 2
    waiting = [row["suggestion"] for row in V0_1.facts["publications"] if row["state"] == "due"]
    bot.workspace_bot.settle(25)
    assert queue.depth() == (0, ())
    for number in waiting:
        found = bot.workspace_bot.suggestions.get(number)
        assert found is not None
        assert (found.state, found.trouble) == ("approved", None)
        assert found.subject.entry in bot.workspace_bot.files.entries
        (thread,) = [
            message
            for message in bot.slack.by_metadata("key")
            if payload(message)["key"].startswith(f"suggestion:{number}:publishing:")
        ]
        assert payload(thread)["version"] == 2


def test_decisions_of_0_1_are_not_written_again(bot: UpgradedBot) -> None:
    """A restart looks whether the files hold them, and they do; its own writes it watches."""
    bot.workspace_bot.settle(5)
    before = bot.workspace_bot.files
    assert bot.workspace_bot.publisher.reconcile() == 0
    assert bot.workspace_bot.files == before
    own = {row["suggestion"] for row in V0_1.facts["publications"] if row["state"] == "due"}
    unsettled = {found.id for found, _ in bot.workspace_bot.suggestions.unsettled()}
    assert unsettled == own


def test_decisions_of_0_1_are_written_again_where_the_files_are_lost(bot: UpgradedBot) -> None:
    """A platform's disk is empty after a deployment: the list is the one in the repository."""
    decided = {
        row["id"]
        for row in V0_1.facts["suggestions"]
        if row["state"] == "approved" and row["subject"]["before"] is None
    }
    papers = bot.workspace_bot.data / "papers"
    for file in papers.iterdir():
        file.write_text("[]\n")
    bot.workspace_bot.settle(5)
    bot.workspace_bot.publisher.reconcile()
    assert {entry.by for entry in bot.workspace_bot.files.entries if entry.by} == {
        f"suggestion-{number}" for number in decided
    }


def test_subscriptions_of_0_1_bring_their_next_editions(bot: UpgradedBot) -> None:
    """On their schedules, and without a paper that the channel was told of."""
    told = {(row["channel"], row["paper"]) for row in V0_1.facts["told"]}
    editor = Composer(bot.database, lambda: bot.workspace_bot.catalog, shipped_names())
    assert editor.issue_due(V0_1.now) == ()
    issued = editor.issue_due(V0_1.now + dt.timedelta(days=7))
    active = {entry["id"] for entry in V0_1.facts["subscriptions"]["active"]}
    assert {entry.subscription.id for entry in issued} == active
    for entry in issued:
        keys = {key for paper in entry.edition.papers for key in paper.keys}
        assert told.isdisjoint((entry.subscription.channel, key) for key in keys)


def test_postponed_suggestions_of_0_1_come_back(bot: UpgradedBot) -> None:
    then = V0_1.now + dt.timedelta(days=60)
    sleeping = bot.workspace_bot.suggestions.expired_postponements(then)
    assert [found.id for found in sleeping] == [2, 15]
    for found in sleeping:
        bot.workspace_bot.review.wake(found, then)
    states = [bot.workspace_bot.suggestions.get(found.id) for found in sleeping]
    assert [found.state for found in states if found] == ["waiting", "waiting"]


def test_a_suggestion_that_0_1_was_still_looking_up_is_asked_about_on(bot: UpgradedBot) -> None:
    (found,) = bot.workspace_bot.suggestions.gathering(V0_1.now)
    assert found.subject.entry.arxiv == "2611.90010"
    assert bot.workspace_bot.review.record_completion_attempt(found, V0_1.now) == 3
