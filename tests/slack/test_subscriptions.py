"""Laws of subscriptions in Slack: what was asked for comes, once, there; no other channel's."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from bot.catalog.model import Entry
from bot.catalog.names import shipped_names
from bot.db.engine import Database
from bot.digest.composer import Composer
from bot.review.model import Subject
from bot.review.service import Proposal, SuggestionMade
from bot.slack.blocks.cards import APPROVE
from bot.slack.subscriptions import EDIT, END, JOIN
from tests.slack.fake import ALICE, BOB, PAPERS, FakeSlack
from tests.slack.house import Clock, House, furnish

SERVING, TRAINING = "llm-systems/serving", "llm-systems/pre-training"
MONDAY = dt.datetime(2026, 3, 9, 8, 30, tzinfo=dt.UTC)  # half past nine in Amsterdam


@pytest.fixture
def house(
    slack_server: HTTPServer,
    database: Database,
    tmp_path: Path,
    catalog_copy: Callable[[Path], Path],
) -> Iterator[House]:
    clock = Clock()
    slack_server.clear()
    slack = FakeSlack(slack_server, clock=clock.timestamp)
    furnish(slack)
    yield House(slack, database, catalog_copy(tmp_path), clock)
    slack.check()


def listed(house: House, title: str, arxiv: str, section: str) -> None:
    """A paper that was suggested and approved."""
    entry = Entry(
        title=title, url=f"https://arxiv.org/abs/{arxiv}", arxiv=arxiv, sections=(section,)
    )
    subject = Subject(after=entry)
    made = house.review.suggest(
        Proposal(identity=f"arxiv:{arxiv}", subject=subject, source=None), house.clock.now
    )
    assert isinstance(made, SuggestionMade)
    house.settle(3)
    house.click(house.card(made.suggestion.id), APPROVE, ALICE)
    house.settle(10)


def until(house: House, moment: dt.datetime) -> None:
    """Let time pass until a moment."""
    house.clock.tick((moment - house.clock.now).total_seconds())


def issue(house: House) -> int:
    """What the job does."""
    editor = Composer(house.database, lambda: house.catalog, shipped_names())
    issued = editor.issue_due(house.clock.now)
    house.settle(20)
    return len(issued)


def shown(thing: object) -> str:
    return json.dumps(thing, ensure_ascii=False)


def test_what_was_asked_for_comes_once_with_who_approved_it(house: House) -> None:
    answer = shown(house.command("subscribe serving", BOB))
    assert "every Monday at 9:00 (Europe/Amsterdam)" in answer
    assert "A preview" in answer
    listed(house, "Made Up Serving", "2603.00001", SERVING)
    listed(house, "Made Up Training", "2603.00002", TRAINING)
    until(house, MONDAY)
    assert issue(house) == 1
    assert issue(house) == 0, "once, however often it is looked after"
    (edition,) = house.slack.posted(PAPERS)
    assert "Made Up Serving" in shown(edition.blocks)
    assert f"<@{ALICE}>" in shown(edition.blocks)
    assert "Made Up Training" not in shown(edition.blocks), "that thing only"


def test_a_bot_that_was_away_at_nine_says_it_later_once(house: House) -> None:
    house.command("subscribe everything", BOB)
    listed(house, "Made Up Serving", "2603.00001", SERVING)
    until(house, MONDAY + dt.timedelta(days=9))
    assert issue(house) == 1
    assert len(house.slack.posted(PAPERS)) == 1


def test_a_channel_that_the_bot_is_not_in_says_how_to_let_it_in(house: House) -> None:
    house.slack.channel("C0OPEN", "open", members=(ALICE,))
    house.slack.channel("C0SHUT", "shut", members=(ALICE,), is_private=True)
    assert JOIN in shown(house.command("subscribe", ALICE, "C0OPEN"))
    assert "/invite" in shown(house.command("subscribe", ALICE, "C0SHUT"))
    assert JOIN not in shown(house.command("subscribe", ALICE, PAPERS))


def test_the_list_shows_exactly_what_is_active(house: House) -> None:
    assert "subscribed to nothing" in shown(house.command("subscriptions", BOB))
    house.command("subscribe serving daily at 17:30", BOB)
    house.command("subscribe everything", BOB)
    both = shown(house.command("subscriptions", ALICE))
    assert "every day at 17:30" in both
    assert "every new paper" in both
    house.command("unsubscribe serving", BOB)
    left = shown(house.command("subscriptions", ALICE))
    assert "17:30" not in left
    assert "every new paper" in left


def pressed(house: House, action: str, value: str, channel: str) -> dict[str, object]:
    """A click on a button of a private answer in a channel."""
    return {
        "type": "block_actions",
        "user": {"id": BOB, "name": "bob"},
        "team": {"id": "T0001"},
        "channel": {"id": channel, "name": "somewhere"},
        "container": {"type": "message", "is_ephemeral": True, "channel_id": channel},
        "trigger_id": house.slack.trigger(BOB),
        "response_url": house.slack.response_url(channel, BOB),
        "actions": [
            {
                "action_id": action,
                "value": value,
                "type": "button",
                "block_id": "x",
                "action_ts": "1.0",
            }
        ],
    }


@pytest.mark.parametrize("action", [EDIT, END])
def test_another_channels_subscription_cannot_be_touched_from_here(
    house: House, action: str
) -> None:
    house.command("subscribe serving", ALICE)
    (active,) = house.desk.subscribing.active(PAPERS, house.clock.now)
    house.slack.channel("C0ELSE", "elsewhere", members=(BOB, "U0BOT"))
    house.send(pressed(house, action, str(active.subscription.id), "C0ELSE"))
    assert "belongs to another channel" in house.private(BOB)
    assert not house.slack.views
    assert house.desk.subscribing.active(PAPERS, house.clock.now)


def test_an_edit_changes_what_comes_and_says_it_in_words(house: House) -> None:
    house.command("subscribe serving", BOB)
    (active,) = house.desk.subscribing.active(PAPERS, house.clock.now)
    house.send(pressed(house, EDIT, str(active.subscription.id), PAPERS))
    wrong = house.submit({"time": "25:00"}, BOB)
    assert "time" in wrong["errors"]
    house.submit({"topic": "kv cache", "when": "0", "time": "17:30 Asia/Tokyo"}, BOB)
    (after,) = house.desk.subscribing.active(PAPERS, house.clock.now)
    assert "every day at 17:30 (Asia/Tokyo)" in after.words
    assert "kv cache" in after.words


def test_a_slip_in_the_time_is_a_sentence_and_subscribes_to_nothing(house: House) -> None:
    answer = house.command("subscribe serving at 25:00", BOB)
    assert "25:00" in shown(answer)
    assert "subscribed to nothing" in shown(house.command("subscriptions", BOB))
