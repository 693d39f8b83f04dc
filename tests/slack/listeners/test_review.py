"""Laws of review in Slack: one click of a reviewer decides, once; others are told why not."""

import json
from dataclasses import replace

from bot.slack.blocks.cards import APPROVE, CHOSEN, EDIT, LATER, REJECT, SECOND, SECTION, UNDO
from bot.slack.blocks.lookup import SHARE
from tests.slack.fake import ALICE, BOB, PAPERS
from tests.slack.workspace_bot import CAROL, SERVING, WorkspaceBot

TITLE = "Made Up: A System"
TRAINING = "llm-systems/pre-training"


def test_one_click_lists_the_paper_and_the_card_becomes_the_record(bot: WorkspaceBot) -> None:
    before = (bot.data / "papers/llm-systems.yaml").read_text()
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.clock.tick(1)
    shown = [entry.title for entry in bot.catalog.within(SERVING)]
    assert TITLE in shown, "lookups have it within a second"
    bot.settle()
    assert TITLE in bot.titles
    card = json.dumps(bot.card(number).blocks)
    assert f"<@{ALICE}>" in card
    assert "Added to" in card
    assert UNDO in card
    assert APPROVE not in card
    bot.click(bot.card(number), UNDO, BOB)
    bot.settle()
    assert (bot.data / "papers/llm-systems.yaml").read_text() == before, "byte for byte"
    assert APPROVE in json.dumps(bot.card(number).blocks)


def test_a_person_outside_the_review_channel_decides_nothing_and_is_told_so(
    bot: WorkspaceBot,
) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), APPROVE, CAROL)
    assert "Only reviewers" in bot.private(CAROL)
    bot.click(bot.card(number), REJECT, CAROL)
    assert "Only reviewers" in bot.private(CAROL)
    assert not bot.slack.views
    suggestion = bot.suggestions.get(number)
    assert suggestion is not None
    assert suggestion.state == "waiting"


