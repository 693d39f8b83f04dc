"""Laws of subscriptions in Slack: what was asked for comes once, to the channel that asked."""

import datetime as dt
import json

import pytest

from bot.catalog.names import shipped_names
from bot.digest.composer import Composer
from bot.slack.blocks.cards import APPROVE
from bot.slack.blocks.subscriptions import EDIT, END, JOIN
from tests.slack.fake import ALICE, BOB, BOT, PAPERS, Fault
from tests.slack.workspace_bot import SERVING, WorkspaceBot

TRAINING = "llm-systems/pre-training"
MONDAY = dt.datetime(2026, 3, 9, 8, 30, tzinfo=dt.UTC)  # half past nine in Amsterdam


def list_paper(bot: WorkspaceBot, title: str, arxiv: str, section: str) -> None:
    """Suggest and approve a paper."""
    number = bot.suggest(title, arxiv, section)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle(10)


def wait_until(bot: WorkspaceBot, moment: dt.datetime) -> None:
    bot.clock.tick((moment - bot.clock.now).total_seconds())


def issue(bot: WorkspaceBot) -> int:
    """Issue and send the due editions, as the worker's job does; their number."""
    composer = Composer(bot.database, lambda: bot.catalog, shipped_names())
    issued = composer.issue_due(bot.clock.now)
    bot.settle(20)
    return len(issued)


def shown(message: object) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_an_edition_comes_once_with_the_papers_of_its_topic_and_who_approved_them(
    bot: WorkspaceBot,
) -> None:
    answer = shown(bot.command("subscribe serving", BOB))
    assert "every Monday at 9:00 (Europe/Amsterdam)" in answer
    assert "A preview" in answer
    list_paper(bot, "Made Up Serving", "2603.00001", SERVING)
    list_paper(bot, "Made Up Training", "2603.00002", TRAINING)
    wait_until(bot, MONDAY)
    assert issue(bot) == 1
    assert issue(bot) == 0, "once, however often the job runs"
    (edition,) = bot.slack.posted(PAPERS)
    assert "Made Up Serving" in shown(edition.blocks)
    assert f"<@{ALICE}>" in shown(edition.blocks)
    assert "Made Up Training" not in shown(edition.blocks)


def test_a_bot_that_was_down_at_nine_issues_one_edition_later(bot: WorkspaceBot) -> None:
    bot.command("subscribe everything", BOB)
    list_paper(bot, "Made Up Serving", "2603.00001", SERVING)
    wait_until(bot, MONDAY + dt.timedelta(days=9))
    assert issue(bot) == 1
    assert len(bot.slack.posted(PAPERS)) == 1


def test_a_subscription_without_the_bot_in_the_channel_says_how_to_let_it_in(
    bot: WorkspaceBot,
) -> None:
    bot.slack.channel("C0OPEN", "open", members=(ALICE,))
    bot.slack.channel("C0SHUT", "shut", members=(ALICE,), is_private=True)
    assert JOIN in shown(bot.command("subscribe", ALICE, "C0OPEN"))
    assert "/invite" in shown(bot.command("subscribe", ALICE, "C0SHUT"))
    assert JOIN not in shown(bot.command("subscribe", ALICE, PAPERS))


def test_a_rate_limit_is_not_taken_for_a_channel_without_the_bot(bot: WorkspaceBot) -> None:
    """Interactive calls are not repeated, so Slack may not have said where the bot is."""
    bot.slack.fail("conversations.info", Fault.ratelimited(30))
    assert "/invite" not in shown(bot.command("subscribe", ALICE, PAPERS))


def test_a_button_lets_the_bot_into_a_public_channel(bot: WorkspaceBot) -> None:
    bot.slack.channel("C0OPEN", "open", members=(ALICE,))
    bot.click_private(JOIN, "C0OPEN", ALICE, "C0OPEN")
    assert BOT in bot.slack.conversation("C0OPEN").members
    bot.slack.fail("conversations.join", Fault.error("restricted_action"))
    bot.click_private(JOIN, "C0OPEN", ALICE, "C0OPEN")
    assert "/invite" in bot.private(ALICE)


def test_the_list_shows_exactly_the_active_subscriptions(bot: WorkspaceBot) -> None:
    assert "subscribed to nothing" in shown(bot.command("subscriptions", BOB))
    bot.command("subscribe serving daily at 17:30", BOB)
    bot.command("subscribe everything", BOB)
    both = shown(bot.command("subscriptions", ALICE))
    assert "every day at 17:30" in both
    assert "every new paper" in both
    bot.command("unsubscribe serving", BOB)
    left = shown(bot.command("subscriptions", ALICE))
    assert "17:30" not in left
    assert "every new paper" in left


def test_a_button_ends_a_subscription(bot: WorkspaceBot) -> None:
    bot.command("subscribe serving", BOB)
    (active,) = bot.subscriptions.active(PAPERS, bot.clock.now)
    bot.click_private(END, str(active.subscription.id), ALICE)
    assert "no longer gets" in bot.private(ALICE)
    assert not bot.subscriptions.active(PAPERS, bot.clock.now)


@pytest.mark.parametrize("action", [EDIT, END])
def test_another_channels_subscription_cannot_be_changed_from_here(
    bot: WorkspaceBot, action: str
) -> None:
    bot.command("subscribe serving", ALICE)
    (active,) = bot.subscriptions.active(PAPERS, bot.clock.now)
    bot.slack.channel("C0ELSE", "elsewhere", members=(BOB, BOT))
    bot.click_private(action, str(active.subscription.id), BOB, "C0ELSE")
    assert "belongs to another channel" in bot.private(BOB)
    assert not bot.slack.views
    assert bot.subscriptions.active(PAPERS, bot.clock.now)


def test_an_edit_changes_what_comes_and_confirms_it_in_words(bot: WorkspaceBot) -> None:
    bot.command("subscribe serving", BOB)
    (active,) = bot.subscriptions.active(PAPERS, bot.clock.now)
    bot.click_private(EDIT, str(active.subscription.id), BOB)
    wrong = bot.submit({"time": "25:00"}, BOB)
    assert "time" in wrong["errors"]
    bot.submit({"topic": "kv cache", "when": "0", "time": "17:30 Asia/Tokyo"}, BOB)
    (after,) = bot.subscriptions.active(PAPERS, bot.clock.now)
    assert "every day at 17:30 (Asia/Tokyo)" in after.words
    assert "kv cache" in after.words


def test_a_wrong_time_is_a_sentence_and_subscribes_to_nothing(bot: WorkspaceBot) -> None:
    answer = bot.command("subscribe serving at 25:00", BOB)
    assert "25:00" in shown(answer)
    assert "subscribed to nothing" in shown(bot.command("subscriptions", BOB))