def test_the_second_of_two_people_is_told_of_the_first(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    card = bot.card(number)
    late = bot.slack.click(card, APPROVE, BOB)
    bot.click(card, APPROVE, ALICE)
    bot.send(late)
    assert f"<@{ALICE}>" in bot.private(BOB)
    bot.settle()
    assert bot.titles.count(TITLE) == 1


def test_a_click_that_slack_delivers_twice_decides_once(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    payload = bot.slack.click(bot.card(number), APPROVE, ALICE)
    bot.send(payload)
    bot.send(payload)
    events = [event.what for event in bot.suggestions.history(number)]
    assert events.count("accepted") == 1


def test_the_section_that_the_select_shows_is_where_the_paper_goes(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    block = f"{CHOSEN}:{number}:1"
    chosen = {block: {SECTION: {"selected_option": {"value": TRAINING}}}}
    bot.click(bot.card(number), APPROVE, ALICE, state=chosen)
    bot.settle()
    (entry,) = [entry for entry in bot.files.entries if entry.title == TITLE]
    assert entry.home == TRAINING
    assert entry.by == f"suggestion-{number}"
    assert entry.added == bot.clock.now.date()


def test_a_section_that_is_not_on_the_list_is_refused(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    chosen = {f"{CHOSEN}:{number}:1": {SECTION: {"selected_option": {"value": "no-such"}}}}
    bot.click(bot.card(number), APPROVE, ALICE, state=chosen)
    assert "is not on the list any more" in bot.private(ALICE)
    bot.settle()
    assert TITLE not in bot.titles


def test_rejecting_asks_for_a_reason_and_keeps_it(bot: WorkspaceBot) -> None:
    number = bot.suggest(TITLE)
    bot.click(bot.card(number), REJECT, ALICE)
    answer = bot.submit({}, ALICE)
    assert answer["response_action"] == "errors", "a reason is needed"
    assert bot.submit({"reason": "Out of scope"}, ALICE) == {}
    bot.settle()
    card = json.dumps(bot.card(number).blocks)
    assert "Rejected" in card
    assert "Out of scope" in card
    assert TITLE not in bot.titles


def test_a_postponed_card_comes_back_in_the_channel_once(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), LATER, ALICE)
    bot.submit({"when": "0"}, ALICE)
    bot.settle(5)
    bot.clock.tick(25 * 3600)
    for suggestion in bot.suggestions.expired_postponements(bot.clock.now):
        bot.review.wake(suggestion, bot.clock.now)
    bot.settle(10)
    thread = bot.slack.thread(bot.card(number))
    assert [reply.broadcast for reply in thread].count(True) == 1
    assert APPROVE in json.dumps(bot.card(number).blocks)


def test_an_edited_entry_is_listed_as_edited(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), EDIT, ALICE)
    wrong = bot.submit({"year": "20x6"}, ALICE)
    assert "year" in wrong["errors"]
    fields = {"title": "A Better Title", "name": "Made Up", "venue": "Eurosys", "year": "2026"}
    bot.submit({**fields, "orgs": "THU, Nvidia"}, ALICE)
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    (entry,) = [entry for entry in bot.files.entries if entry.by == f"suggestion-{number}"]
    assert entry.title == "Made Up: A Better Title"
    assert (entry.venue, entry.year) == ("EuroSys", 2026)
    assert entry.orgs == ("Tsinghua", "NVIDIA")


def test_anybody_may_support_a_suggestion_and_the_card_names_them(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click_private(SECOND, str(number), CAROL)
    assert "Thank you" in bot.private(CAROL)
    bot.settle(3)
    assert f"<@{CAROL}>" in json.dumps(bot.card(number).blocks)


def test_the_list_may_name_people_and_user_groups_as_reviewers(bot: WorkspaceBot) -> None:
    bot.slack.group("S0GROUP", "list-keepers", [CAROL])
    path = bot.data / "list.yaml"
    path.write_text(f"{path.read_text()}review: {{reviewers: [S0GROUP], quorum: 1}}\n")
    bot.clock.tick(1)
    number = bot.suggest()
    bot.click(bot.card(number), APPROVE, ALICE)
    assert "Only reviewers" in bot.private(ALICE), "in the channel, but not in the group"
    bot.click(bot.card(number), APPROVE, CAROL)
    suggestion = bot.suggestions.get(number)
    assert suggestion is not None
    assert suggestion.decided_by == CAROL


def test_a_reviewer_pauses_the_bots_own_proposals(bot: WorkspaceBot) -> None:
    assert "Only reviewers" in json.dumps(bot.command("pause 3 days", CAROL))
    bot.command("pause 3 days", ALICE)
    assert bot.suggestions.paused_until(bot.clock.now) is not None
    assert "Paused until" in json.dumps(bot.command("pending", CAROL))
    bot.command("pause off", ALICE)
    assert bot.suggestions.paused_until(bot.clock.now) is None


def test_a_paper_shows_who_approved_it_and_when_in_private_alone(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    answer = bot.command("2603.00001", BOB)
    assert f"*Approved by*\\n<@{ALICE}>, 2 Mar 2026" in json.dumps(answer, ensure_ascii=False)
    (share,) = (
        button
        for block in answer["blocks"]
        for button in block.get("elements", [])
        if button.get("action_id") == SHARE
    )
    bot.click_private(SHARE, share["value"], BOB)
    shared = json.dumps(bot.slack.posted(PAPERS)[-1].blocks)
    assert "Made Up: A System" in shared
    assert ALICE not in shared, "whom a mention would notify"


def test_a_mark_of_another_installations_suggestion_names_nobody(bot: WorkspaceBot) -> None:
    number = bot.suggest()
    bot.click(bot.card(number), APPROVE, ALICE)
    bot.settle()
    (added,) = (entry for entry in bot.catalog.entries if entry.arxiv == "2603.00001")
    assert bot.suggestions.approval_of(added) == bot.suggestions.get(number)
    other = replace(added, title="Another Paper of Four Words", arxiv="2603.00009", url=None)
    assert bot.suggestions.approval_of(other) is None
    for mark in (None, "alice", "suggestion-", "suggestion-99", f"suggestion-{'9' * 30}"):
        assert bot.suggestions.approval_of(replace(added, by=mark)) is None
    bot.click(bot.card(number), UNDO, ALICE)
    assert bot.suggestions.approval_of(added) is None
